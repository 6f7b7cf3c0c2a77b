"""Augmentation chains. The only package that imports albumentations."""
