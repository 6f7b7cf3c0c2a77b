import pytest
import torch

from workbench.errors import WorkbenchError
from workbench.training import devices


def test_a_device_that_is_not_here_is_named_with_those_that_are() -> None:
    with pytest.raises(WorkbenchError, match=r"no device 'cuda:99' here; choose auto, cpu"):
        devices.choose("cuda:99")


def test_auto_falls_back_to_the_processor_where_the_accelerator_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(devices, "_self_test", lambda name: f"The device {name} fails its self-test (no kernel image)")
    found = devices.choose("auto")
    assert found.name == "cpu"
    assert "no kernel image" in found.problem
    assert "processor is used" in found.problem


def test_the_self_test_of_the_processor_passes_and_that_of_nothing_says_why() -> None:
    assert devices._self_test("cpu") == ""
    if not torch.cuda.is_available():
        assert "self-test" in devices._self_test("cuda:0")


def test_the_processor_trains_in_full_precision() -> None:
    cpu = devices.Device("cpu")
    assert devices.choose_precision("auto", cpu) == "32-true"
    assert devices.choose_precision("bf16-mixed", cpu) == "bf16-mixed"
    with pytest.raises(WorkbenchError, match="16-mixed"):
        devices.choose_precision("16-mixed", cpu)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("MPS backend out of memory"),
        MemoryError(),
    ],
)
def test_out_of_memory_says_the_sizes_and_what_to_change(error: Exception) -> None:
    told = str(devices.in_words(error, device="cuda:0", batch_size=32, size=224))
    assert "cuda:0" in told
    assert "32 images of 224 pixels" in told
    assert "batch size to 16" in told


def test_any_other_error_stays_a_bug() -> None:
    assert devices.in_words(RuntimeError("shapes differ"), device="cpu", batch_size=1, size=1) is None
