"""The parts of the probe: steps on the run's own loop, the room for them, their pace, and what follows for the run."""
