"""Fills an empty database, by Django's models. Run with our settings and a `DATA_DIR` of its own."""
