"""The augment panel: build a chain of transforms by looking at it."""
