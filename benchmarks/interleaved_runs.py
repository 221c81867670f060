"""Whole processes, run in turn and compared: what they take, and medians with an interval that assumes nothing.

Runs are interleaved and their order changes from round to round, so that whatever else the machine does meets all of
them alike; ratios are taken within a round. POSIX only: it rests on `os.wait4`.
"""

from __future__ import annotations

import math
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import IO


class RunFailed(Exception):
    """A measured process ended with another exit code than 0."""


@dataclass(frozen=True)
class Usage:
    """What one process took, from before it was started until it had ended.

    Attributes:
        seconds: on the clock.
        cpu_seconds: of all its threads, in user and in kernel mode.
        peak_bytes: the most memory that it held at once (of it and its children, the one that held most).
        output: what it printed on standard output.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    output: str


def run(command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> Usage:
    """Run `command` in the present folder and wait for its end; `environment` None passes on this process's own.

    On Linux the peak includes what this process held when it started the other one: keep it small beside the other.

    Raises:
        RunFailed: with the command and the last that it said.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment)
        _, status, used = os.wait4(process.pid, 0)
        seconds = perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said = "\n".join((_text(err) or _text(out)).strip().splitlines()[-12:])
            raise RunFailed(f"{' '.join(map(str, command))} ended with exit code {process.returncode}:\n{said}")
        peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        return Usage(seconds, used.ru_utime + used.ru_stime, peak, _text(out))


def _text(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode(errors="replace")


def interleave(arms: Mapping[str, Callable[[], Usage]], rounds: int) -> dict[str, list[Usage]]:
    """Each arm once a round, begun with another arm in each; what each took, by name, in the order of the rounds."""
    names = list(arms)
    taken: dict[str, list[Usage]] = {name: [] for name in names}
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            taken[name].append(arms[name]())
        _progress(f"round {number + 1} of {rounds}")
    _progress("")
    return taken


def _progress(text: str) -> None:
    """Keep one line of a terminal up to date; an empty `text` clears it. Elsewhere nothing is shown."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Median:
    """A median, an interval for it, and the smallest and largest value that was seen.

    Attributes:
        coverage: the probability with which such an interval holds the true median; below 0.95 only where there are
            fewer than 6 values, and the interval is all of them.
    """

    value: float
    low: float
    high: float
    coverage: float
    smallest: float
    largest: float

    def text(self, digits: int, unit: str = "") -> str:
        """`0.48 s, 95% interval 0.47-0.50, range 0.45-0.55`; the coverage is the exact one."""
        value, low, high, smallest, largest = (
            f"{figure:.{digits}f}" for figure in (self.value, self.low, self.high, self.smallest, self.largest)
        )
        return f"{value}{unit}, {self.coverage:.0%} interval {low} to {high}, range {smallest} to {largest}"


def median(values: Sequence[float], confidence: float = 0.95) -> Median:
    """The median of `values` with the narrowest symmetric interval of order statistics that reaches `confidence`.

    Each value lies below the true median with probability 1/2, whatever the distribution, so how many do is binomial
    (David and Nagaraja, Order Statistics, 3rd edition, section 7.1).
    """
    ordered = sorted(values)
    count = len(ordered)
    left_out, beyond = 0, 2 * 0.5**count
    while left_out + 1 < count / 2:
        wider = beyond + 2 * math.comb(count, left_out + 1) * 0.5**count
        if 1 - wider < confidence:
            break
        left_out, beyond = left_out + 1, wider
    return Median(
        statistics.median(ordered),
        ordered[left_out],
        ordered[-1 - left_out],
        max(0.0, 1 - beyond),
        ordered[0],
        ordered[-1],
    )


def machine() -> str:
    """This machine's processor, cores, system and Python, in a line for reports."""
    import platform

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = os.getloadavg()[0]
    system = f"{platform.system()} {platform.machine()}"
    return f"{_processor()}, {cores} cores, load {load:.1f} at the start, {system}, Python {platform.python_version()}"


def _processor() -> str:
    """The processor's name, with the matrix instructions in bf16 that it has."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # only Linux has it
        import platform

        return platform.processor() or "unknown processor"
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    told = {key.strip(): value.strip() for key, value in fields.items()}
    bf16 = [name for name in ("avx512_bf16", "amx_bf16") if name in told.get("flags", "").split()]
    return f"{told.get('model name', 'unknown processor')} ({', '.join(bf16) or 'no bf16'})"
