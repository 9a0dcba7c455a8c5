"""Guarantee: no more threads than the user, the environment or the machine allows.

Floor 2.
"""

import os
from functools import cache
from pathlib import Path

from shoal.errors import InputError

CGROUP = Path("/sys/fs/cgroup")


def available_threads() -> int:
    """Return SHOAL_THREADS, or else the number of cores that this process may use.

    These are the cores it is bound to, or fewer where a container's quota gives it less time.

    Raises
    ------
    InputError
        SHOAL_THREADS is no whole number above 0.
    """
    wish = os.environ.get("SHOAL_THREADS", "").strip()
    if wish:
        if not wish.isdecimal() or int(wish) < 1:
            raise InputError(f"SHOAL_THREADS is {wish!r}, but must be a whole number, 1 or more")
        return int(wish)
    return max(1, min(_bound(), _quota(CGROUP)))


def _bound() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on this system
        return os.cpu_count() or 1


@cache  # files are not read again for each prediction
def _quota(cgroup: Path) -> int:
    """Return a container's share of the processor in whole cores, rounded up."""
    try:
        if (cgroup / "cpu.max").exists():  # the second version of cgroups
            quota, period = (cgroup / "cpu.max").read_text().split()
        else:
            quota = (cgroup / "cpu/cpu.cfs_quota_us").read_text().strip()
            period = (cgroup / "cpu/cpu.cfs_period_us").read_text().strip()
    except (OSError, ValueError):
        quota, period = "max", "1"
    limited = quota.isdecimal() and int(quota) > 0
    return -(-int(quota) // int(period)) if limited else os.cpu_count() or 1
