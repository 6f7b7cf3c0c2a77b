"""ONNX export, parity and the package."""
