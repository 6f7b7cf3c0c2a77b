"""What another kind of label means for the work that follows, in a sentence."""

from collections.abc import Callable

from workbench.project.ids import Task


def what_changes(task: Task, tr: Callable[[str], str]) -> str:
    """Return the sentence that is told when a project's labels become of this kind."""
    match task:
        case "multi":
            return tr("Keys now put classes on and off. Training with several labels per image is not built yet.")
        case "ordinal":
            return tr(
                "The classes are grades now: put them into order, lowest first. Agreement counts by how far it is off."
            )
        case "single":
            return tr("Each image has one class now.")
