"""How many threads a model may use."""

from __future__ import annotations

import os

from cutsmith.errors import BadOption


def thread_count(wanted: int | None = None) -> int:
    """`wanted`, or as many as this process may use: cores, the affinity mask and a container's CPU limit, the least.

    Never more than the machine has cores: they gain nothing, and tens of thousands bring an engine to a halt.

    Raises:
        BadOption: `wanted` is below 1.
    """
    if wanted is not None:
        if wanted < 1:
            raise BadOption(f"--threads {wanted}: wanted 1 or more.", "Leave --threads out to use every core.")
        return min(wanted, os.cpu_count() or wanted)
    from loky import cpu_count

    return int(cpu_count())
