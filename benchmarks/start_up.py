"""Start-up: `python benchmarks/start_up.py`: a bare interpreter, `import cutsmith` and `cutsmith --help`.

Whole processes, interleaved. The bare interpreter's time is part of the other two; the time that `import cutsmith` adds
is printed too, as the difference within each round. The exit code is 1 if one of the project's targets is missed.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from interleaved_runs import RunFailed, interleave, machine, median, run

BARE, IMPORT, HELP = "python -c pass", "python -c 'import cutsmith'", "cutsmith --help"
IMPORT_TARGET = 0.1
HELP_TARGET = 0.3


def verdict(seconds: float, target: float) -> str:
    """Say whether `seconds` are below `target`, for the end of a line."""
    return f"; target below {target}: {'met' if seconds < target else 'MISSED'}"


def main() -> int:
    """Run the three in turn and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=24)
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("--rounds: wanted 1 or more")

    python = sys.executable
    arms = {
        BARE: partial(run, [python, "-c", "pass"]),
        IMPORT: partial(run, [python, "-c", "import cutsmith"]),
        HELP: partial(run, [Path(python).with_name("cutsmith"), "--help"]),
    }
    print(machine())
    try:
        for arm in arms.values():  # not counted: brings the files into memory and compiles them
            arm()
        taken = interleave(arms, options.rounds)
    except (RunFailed, OSError) as error:
        print(f"start_up: {error}", file=sys.stderr)
        return 1
    seconds = {name: [usage.seconds for usage in usages] for name, usages in taken.items()}
    added = median([whole - bare for bare, whole in zip(seconds[BARE], seconds[IMPORT], strict=True)])
    whole_help = median(seconds[HELP])
    print(f"seconds, {options.rounds} rounds")
    print(f"  {BARE:30} {median(seconds[BARE]).text(3)}")
    print(f"  {IMPORT:30} {median(seconds[IMPORT]).text(3)}")
    print(f"  {'  more than the bare one':30} {added.text(3)}{verdict(added.value, IMPORT_TARGET)}")
    print(f"  {HELP:30} {whole_help.text(3)}{verdict(whole_help.value, HELP_TARGET)}")
    return 0 if added.value < IMPORT_TARGET and whole_help.value < HELP_TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
