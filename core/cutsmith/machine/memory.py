"""How much memory this process can still use."""

from __future__ import annotations

from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")


def available_memory(cgroup: Path = _CGROUP) -> int:
    """Bytes that can be allocated without swapping: the machine's, or those that a container's limit leaves, if fewer.

    `cgroup` is the folder in which a Linux container finds its own limits (version 2).
    """
    import psutil

    available = int(psutil.virtual_memory().available)
    try:
        limit = int((cgroup / "memory.max").read_text())  # "max" where there is none
        used = int((cgroup / "memory.current").read_text())
        # Cached files count as used, but are dropped when memory is needed.
        statistics = dict(line.split() for line in (cgroup / "memory.stat").read_text().splitlines())
        reclaimable = int(statistics.get("inactive_file", 0))
    except (OSError, ValueError):
        return available
    return max(0, min(available, limit - used + reclaimable))
