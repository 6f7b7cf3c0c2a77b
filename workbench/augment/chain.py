"""What an augmentation chain is, as data. Imports no albumentations, so the window and the config can hold chains."""

import json
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from workbench.errors import WorkbenchError

FORMAT = 1


class Step(BaseModel):
    """One transform of a chain: its albumentations name, probability and parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    transform: str = Field(description="Name of the albumentations transform, for example HorizontalFlip")
    p: float = Field(0.5, ge=0, le=1, description="Probability that the step is applied to an image")
    params: dict[str, Any] = Field(default_factory=dict, description="The transform's own parameters")
    enabled: bool = Field(True, description="Off: the step stays in the chain and does nothing")


class Chain(BaseModel):
    """An ordered list of steps, applied to the training images only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    steps: tuple[Step, ...] = ()

    def dumps(self) -> str:
        """Return the chain as JSON with its format number."""
        return json.dumps({"format": FORMAT, **self.model_dump(mode="json")}, indent=2, ensure_ascii=False)

    @classmethod
    def loads(cls, text: str, source: str = "the chain") -> Self:
        """Read `dumps`'s text. Raises WorkbenchError naming ``source`` and the first thing that is wrong."""
        try:
            fields = json.loads(text)
        except ValueError as error:
            raise WorkbenchError(f"{source} is not JSON ({error}); choose a chain saved by Workbench.") from error
        if not isinstance(fields, dict):
            raise WorkbenchError(f"{source} holds no chain; choose a chain saved by Workbench.")
        found = fields.pop("format", FORMAT)
        if not isinstance(found, int) or found > FORMAT:
            raise WorkbenchError(
                f"{source} was saved by a newer Workbench (format {found}); update Workbench to open it."
            )
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise WorkbenchError(f"{source} cannot be used: {where}: {first['msg']}.") from error

    def save(self, path: Path) -> None:
        path.write_text(self.dumps(), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Self:
        return cls.loads(path.read_text(encoding="utf-8"), source=str(path))
