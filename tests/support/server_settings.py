"""The product's settings, deaf to the `.env` of whoever runs the tests."""

import os

import environ

LIMITS = [
    "MESSAGE_RATE", "EVENT_RATE", "CONNECT_RATE",
    "SOCKETS_PER_PERSON", "SOCKETS_PER_ADDRESS", "GUESTS_PER_ADDRESS",
]  # fmt: skip
# Tests do at once, from one address, what people do in a day; where a limit is tested it is set.
for name in LIMITS:
    os.environ.setdefault(name, "0")
environ.Env.read_env = staticmethod(lambda *args, **kwargs: None)

from chatproject.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["tests.support.hashing.QuickArgon2PasswordHasher", *PASSWORD_HASHERS[1:]]  # noqa: F405
