"""The Model panel: which backbone, from which weights, and what may move."""
