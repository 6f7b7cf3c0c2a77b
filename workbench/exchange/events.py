"""The last words of an import and of an export of labels."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class LabelsImported:
    """What an import did, or with ``dry_run`` would do.

    ``rows`` are those of the file, ``matched`` those that name an image of the project, ``unmatched`` the others.
    Of the images with a label in the file, ``labelled`` had none before, ``changed`` had another one and ``unchanged``
    the same; ``removed`` lost theirs. ``unnamed`` are the images of the project that no row names. ``splits`` counts
    the images put into each split, ``moved`` those of them that were in another one.
    """

    format: str
    file: str
    rows: int
    matched: int
    labelled: int
    changed: int
    unchanged: int
    removed: int
    unnamed: int
    unmatched: int
    task: str
    classes: list[str]
    new_classes: list[str]
    splits: dict[str, int] = field(default_factory=dict)
    moved: int = 0
    groups: int = 0
    graders: list[str] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    tags: int = 0
    notes: int = 0
    rejected: int = 0
    regions: int = 0
    added: int = 0
    dry_run: bool = False


@dataclass(frozen=True)
class LabelsExported:
    """A file or folder with the labels of ``images`` images (``labels`` counts what they have); ``lost`` are sentences
    about what this format cannot hold.
    """

    file: str
    format: str
    images: int
    labels: int
    lost: list[str] = field(default_factory=list)
