"""The product's settings, deaf to the `.env` of whoever runs the tests."""

import environ

environ.Env.read_env = staticmethod(lambda *args, **kwargs: None)

from chatproject.settings import *  # noqa: E402, F403
