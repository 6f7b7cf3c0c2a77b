"""The classes of a published classifier, for people and for the window."""

from collections.abc import Iterator
from dataclasses import dataclass

from workbench.jobs import Event, Job, Progress, Stop
from workbench.models.catalog import find, with_tag


@dataclass(frozen=True)
class WeightsClasses:
    """The names of the classes that published weights of a backbone tell apart, in their order; ``tag`` are the weights."""

    name: str
    tag: str
    classes: list[str]


def list_classes(name: str, tag: str = "") -> Job:
    """Return the job that yields WeightsClasses of the weights ``tag``, or of the default ones. Loads no weights.

    Raises WorkbenchError where there are none, or nobody recorded their names.
    """

    def job(_: Stop) -> Iterator[Event]:
        info = with_tag(find(name), tag)
        yield Progress(0, None, "Importing torch")
        from workbench.models.published import class_names

        yield WeightsClasses(name, info.weights[0] if info.weights else "", class_names(info))

    return job
