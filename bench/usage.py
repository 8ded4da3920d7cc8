"""What a process uses: its CPU and its memory, from the kernel, or from `ps` where there is no `/proc`."""

import os
import subprocess
from pathlib import Path


def cpu(pid: int) -> float:
    """Seconds of CPU that the process and its threads have used."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return seconds(_ps(pid, "time"))
    # The name of the program, in parentheses, may hold anything; times are the 12th and 13th words after it.
    words = stat.read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> int:
    """Resident bytes."""
    statm = Path(f"/proc/{pid}/statm")
    if not statm.exists():
        return int(_ps(pid, "rss")) * 1024
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def seconds(clock: str) -> float:
    """`1:02.34` or `1:00:02` in seconds."""
    total = 0.0
    for part in clock.split(":"):
        total = total * 60 + float(part)
    return total


def _ps(pid: int, column: str) -> str:
    command = ["ps", "-o", f"{column}=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
