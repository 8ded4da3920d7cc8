"""Where people come from: the networks of their sessions' addresses."""

from chatproject.sockets.addresses import UNKNOWN, network

from .models import User


def networks_of(user: User) -> set[str]:
    """The networks that a person's sessions were last seen at."""
    return {network(address) for address in user.sessions.values_list("address", flat=True)} - {UNKNOWN}


def is_known(network: str) -> bool:
    """Whether it says where somebody comes from: behind a Unix socket nobody can be told apart."""
    return network not in ("", UNKNOWN)
