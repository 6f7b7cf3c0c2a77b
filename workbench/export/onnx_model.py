"""One ONNX file from a deployable module: two exporters, metadata, and a session to run it."""

import contextlib
import io
import json
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray

from workbench.errors import WorkbenchError
from workbench.evaluation.predict import run_torch
from workbench.export.session import INPUT, OUTPUT, Session

OPSET = 18
SHAPES = ((1, 37, 53), (3, 64, 48), (2, 301, 199), (1, 224, 224))
"""Batch, height, width that every exported file is tried on: odd, upright, wide, and larger than the usual input."""

_EXAMPLE = (2, 75, 61)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")

Exporter = Callable[[torch.nn.Module, Path], None]


def _dynamo(deployable: torch.nn.Module, path: Path) -> None:
    """The exporter on torch.export; all weights in the one file."""
    batch, height, width = (torch.export.Dim(name, min=1) for name in ("batch", "height", "width"))
    torch.onnx.export(
        deployable,
        (torch.zeros(*_EXAMPLE, 3, dtype=torch.uint8),),
        path,
        input_names=[INPUT],
        output_names=[OUTPUT],
        opset_version=OPSET,
        dynamo=True,
        external_data=False,
        dynamic_shapes={"images": {0: batch, 1: height, 2: width}},
        verbose=False,
    )


def _torchscript(deployable: torch.nn.Module, path: Path) -> None:
    """The older exporter, by tracing. It does not know the antialiased resize, so that is described to it."""
    name = "aten::_upsample_bilinear2d_aa"
    torch.onnx.register_custom_op_symbolic(name, _antialiased, OPSET)  # type: ignore[attr-defined]
    try:
        torch.onnx.export(
            deployable,
            (torch.zeros(*_EXAMPLE, 3, dtype=torch.uint8),),
            str(path),
            input_names=[INPUT],
            output_names=[OUTPUT],
            opset_version=OPSET,
            dynamo=False,
            dynamic_axes={INPUT: {0: "batch", 1: "height", 2: "width"}, OUTPUT: {0: "batch"}},
            verbose=False,
        )
    finally:
        torch.onnx.unregister_custom_op_symbolic(name, OPSET)  # type: ignore[attr-defined]


def _antialiased(g: Any, pixels: Any, size: Any, *_: Any) -> Any:
    """Return ONNX Resize as torch's antialiased bilinear resize computes it: weights outside the image do not count."""
    nothing = [g.op("Constant", value_t=torch.tensor([], dtype=torch.float32)) for _ in ("roi", "scales")]
    return g.op(
        "Resize",
        pixels,
        *nothing,
        size,
        antialias_i=1,
        axes_i=[2, 3],
        coordinate_transformation_mode_s="half_pixel",
        exclude_outside_i=1,
        mode_s="linear",
    )


EXPORTERS: dict[str, Exporter] = {"dynamo": _dynamo, "torchscript": _torchscript}
"""In the order in which they are tried. A family that one of them cannot export usually passes with the other."""


def export_onnx(
    deployable: torch.nn.Module,
    path: Path,
    *,
    exporter: str,
    classes: int,
    metadata: Mapping[str, Any],
    tolerance: float,
) -> float:
    """Write ``deployable`` to one ONNX file and return its largest difference from torch on random images of `SHAPES`.

    Input uint8 [batch, height, width, 3], all three dynamic; output float32 probabilities [batch, classes].
    ``metadata`` goes into the file, each value as text or JSON. Raises WorkbenchError, naming the exporter and
    the cause, where it fails, where the file cannot be run, or where it differs by more than ``tolerance``.
    """
    try:
        with _quiet():
            EXPORTERS[exporter](deployable.cpu().eval(), path)
    except OSError:
        raise
    except Exception as error:  # exporters fail with any type; the other one is tried and the cause recorded
        raise WorkbenchError(f"The {exporter} exporter failed: {_first_line(error)}") from error
    _finish(path, metadata)
    try:
        return _check_shapes(deployable, Session(path), classes=classes, tolerance=tolerance, exporter=exporter)
    except WorkbenchError:
        raise
    except Exception as error:  # onnxruntime's own exceptions have no common type
        raise WorkbenchError(f"The file of the {exporter} exporter does not run: {_first_line(error)}") from error


def _finish(path: Path, metadata: Mapping[str, Any]) -> None:
    """Add the metadata, and drop what exporters write about the machine (stack traces with its paths)."""
    model = onnx.load(path)
    external = [t.name for t in model.graph.initializer if t.data_location == onnx.TensorProto.EXTERNAL]
    if external:
        raise WorkbenchError("The exporter wrote the weights into a second file; choose a backbone under 2 GB.")
    for graph in _graphs(model.graph):
        graph.ClearField("metadata_props")
        for node in graph.node:
            node.ClearField("metadata_props")
            node.ClearField("doc_string")
        for value in (*graph.value_info, *graph.input, *graph.output, *graph.initializer):
            value.ClearField("metadata_props")
            value.ClearField("doc_string")
    for function in model.functions:
        function.ClearField("metadata_props")
        for node in function.node:
            node.ClearField("metadata_props")
            node.ClearField("doc_string")
    model.ClearField("metadata_props")
    onnx.helper.set_model_props(
        model,
        {
            key: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for key, value in metadata.items()
        },
    )
    model.producer_name = "workbench"
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def _graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _graphs(attribute.g)
            for inner in attribute.graphs:
                yield from _graphs(inner)


def _check_shapes(
    deployable: torch.nn.Module, session: Session, *, classes: int, tolerance: float, exporter: str
) -> float:
    generator = np.random.default_rng(0)
    largest = 0.0
    for batch, height, width in SHAPES:
        pixels: NDArray[np.uint8] = generator.integers(0, 256, (batch, height, width, 3), dtype=np.uint8)
        expected, found = run_torch(deployable, pixels), session.run(pixels)
        if found.shape != (batch, classes):
            raise WorkbenchError(
                f"The file of the {exporter} exporter answers in the shape {found.shape}, not {(batch, classes)}."
            )
        gap = float(np.abs(expected - found).max())
        if not gap <= tolerance:  # also where it is not a number
            raise WorkbenchError(
                f"The file of the {exporter} exporter differs from torch by {gap:.2g} in probability on random images "
                f"(allowed: {tolerance:.0e})."
            )
        largest = max(largest, gap)
    return largest


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporters' warnings and prints off stdout, which belongs to the events; what they print goes to stderr."""
    printed = io.StringIO()
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(printed):
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.stderr.write(printed.getvalue())


def _first_line(error: BaseException) -> str:
    """Return what went wrong first, in one line: exporters wrap it several times, with advice and colours."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line.strip() for line in _COLOUR.sub("", str(error)).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0][:200].rstrip('.')}." if lines else f"{type(error).__name__}."
