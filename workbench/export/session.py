"""Running an exported file with ONNX Runtime on the processor. Imports no torch."""

from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from workbench.errors import WorkbenchError

INPUT = "images"
OUTPUT = "probabilities"


class Session:
    """An exported model, loaded. Raises WorkbenchError where the file cannot be loaded or is no exported classifier."""

    def __init__(self, path: Path) -> None:
        try:
            self._session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's exceptions have no common base
            cause = str(error).splitlines()[0]
            raise WorkbenchError(
                f"The model {path} cannot be loaded by ONNX Runtime ({cause}); export it again."
            ) from error
        names = [i.name for i in self._session.get_inputs()], [o.name for o in self._session.get_outputs()]
        if names != ([INPUT], [OUTPUT]):
            raise WorkbenchError(
                f"The model {path} has the inputs and outputs {names}; it was not exported by Workbench."
            )
        self.metadata: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)

    def run(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the probabilities, float32 [N, C], of images uint8 [N, H, W, 3]."""
        (probabilities,) = self._session.run([OUTPUT], {INPUT: pixels})
        return np.asarray(probabilities, dtype=np.float32)
