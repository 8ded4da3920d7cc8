"""The load: sockets that talk, and that check everything they receive."""
