"""`python -m bench.seeding ROOMS SIZE MESSAGES`."""

import sys

import django

django.setup()

from .database import fill  # noqa: E402 - models need Django to be set up

fill(*map(int, sys.argv[1:]))
