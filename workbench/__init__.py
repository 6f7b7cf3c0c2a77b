"""Workbench: from a folder of images to a tested ONNX package, without writing code."""

__version__ = "0.1.0"
