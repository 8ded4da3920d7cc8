"""The product's settings, deaf to the `.env` of whoever runs the tests."""

import environ

environ.Env.read_env = staticmethod(lambda *args, **kwargs: None)

from chatproject.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["tests.support.hashing.QuickArgon2PasswordHasher", *PASSWORD_HASHERS[1:]]  # noqa: F405
