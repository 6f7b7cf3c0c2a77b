"""The Train panel: start, watch, pause, stop and resume runs."""
