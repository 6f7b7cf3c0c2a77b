"""Training: config, events, engine and the run that joins them."""
