"""Whole processes, run in turn and compared, and medians with an interval that assumes no distribution.

Runs are interleaved and their order changes from round to round, so that other work on the machine affects all
of them alike. Ratios are taken within a round. This works on POSIX only, because it uses `os.wait4`.
"""

from __future__ import annotations

import math
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import IO


class RunFailed(Exception):
    """The exit code of a measured process was not 0."""


@dataclass(frozen=True)
class Usage:
    """The time and memory of one process, from before its start until its end.

    Attributes:
        seconds: on the clock.
        cpu_seconds: of all its threads, in user and in kernel mode.
        peak_bytes: the most memory that it, or the largest of its children, held at once.
        output: what it printed on standard output.
        exit_code: how it ended.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    output: str
    exit_code: int = 0


def run(
    command: Sequence[str | Path], environment: Mapping[str, str] | None = None, exit_codes: Collection[int] = (0,)
) -> Usage:
    """Run `command` in the current folder and wait for its end; `environment` None means this process's own.

    On Linux the peak includes what this process held when it started the other one: keep it small beside the other.

    Raises:
        RunFailed: the command ended with none of `exit_codes`; has the command and its last output.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment)
        _, status, used = os.wait4(process.pid, 0)
        seconds = perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in exit_codes:
            said = "\n".join((_text(err) or _text(out)).strip().splitlines()[-12:])
            raise RunFailed(f"{' '.join(map(str, command))} ended with exit code {process.returncode}:\n{said}")
        peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        return Usage(seconds, used.ru_utime + used.ru_stime, peak, _text(out), process.returncode)


def _text(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode(errors="replace")


def interleave(arms: Mapping[str, Callable[[], Usage]], rounds: int) -> dict[str, list[Usage]]:
    """Run each arm once per round, starting with another arm each time; return usages by name, in order of rounds."""
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
    """Keep one line of a terminal up to date; an empty `text` clears it. Without a terminal, nothing is shown."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Median:
    """A median, an interval for it, and the smallest and largest value that was seen.

    Attributes:
        coverage: the probability with which such an interval holds the true median; below 0.95 only if there are
            fewer than 6 values, and the interval spans all of them.
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
    """This machine's processor, cores, system and Python, as one line for reports."""
    import platform

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = os.getloadavg()[0]
    system = f"{platform.system()} {platform.machine()}"
    return f"{_processor()}, {cores} cores, load {load:.1f} at the start, {system}, Python {platform.python_version()}"


def _processor() -> str:
    """The processor's name, and its matrix instructions for bf16."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # only Linux has it
        import platform

        return platform.processor() or "unknown processor"
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    told = {key.strip(): value.strip() for key, value in fields.items()}
    bf16 = [name for name in ("avx512_bf16", "amx_bf16") if name in told.get("flags", "").split()]
    return f"{told.get('model name', 'unknown processor')} ({', '.join(bf16) or 'no bf16'})"
