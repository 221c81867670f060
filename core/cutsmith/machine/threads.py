"""How many threads a model may use, and how they wait for each other."""

from __future__ import annotations

import os

from cutsmith.cures import leave_out
from cutsmith.errors import BadOption, shown

_SPINS = 1000


def thread_count(wanted: int | None = None) -> int:
    """`wanted`, or as many as this process may use: the least of cores, affinity mask and a container's CPU limit.

    The number never exceeds the machine's cores: more gain nothing, and tens of thousands bring an engine to a halt.

    Raises:
        BadOption: `wanted` is below 1.
    """
    if wanted is not None:
        if wanted < 1:
            raise BadOption(
                "",
                leave_out("threads", text="To use every core"),
                option="threads",
                found=shown(wanted),
                wanted="a whole number, 1 or more",
            )
        return min(wanted, os.cpu_count() or wanted)
    from loky import cpu_count

    return int(cpu_count())


def spin_briefly() -> None:
    """Let the threads of OpenMP, PyTorch's on Linux, fall asleep soon while they wait for each other.

    By themselves they spin for milliseconds. Where another program computes on the same cores, each then waits for one
    that is not running, and both take several times as long.

    It holds for a PyTorch that is imported later, here or in processes that this one starts. What the environment says
    already stays.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", str(_SPINS))
