"""Backbones, weights, freezing, preprocessing and the model bundle."""
