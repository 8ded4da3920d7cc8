"""Faults: what must be survived, with nothing lost that was acked, and nothing there twice."""
