"""The verbs of the conversation.

Plain functions, keyword-only, one transaction each; they raise a `DomainError`, return the object, and
publish after commit. The sockets, the views and Django's admin all call these.
"""
