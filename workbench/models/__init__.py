"""Backbones, weights, freezing, preprocessing and the model bundle."""

from workbench.models import own as own  # whoever asks the catalogue finds our own backbones in it
