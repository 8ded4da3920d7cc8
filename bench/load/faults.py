"""What makes a measurement worthless."""


class Fault(Exception):
    """A server did not do its work: something lost, doubled, out of order, refused or late. Says what."""
