"""Downloads against a hub that runs here: progress, stop and resume, broken connections, proxies, mirrors, refusals."""

import errno
import hashlib
import io
import itertools
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.stand_in_hub import Hub, lead_hub_to, lead_squeezenet_to
from workbench.errors import WorkbenchError
from workbench.jobs import Event, Progress, Stop, drain
from workbench.models import downloads, sources, transfer
from workbench.models.catalog import find, weights_here, with_tag
from workbench.models.downloads import WeightsFetched, fetch

PIECE = 1 << 18
NAME = "timm/test_resnet"
RESNET = "/timm/test_resnet.r160_in1k/resolve/main/model.safetensors"
CONTENT = bytes(itertools.islice(itertools.cycle(range(251)), 8 * PIECE + 1000))
"""More than comes at once, no byte like the one before."""


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "WAITS", (0.0,) * 3)
    monkeypatch.setattr(transfer, "TELL_SECONDS", 0.0)
    monkeypatch.setattr(transfer, "QUIET_SECONDS", 60.0)  # only what comes is told


def events_of(*names: str, tags: tuple[str, ...] = ()) -> list[Event]:
    return list(drain(fetch(names, tags), Stop()))


def stopped_early(name: str, after: int = 2) -> Path:
    """Fetch, stop after some events, and return the part file."""
    stop = Stop()
    for seen, event in enumerate(drain(fetch([name]), stop), start=1):
        assert isinstance(event, Progress)
        if seen == after:
            stop.stop()
    folders = (Path(os.environ["HF_HOME"]), Path(os.environ["TORCH_HOME"]))
    return next(path for each in folders for path in each.rglob("*.*") if path.suffix in (".part", ".incomplete"))


def test_progress_is_told_in_bytes_and_what_is_here_is_not_fetched_again(hub: Hub) -> None:
    hub.files[RESNET] = CONTENT
    *progress, fetched = events_of(NAME)
    done = [event.done for event in progress]
    assert done == sorted(set(done))
    assert len(done) > 4
    assert (done[-1], {event.total for event in progress}) == (len(CONTENT), {len(CONTENT)})
    assert all(NAME in event.what and "bytes" in event.what for event in progress)
    assert isinstance(fetched, WeightsFetched)
    assert (fetched.name, fetched.tag, fetched.bytes, fetched.here) == (NAME, "r160_in1k", len(CONTENT), False)
    assert Path(fetched.path).read_bytes() == CONTENT
    assert weights_here(find(NAME))
    hub.asked.clear()
    (again,) = events_of(NAME)
    assert (again.here, again.path, hub.asked) == (True, fetched.path, [])


def test_a_stopped_download_goes_on_where_it_was(hub: Hub) -> None:
    hub.files[RESNET] = CONTENT
    part = stopped_early(NAME)
    there = part.stat().st_size
    assert 0 < there < len(CONTENT)
    assert not weights_here(find(NAME))
    first, *_, fetched = events_of(NAME)
    assert first.done > there
    assert hub.ranges == ["", f"bytes={there}-"]
    assert Path(fetched.path).read_bytes() == CONTENT
    assert not part.exists()


def test_a_stopped_download_of_torchvision_goes_on_too(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    file = f"squeezenet-{hashlib.sha256(CONTENT).hexdigest()[:8]}.pth"
    hub.files[f"/{file}"] = CONTENT
    lead_squeezenet_to(f"{hub.address}/{file}", monkeypatch)
    there = stopped_early("torchvision/squeezenet1_1").stat().st_size
    *_, fetched = events_of("torchvision/squeezenet1_1")
    assert hub.ranges == ["", f"bytes={there}-"]
    assert Path(fetched.path) == Path(os.environ["TORCH_HOME"]) / "hub" / "checkpoints" / file
    assert Path(fetched.path).read_bytes() == CONTENT


def test_a_server_without_ranges_sends_all_of_it_again(hub: Hub) -> None:
    hub.files[RESNET], hub.knows_ranges = CONTENT, False
    there = stopped_early(NAME).stat().st_size
    *progress, fetched = events_of(NAME)
    assert min(event.done for event in progress) < there
    assert Path(fetched.path).read_bytes() == CONTENT


def test_a_broken_connection_is_taken_up_again(hub: Hub) -> None:
    hub.files[RESNET], hub.breaks = CONTENT, [3 * PIECE, PIECE + 5]
    events = events_of(NAME)
    assert hub.downloads == 3
    assert hub.ranges == ["", f"bytes={3 * PIECE}-", f"bytes={4 * PIECE + 5}-"]
    assert sum("trying again" in event.what for event in events[:-1]) == 2
    assert Path(events[-1].path).read_bytes() == CONTENT


def test_a_connection_that_breaks_again_and_again_is_given_up_and_what_came_is_kept(hub: Hub) -> None:
    hub.files[RESNET], hub.breaks = CONTENT, [2 * PIECE, 0, 0, 0]
    with pytest.raises(WorkbenchError, match=r"\(the connection to 127.0.0.1 broke off again and again\); try again"):
        events_of(NAME)
    assert hub.downloads == 1 + len(transfer.WAITS)
    events_of(NAME)
    assert hub.ranges[-1] == f"bytes={2 * PIECE}-"


@pytest.mark.parametrize("kept", [CONTENT + b"longer", CONTENT[:-1] + b"?", b"?" * 100])
def test_the_rest_of_another_file_does_not_get_into_the_cache(kept: bytes, hub: Hub) -> None:
    hub.files[RESNET] = CONTENT
    part = stopped_early(NAME)
    part.write_bytes(kept)
    if len(kept) <= len(CONTENT):
        with pytest.raises(WorkbenchError, match=r"cannot be used \(their hash is not"):
            events_of(NAME)
        assert not part.exists()
    *_, fetched = events_of(NAME)
    assert Path(fetched.path).read_bytes() == CONTENT


def test_a_whole_part_of_unknown_size_is_fetched_again(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    file = f"squeezenet-{hashlib.sha256(CONTENT).hexdigest()[:8]}.pth"
    hub.files[f"/{file}"] = CONTENT
    lead_squeezenet_to(f"{hub.address}/{file}", monkeypatch)
    stopped_early("torchvision/squeezenet1_1").write_bytes(CONTENT)
    *_, fetched = events_of("torchvision/squeezenet1_1")
    assert hub.ranges[1:] == [f"bytes={len(CONTENT)}-", ""]
    assert Path(fetched.path).read_bytes() == CONTENT


def test_a_tag_leads_to_its_own_file(hub: Hub) -> None:
    hub.files["/timm/resnet18.a2_in1k/resolve/main/model.safetensors"] = b"two"
    *_, fetched = events_of("timm/resnet18", tags=("a2_in1k",))
    assert (fetched.tag, Path(fetched.path).read_bytes()) == ("a2_in1k", b"two")
    assert weights_here(with_tag(find("timm/resnet18"), "a2_in1k"))
    assert not weights_here(find("timm/resnet18"))


@pytest.mark.parametrize(
    ("name", "tag", "words"),
    [
        ("timm/test_resnet", "r61_in1k", "no weights named 'r61_in1k'; did you mean r160_in1k"),
        ("timm/test_resnit", "", "no backbone named 'timm/test_resnit'; did you mean .*timm/test_resnet"),
        ("workbench/lenet", "", "no hub weights for workbench/lenet"),
    ],
)
def test_what_is_unknown_is_said_before_anything_is_fetched(name: str, tag: str, words: str, hub: Hub) -> None:
    hub.files[RESNET] = CONTENT
    with pytest.raises(WorkbenchError, match=words):
        events_of(NAME, name, tags=("", tag))
    assert not hub.asked


def test_a_proxy_of_the_environment_is_asked(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.files[RESNET] = CONTENT
    lead_hub_to_again("http://hub.invalid", monkeypatch)
    monkeypatch.setenv("http_proxy", hub.address)
    monkeypatch.setenv("no_proxy", "")
    *_, fetched = events_of(NAME)
    assert Path(fetched.path).read_bytes() == CONTENT
    assert set(hub.hosts) == {"hub.invalid"}


def lead_hub_to_again(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    lead_hub_to(address, monkeypatch)


def test_the_hub_may_send_on_to_another_server(hub: Hub) -> None:
    hub.files |= {RESNET: CONTENT, "/elsewhere/blob": CONTENT}
    hub.moved[RESNET] = f"{hub.address}/elsewhere/blob"
    stopped_early(NAME)
    *_, fetched = events_of(NAME)
    assert Path(fetched.path).read_bytes() == CONTENT
    assert "/elsewhere/blob" in hub.asked


def test_a_mirror_stands_in_for_the_server_of_torch(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = find("torchvision/squeezenet1_1")
    published = sources.source_of(info)
    assert isinstance(published, sources.FileSource)
    assert published.url.startswith("https://download.pytorch.org/models/squeezenet1_1-")
    monkeypatch.setenv("WORKBENCH_TORCH_MIRROR", "http://mirror.firm/pytorch/")
    mirrored = sources.source_of(info)
    assert isinstance(mirrored, sources.FileSource)
    assert mirrored.url == published.url.replace("https://download.pytorch.org", "http://mirror.firm/pytorch")
    lead_squeezenet_to("https://elsewhere.org/models/squeezenet1_1-12345678.pth", monkeypatch)
    assert "elsewhere.org" in str(sources.source_of(info))  # other servers have no mirror here


def test_a_full_disk_is_said_before_it_is_full(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.files[RESNET] = CONTENT
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000_000))
    with pytest.raises(WorkbenchError, match=r"needs 2 MB, but only 1 MB are free in .*blobs; free some space"):
        events_of(NAME)


def test_a_disk_that_fills_up_meanwhile_is_not_the_network(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.FileIO):
        def write(self, content: object) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "open", lambda path, *_, **__: Full(path, "w"))
    hub.files[RESNET] = CONTENT
    with pytest.raises(WorkbenchError, match=r"no space left on the disk \(downloading into .*blobs\); free some"):
        events_of(NAME)
    monkeypatch.undo()
    assert not weights_here(find(NAME))


def test_a_folder_that_cannot_be_written_is_named(hub: Hub) -> None:
    hub.files[RESNET] = CONTENT
    Path(os.environ["HF_HOME"]).write_text("a file where the folder should be")
    with pytest.raises(WorkbenchError, match=os.environ["HF_HOME"]):
        events_of(NAME)


def test_two_downloads_of_the_same_file_do_not_meet(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.files[RESNET] = CONTENT
    monkeypatch.setattr(downloads, "LOCK_SECONDS", 0.01)
    first = fetch([NAME])(Stop())
    next(first)
    second = fetch([NAME])(Stop())
    assert "another process" in next(second).what
    *_, fetched = list(first)
    *_, other = list(second)
    assert (other.path, hub.downloads) == (fetched.path, 1)


@pytest.mark.parametrize(
    ("status", "way_out"),
    [
        (401, r"accept their licence on http://127.*/timm/test_resnet.r160_in1k and name your token in HF_TOKEN"),
        (403, "accept their licence"),
        (404, "choose other weights"),
        (429, "try again later"),
        (500, "try again later"),
        (503, "try again later"),
    ],
)
def test_an_answer_that_is_none_is_told_at_once_with_the_way_out(status: int, way_out: str, hub: Hub) -> None:
    hub.status = status
    with pytest.raises(WorkbenchError, match=rf"the server answered {status}\); {way_out}.*, or choose a weights file"):
        events_of(NAME)
    assert len(hub.asked) == 1


@pytest.mark.parametrize("silent", ["HEAD", "GET"])
def test_a_server_that_says_nothing_keeps_nobody_who_stops(
    silent: str, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events go on while it is silent, so the job ends at the next one; the client's own limits are 10 seconds."""
    monkeypatch.setattr(transfer, "QUIET_SECONDS", 0.01)
    hub.files[RESNET], hub.silent, stop = CONTENT, silent, Stop()
    for seen, event in enumerate(drain(fetch([NAME]), stop)):
        assert event.done < len(CONTENT)
        if seen == 5:
            stop.stop()
    assert stop.stopped
    assert hub.silent  # it ended although nothing came
    assert not [thread for thread in threading.enumerate() if thread.name == "download"]
    assert not weights_here(find(NAME))
    hub.silent = ""
    *_, fetched = events_of(NAME)
    assert Path(fetched.path).read_bytes() == CONTENT


def test_a_server_that_stays_silent_is_given_up(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "QUIET_SECONDS", 0.01)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DOWNLOAD_TIMEOUT", 0.05)
    hub.files[RESNET], hub.silent = CONTENT, "GET"
    with pytest.raises(WorkbenchError, match="cannot be downloaded"):
        events_of(NAME)


def test_without_network_nothing_is_waited_for(nowhere: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "WAITS", (1e9,))
    for name in (NAME, "torchvision/squeezenet1_1"):
        with pytest.raises(WorkbenchError, match=r"no connection to 127\.0\.0\.1"):
            events_of(name)


def test_a_hub_that_is_switched_off_is_called_so(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(WorkbenchError, match="HF_HUB_OFFLINE is set"):
        events_of(NAME)
    assert not hub.asked


@pytest.mark.long
def test_by_command_with_both_mirrors(hub: Hub) -> None:
    """The environment of a process is what leads it: the libraries read it once."""
    path = sources.source_of(find("torchvision/squeezenet1_1"))
    assert isinstance(path, sources.FileSource)
    hub.files |= {RESNET: CONTENT, f"/mirror/models/{path.filename}": b"not what it should be"}
    environment = {
        **{key: value for key, value in os.environ.items() if key != "HF_HUB_OFFLINE"},
        "HF_ENDPOINT": hub.address,
        "WORKBENCH_TORCH_MIRROR": f"{hub.address}/mirror",
    }
    words = [sys.executable, "-m", "workbench", "weights", "fetch", "--json", NAME, "torchvision/squeezenet1_1"]
    ended = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=200, check=False)
    assert ended.returncode == 1
    assert '"event": "WeightsFetched", "name": "timm/test_resnet"' in ended.stdout
    assert (
        "the downloaded weights of torchvision/squeezenet1_1 cannot be used (their hash is not" in ended.stdout.lower()
    )
    assert f"/mirror/models/{path.filename}" in hub.asked


@pytest.mark.long
def test_the_windows_child_can_be_stopped_and_goes_on(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench import launch

    hub.files[RESNET], hub.pace = CONTENT, 0.05
    monkeypatch.setenv("HF_ENDPOINT", hub.address)
    words, stop = ["weights", "fetch", NAME], Stop()
    for event in launch.job(words)(stop):
        assert event["event"] == "Progress"
        if event["done"]:
            assert event["total"] == len(CONTENT)
            stop.stop()
    hub.pace = 0.0
    *_, fetched = launch.job(words)(Stop())
    assert (fetched["event"], fetched["here"]) == ("WeightsFetched", False)
    assert Path(fetched["path"]).read_bytes() == CONTENT
    assert hub.ranges[0] == ""
    assert int(hub.ranges[1].removeprefix("bytes=").rstrip("-")) > 0
