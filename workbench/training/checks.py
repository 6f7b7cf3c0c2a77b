"""Everything that can be said about a run before it starts. Imports no torch, so the window can ask too."""

from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.models.anatomy_cache import cached
from workbench.models.catalog import check_size, find, with_tag
from workbench.models.class_name_cache import cached as cached_classes
from workbench.models.class_names import answers
from workbench.models.part_names import no_part
from workbench.models.rates import stage_rates
from workbench.models.reach import absent
from workbench.project.project import Project
from workbench.registry import nearest
from workbench.training.config import AsIs, TrainConfig
from workbench.training.inputs import classes_of
from workbench.training.run_weights import PREFIX, weights_of_run


def check(project: Project, config: TrainConfig) -> None:
    """Raise WorkbenchError, in one sentence, for a run that cannot succeed.

    Covers: several labels per image, no labelled images, one class only, no split, a class without training images, an
    empty validation split, rare classes that the project does not have (with the nearest names), an unknown backbone
    (likewise) or one that is known to fail, an image size that it does not take, channels that no image has, published
    weights that do not exist or surely cannot come, a run to start from without a model, a weights file that is not
    there, and a freeze plan or rates that name what the backbone does not have, or a pretrained classifier to be used as it
    is that does not know a class, where these were looked into before. What needs torch is said by `network_check`, and
    whether the weights fit by the run itself, before its first step.
    """
    check_labels(project)
    check_folders(project)
    check_rare(project, config)
    if config.method.kind != "baseline":
        check_channels(config)
        check_weights(project, config)
        check_plan(config)
        check_classes(project, config)


def check_channels(config: TrainConfig) -> None:
    """Raise WorkbenchError for a number of channels that no image of a project has: networks take others, projects do not."""
    if (channels := config.backbone.channels) not in (1, 3):
        raise WorkbenchError(
            f"The images of a project are read with one channel or three, not {channels}; set backbone.channels to 1 (grey) or "
            f"3 (colour)."
        )


def check_plan(config: TrainConfig) -> None:
    """Raise WorkbenchError for a part or a stage that the backbone does not have, as far as `anatomy_cache` knows it."""
    parts = [part for phase in config.phases for part in getattr(phase.freeze, "trained", ())]
    if config.method.kind != "train" or not (parts or config.optimizer.stage_factors):
        return
    known = cached(config.backbone.name, config.preprocess.size, config.backbone.channels)
    if known is None:
        return
    stages = [stage.name for stage in known.stages]
    stage_rates(stages, backbone_factor=1.0, stage_factors=config.optimizer.stage_factors)
    modules = {layer.path for stage in known.stages for layer in stage.layers if layer.parameters}
    for part in parts:
        steps = part.split(".")
        # What is named inside of a layer is one of its tensors, which only the network itself knows.
        paths = (".".join(steps[:count]) for count in range(2, len(steps) + 1))
        if part not in stages and modules.isdisjoint((part, *paths)):
            raise no_part(config.backbone.name, part, stages, modules)


def check_classes(project: Project, config: TrainConfig) -> None:
    """Raise WorkbenchError for a class that a classifier, used as it is, does not know, as far as `class_name_cache` knows
    its classes."""
    if not isinstance(config.method, AsIs):
        return
    published = cached_classes(with_tag(find(config.backbone.name), config.backbone.tag))
    if published is not None:
        answers(classes_of(project), published, config.method.classes)


def check_weights(project: Project, config: TrainConfig) -> None:
    """Raise WorkbenchError for a backbone that cannot be used, and for weights that surely cannot be had."""
    info = with_tag(find(config.backbone.name), config.backbone.tag)
    check_size(info, config.preprocess.size)
    if info.unsupported:
        raise WorkbenchError(f"{info.name} is not supported ({info.unsupported}); choose another backbone.")
    weights = config.backbone.weights
    if config.method.kind == "as-is" and (weights == "none" or weights.startswith(PREFIX)):
        raise WorkbenchError(
            "Only published weights bring a classifier that can be used as it is; choose hub or a weights file, or train a head."
        )
    if weights == "hub":
        if not info.weights:
            raise WorkbenchError(
                f"There are no hub weights for {info.name}; choose a weights file (weights=FILE) or random weights "
                f"(weights=none)."
            )
        if config.method.kind == "as-is" and info.tags and not info.tags[0].classes:
            raise WorkbenchError(
                f"The weights {info.weights[0]} of {info.name} bring no classifier of their own; choose others, or train a head."
            )
        if why := absent(info):
            others = (
                "a weights file (weights=FILE), a folder of packs (WORKBENCH_WEIGHTS) or random weights (weights=none)"
            )
            if config.method.kind == "as-is":  # random weights know no classes
                others = "a weights file (weights=FILE) or a folder of packs (WORKBENCH_WEIGHTS)"
            raise WorkbenchError(
                f"The weights of {info.name} are not on this machine and cannot be downloaded ({why}); choose {others}."
            )
    elif weights.startswith(PREFIX):
        weights_of_run(project, weights.removeprefix(PREFIX), info.name)
    elif weights != "none" and not Path(weights).expanduser().is_file():
        raise WorkbenchError(f"The weights file {weights} does not exist; choose a file, hub, run:ID or none.")


def check_labels(project: Project) -> None:
    """Raise WorkbenchError where the labels and the split of the project cannot be trained on."""
    if project.labels.task == "multi":
        raise WorkbenchError(
            "This project has several labels per image, which cannot be trained on yet; train one class per image, or wait "
            "for a version that trains on several."
        )
    names = {row.id: row.name for row in project.labels.classes()}
    counted = [kind for kind, count in project.labels.counts().items() if kind is not None and count]
    if not counted:
        raise WorkbenchError("No image has a label; give images a class, then train.")
    # A class whose images are all missing or corrupt takes no part: its folder may have been deleted on purpose.
    usable = project.splits.by_class()
    labelled = [kind for kind in counted if usable.get(kind)]
    if not labelled:
        raise WorkbenchError(
            "None of the labelled images can be used, all are missing or corrupt; put their folder back or choose where "
            "it is now, then train."
        )
    if len(labelled) == 1:
        only = names[labelled[0]]
        if len(counted) > 1:
            raise WorkbenchError(
                f"Only the class '{only}' has images that can be used, those of the others are missing or corrupt; put "
                "them back or label images of a second class, then train."
            )
        raise WorkbenchError(
            f"All labelled images are of the class '{only}'; label images of a second class, then train."
        )
    counts = project.splits.counts()
    if not counts.get("train"):
        raise WorkbenchError("No labelled image is in the training split; make a split, then train.")
    if not counts.get("validation"):
        raise WorkbenchError(
            "No labelled image is in the validation split, so the best epoch could not be chosen; make a split with a "
            "validation share, then train."
        )
    missing = [names[kind] for kind in labelled if not usable[kind].get("train")]
    if missing:
        raise WorkbenchError(
            f"The class {_list(missing)} has no image in the training split; make the split again, or label more images."
        )


def check_rare(project: Project, config: TrainConfig) -> None:
    """Raise WorkbenchError where a class that shall have its own chain is none of the project's."""
    if unknown := unknown_rare(project, config):
        raise WorkbenchError(unknown)


def unknown_rare(project: Project, config: TrainConfig) -> str:
    """Return a sentence about rare classes that are none of the project's, "" where there are none such."""
    names = [row.name for row in project.labels.classes()]
    unknown = [name for name in config.rare.classes if name not in names]
    if not unknown:
        return ""
    close = ", ".join(nearest(unknown[0], names) or names[:3])
    advice = f"did you mean {close}? Correct" if close else "correct"
    return f"The project has no class {_list(unknown)}, for which there is a chain of its own; {advice} rare.classes, then train."


def check_folders(project: Project) -> None:
    """Raise WorkbenchError where all folders of the project's images are gone, as after a move."""
    folders = [folder for _, folder in project.images.roots()]
    if folders and not any(folder.is_dir() for folder in folders):
        raise WorkbenchError(
            f"The folder {folders[0]} with the images is not there any more; put it back, or add it from where it is now."
        )


def as_recorded(config: TrainConfig, project: Project) -> TrainConfig:
    """Return the config as a run of ``project`` keeps it: a weights file by its whole path, ``run:last`` by the run's id.

    A run that starts from another says so for good, also where the project's folder is moved. Raises WorkbenchError where
    that run has no weights.
    """
    weights = config.backbone.weights
    if config.method.kind == "baseline":
        return config  # it has no network to start from anything
    if not weights.startswith(PREFIX):
        return with_absolute_weights(config)
    weights_of_run(project, weights.removeprefix(PREFIX), config.backbone.name)
    run = project.runs.get(weights.removeprefix(PREFIX))
    backbone = config.backbone.model_copy(update={"weights": f"{PREFIX}{run.id}"})
    return config.model_copy(update={"backbone": backbone})


def with_absolute_weights(config: TrainConfig, project: Project | None = None) -> TrainConfig:
    """Return the config with the whole path of its weights file, so that it can be run from any folder.

    ``run:ID`` becomes the file of that run of ``project``. Raises WorkbenchError where it has none.
    """
    weights = config.backbone.weights
    if weights in ("hub", "none"):
        return config
    if weights.startswith(PREFIX):
        if project is None:
            raise WorkbenchError(f"{weights} is a run of a project; name the file of its weights here.")
        path = weights_of_run(project, weights.removeprefix(PREFIX), config.backbone.name)
    else:
        path = Path(weights).expanduser()
    backbone = config.backbone.model_copy(update={"weights": str(path.absolute())})
    return config.model_copy(update={"backbone": backbone})


def _list(names: list[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
