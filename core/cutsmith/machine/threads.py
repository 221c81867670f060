"""How many threads a model may use."""

from __future__ import annotations

import os

from cutsmith.cures import leave_out
from cutsmith.errors import BadOption, shown


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
