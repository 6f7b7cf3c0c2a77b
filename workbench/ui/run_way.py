"""Which way to a classifier a config follows, and in a word the way that a run took. No widgets."""

from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QCoreApplication

from workbench.errors import WorkbenchError
from workbench.project.runs import RunRow
from workbench.training.config import (
    AsIs,
    Baseline,
    FeaturesOnce,
    FreezeBackbone,
    FreezeNothing,
    FreezeParts,
    FreezeStages,
    TrainConfig,
)


def way_of(config: TrainConfig) -> str:
    """Return the way of `WAYS` that a config follows."""
    match config.method:
        case FeaturesOnce():
            return "features-once"
        case AsIs():
            return "as-is"
        case Baseline():
            return "baseline"
    if config.then:
        return "gradual"
    match config.freeze:
        case FreezeNothing():
            return "scratch" if config.backbone.weights == "none" else "full"
        case FreezeStages() | FreezeParts():
            return "partial"
        case FreezeBackbone():
            return "frozen"


def titles() -> dict[str, str]:
    """Return the word for each way of `WAYS`."""
    return {
        "features-once": _tr("Features"),
        "frozen": _tr("Frozen"),
        "partial": _tr("Partial"),
        "full": _tr("Full"),
        "gradual": _tr("Gradual"),
        "scratch": _tr("Scratch"),
        "as-is": _tr("As is"),
        "baseline": _tr("Baseline"),
    }


def told(row: RunRow) -> str:
    """Return the word for the way that a run took, "" where its config cannot be read."""
    try:
        return titles()[_way_in(row.folder.config, row.folder.config.stat().st_mtime_ns)]
    except (OSError, WorkbenchError):
        return ""  # whoever opens the run says what is wrong with its config


@lru_cache(maxsize=4096)
def _way_in(config: Path, _written: int) -> str:
    return way_of(TrainConfig.load(config))


def _tr(text: str) -> str:
    return QCoreApplication.translate("RunWay", text)
