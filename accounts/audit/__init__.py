"""The audit: an entry for each action of the staff, sealed in one chain.

`record` adds the next one, within `acting` it knows from where; `verify` says whether the chain still holds.
"""

from .chain import Head, Verdict, verify
from .recording import acting, record

__all__ = ["Head", "Verdict", "acting", "record", "verify"]
