"""The Evaluate panel: how good a run is, with intervals, and on which images it is wrong."""
