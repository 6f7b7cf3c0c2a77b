"""Which device a run uses, in what precision, and what is said where it does not work. Imports torch."""

from dataclasses import dataclass
from typing import Literal

import torch
from lightning_fabric import Fabric

from workbench.errors import WorkbenchError

Precision = Literal["32-true", "bf16-mixed", "16-mixed"]


@dataclass(frozen=True)
class Device:
    """``name`` is cpu, cuda:N or mps; ``problem`` says why an accelerator that is there is not used."""

    name: str
    problem: str = ""

    @property
    def kind(self) -> str:
        return self.name.partition(":")[0]


def choose(asked: str) -> Device:
    """Return the device for ``asked`` (auto, cpu, cuda, cuda:N or mps) after a self-test of it.

    ``auto`` falls back to the processor where the accelerator fails, and says why. Raises WorkbenchError for a device
    that was asked for by name and is not there or fails.
    """
    if asked == "cpu":
        return Device("cpu")
    if asked == "auto":
        name = "cuda:0" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        problem = _self_test(name) if name != "cpu" else ""
        return Device("cpu", f"{problem}; the processor is used instead.") if problem else Device(name)
    name = _existing(asked)
    problem = _self_test(name)
    if problem:
        raise WorkbenchError(f"{problem}; choose the device cpu, or install a torch that supports it.")
    return Device(name)


def choose_precision(asked: str, device: Device) -> Precision:
    """Return the precision; ``auto`` is bfloat16 (float16 where the device lacks it) on CUDA and float32 elsewhere."""
    if asked == "auto":
        if device.kind != "cuda":
            return "32-true"
        return "bf16-mixed" if torch.cuda.is_bf16_supported(including_emulation=False) else "16-mixed"
    if asked == "16-mixed" and device.kind == "cpu":
        raise WorkbenchError(
            "The processor cannot train in 16-mixed; choose the precision auto, 32-true or bf16-mixed."
        )
    return asked  # type: ignore[return-value] # the config allows these values only


def open_fabric(device: Device, precision: Precision) -> Fabric:
    """Return the Fabric for one device of this process."""
    if device.kind == "cuda":
        return Fabric(accelerator="cuda", devices=[int(device.name.partition(":")[2])], precision=precision)
    return Fabric(accelerator=device.kind, devices=1, precision=precision)


def in_words(error: BaseException, *, device: str, batch_size: int, size: int) -> WorkbenchError | None:
    """Return what to tell the user about an error of torch that is no bug: out of memory. None for any other."""
    if not _out_of_memory(error):
        return None
    smaller = f"lower the batch size to {max(1, batch_size // 2)}" if batch_size > 1 else "lower the image size"
    return WorkbenchError(
        f"The memory of {device} is not enough for batches of {batch_size} images of {size} pixels; {smaller} "
        f"(compute.batch_size) or the image size (preprocess.size), or train fewer stages, then start again."
    )


def without_memory(error: BaseException, doing: str) -> WorkbenchError | None:
    """Return what to tell where the main memory is not enough ``doing`` something. None for any other error."""
    if not _out_of_memory(error):
        return None
    return WorkbenchError(f"The memory is not enough {doing}; close other programs, or begin with fewer images.")


def _out_of_memory(error: BaseException) -> bool:
    words = ("out of memory", "can't allocate memory", "not enough memory", "CUBLAS_STATUS_ALLOC_FAILED")
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or any(word in str(error) for word in words)


def _existing(asked: str) -> str:
    there = ["cpu"]
    if torch.backends.mps.is_available():
        there.append("mps")
    there += [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    name = "cuda:0" if asked == "cuda" else asked
    if name not in there:
        raise WorkbenchError(f"There is no device '{asked}' here; choose auto, {' or '.join(there)}.")
    return name


def _self_test(name: str) -> str:
    """Return why the device cannot be used, or an empty string. A card too new or too old for this torch fails here."""
    try:
        images = torch.ones(2, 3, 8, 8, device=name, requires_grad=True)
        weights = torch.ones(4, 3, 3, 3, device=name)
        torch.nn.functional.conv2d(images, weights).sum().backward()  # type: ignore[no-untyped-call]
        float(weights.sum())
    except (RuntimeError, AssertionError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        return f"The device {name} fails its self-test ({first})"
    return ""
