"""What a run has found, to be read."""
