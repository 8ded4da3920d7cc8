"""Where things lie."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BENCH = ROOT / "bench"
CACHE = BENCH / ".cache"  # ignored by git
LOG = "log"  # of a server, in the folder of its run
