"""People, their sessions, groups and the audit in Django's admin."""

from . import audit, groups, people, sessions

__all__ = ["audit", "groups", "people", "sessions"]
