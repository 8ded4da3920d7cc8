"""The benchmark's own parts: what it checks, what it counts, what it writes."""
