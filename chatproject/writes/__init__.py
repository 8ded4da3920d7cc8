"""The write queue: what sockets ask to be written shares transactions, and answers follow the commit.

One thread per process writes. What arrives while it commits shares the next transaction, and so the next
flush to disk; still each write succeeds or fails alone. After the commit, in one turn of the loop and in the
order in which they were carried out, each write's publications leave, and then its answer.
"""

from chatproject.writes.queue import WriteQueue
from chatproject.writes.write import Outcome, Write, current, follow

__all__ = ["Outcome", "Write", "WriteQueue", "current", "follow"]
