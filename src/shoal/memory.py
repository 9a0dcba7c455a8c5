"""Guarantee: how much memory may still be taken is known, in a container too.

Floor 4. The system's figure is psutil's; that of the container is the limit of its control group.
"""

from pathlib import Path

import psutil

LIMITS = (  # of a control group: its limit, and what it takes
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (
        Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
        Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ),
)


def resident_memory() -> int:
    """Return how many bytes this process takes."""
    return int(psutil.Process().memory_info().rss)


def free_memory() -> int:
    """Return how many bytes may be taken without displacing others."""
    free = int(psutil.virtual_memory().available)
    for limit, usage in LIMITS:
        try:
            free = min(free, max(0, int(limit.read_text()) - int(usage.read_text())))
        except (OSError, ValueError):  # there is no such group, or no limit
            continue
    return free
