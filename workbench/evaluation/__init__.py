"""Predictions, metrics, thresholds and calibration, all on the deployment path."""
