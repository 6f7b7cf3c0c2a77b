"""After the last epoch: the best checkpoint becomes a calibrated model, measured again on the deployment path."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from workbench.errors import WorkbenchError
from workbench.evaluation.calibration import fit_temperature
from workbench.evaluation.evaluate import AnyModel, Reading, summarise
from workbench.evaluation.predict import Predictions, predict
from workbench.evaluation.results import save_result
from workbench.evaluation.thresholds import best_f1, by_class
from workbench.jobs import Progress
from workbench.models.bundle import Bundle, save
from workbench.models.deploy import Deployable
from workbench.models.preprocess import PreprocessSpec
from workbench.project.runs import RunFolder
from workbench.training.events import Preparing, TrainingEvent, Warned
from workbench.training.inputs import Inputs


@dataclass(frozen=True)
class Model:
    """A trained network and what is needed to deploy it."""

    network: nn.Module
    spec: PreprocessSpec
    backbone: str
    inputs: Inputs


def measure(run: RunFolder, model: Model, *, device: str, batch_size: int) -> Iterator[TrainingEvent | float]:
    """Calibrate the model on the validation images, save it to ``model/`` and write ``results/validation.json``.

    Everything is measured on the deployment path. Yields Preparing and Warned, and ends with the balanced accuracy.
    """
    deployable = Deployable(model.spec, model.network)

    def saved(targets: NDArray[Any], probabilities: NDArray[np.float32]) -> Bundle:
        return _save(run, model, deployable, targets, probabilities)

    return measure_any(run, deployable, model.inputs, saved, device=device, batch_size=batch_size)


class Calibratable(Protocol):
    """A module that gives logits [N,C] of uint8 images [N,H,W,3], and divides them by a temperature."""

    temperature: Tensor

    def logits(self, images: Tensor) -> Tensor: ...
    def set_temperature(self, temperature: float) -> None: ...


def measure_any(
    run: RunFolder,
    model: Calibratable,
    inputs: Inputs,
    save: Callable[[NDArray[Any], NDArray[np.float32]], AnyModel],
    *,
    device: str,
    batch_size: int,
) -> Iterator[TrainingEvent | float]:
    """Do what `measure` does for whatever gives logits; ``save`` keeps it, given validation targets and probabilities."""
    reading = Reading(inputs.decoding)
    logits: Predictions | None = None
    for event in predict(_Logits(model), inputs.validation, read=reading, device=device, batch_size=batch_size):
        if isinstance(event, Progress):
            yield Preparing("Measuring on the deployment path", event.done, event.total or 0)
        else:
            logits = event
        for notice in reading.notices():
            yield Warned(notice.message)
    assert logits is not None
    for error in logits.errors:
        yield Warned(error.message)
    if not len(logits.ids):
        why = logits.errors[0].message if logits.errors else "there are none"
        raise WorkbenchError(
            f"None of the validation images can be read any more, so the run cannot be measured: {why}"
        )
    model.set_temperature(fit_temperature(logits.probabilities, logits.targets))
    predictions = Predictions(
        ids=logits.ids,
        paths=logits.paths,
        targets=logits.targets,
        probabilities=_softmax(logits.probabilities, float(model.temperature)),
        errors=logits.errors,
    )
    saved = save(predictions.targets, predictions.probabilities)
    result = summarise(predictions, run=run.id, split="validation", bundle=saved, device=device)
    save_result(run.path, result)
    yield result.evaluated.balanced_accuracy


def save_unmeasured(run: RunFolder, model: Model, *, logits: Tensor, targets: Tensor) -> None:
    """Save the model of a run that was stopped to ``model/``, calibrated on the logits of its live validation.

    Takes no time to speak of; `evaluate` measures it on the deployment path whenever somebody asks.
    """
    temperature = fit_temperature(logits.numpy(), targets.numpy())
    deployable = Deployable(model.spec, model.network, temperature=temperature)
    _save(run, model, deployable, targets.numpy(), _softmax(logits.numpy(), temperature))


def _save(
    run: RunFolder, model: Model, deployable: Deployable, targets: NDArray[Any], probabilities: NDArray[np.float32]
) -> Bundle:
    classes = model.inputs.classes
    thresholds = by_class(classes, best_f1(targets, probabilities))
    extra = {"run": run.id}
    save(run.model, deployable, classes=classes, backbone=model.backbone, thresholds=thresholds, extra=extra)
    return Bundle(deployable, classes, model.spec, model.backbone, thresholds, extra)


def _softmax(logits: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    shares: NDArray[np.float32] = torch.softmax(torch.from_numpy(logits) / temperature, dim=1).numpy()
    return shares


class _Logits(nn.Module):
    """The deployment path up to the logits: the temperature is not known yet."""

    def __init__(self, deployable: Calibratable) -> None:
        super().__init__()
        self.deployable = deployable  # where it is a module, it moves to the device with this one

    def forward(self, images: Tensor) -> Tensor:
        """Return logits [N, C] of uint8 images [N, H, W, 3]."""
        return self.deployable.logits(images)
