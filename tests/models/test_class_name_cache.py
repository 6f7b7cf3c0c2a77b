from pathlib import Path

import pytest

from workbench.errors import WorkbenchError
from workbench.models import anatomy_cache, class_name_cache
from workbench.models.catalog import find, with_tag
from workbench.models.published import class_names

INFO = find("torchvision/mobilenet_v2")


def test_names_that_were_read_once_are_known() -> None:
    assert class_name_cache.cached(INFO) is None
    names = class_names(INFO)
    assert names[309:311] == ["bee", "ant"]
    assert class_name_cache.cached(INFO) == tuple(names)
    assert class_name_cache.cached(with_tag(INFO, "IMAGENET1K_V1")) is None


def test_why_there_are_none_is_known_too() -> None:
    info = find("workbench/lenet")
    with pytest.raises(WorkbenchError, match="no published weights") as first:
        class_names(info)
    with pytest.raises(WorkbenchError) as again:
        class_name_cache.cached(info)
    assert str(again.value) == str(first.value)


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"names": 3, "problem": ""}'])
def test_a_damaged_file_is_as_good_as_none(own_folders: Path, content: str) -> None:
    class_name_cache.keep(INFO, ["bee"])
    (path,) = own_folders.rglob("classes/*.json")
    path.write_text(content)
    assert class_name_cache.cached(INFO) is None


def test_other_versions_of_the_libraries_have_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    class_name_cache.keep(INFO, ["bee"])
    assert class_name_cache.cached(INFO) == ("bee",)
    monkeypatch.setattr(class_name_cache, "versions", lambda: ("torch 0",))
    assert class_name_cache.cached(INFO) is None
    assert anatomy_cache.versions() != ("torch 0",)


def test_where_nothing_can_be_kept_nothing_fails(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (own_folders / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(own_folders / "file"))
    class_name_cache.keep(INFO, ["bee"])
    assert class_name_cache.cached(INFO) is None
