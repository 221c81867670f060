"""Sets Cutsmith up: `python3 install.py --help`.

Standard library only. This file also runs on a Python that is too old, to say so; the rest is in installer/.
"""

import os
import sys

NEEDED = (3, 11)


def refusal(found: "tuple[int, ...]") -> str:
    """What to tell somebody whose Python has the version `found`; empty if it is new enough."""
    if tuple(found[:2]) >= NEEDED:
        return ""
    return (
        "Python 3.11 or newer is needed, found "
        + ".".join(str(part) for part in found[:3])
        + " ("
        + str(sys.executable)
        + ").\nStart install.py with a newer one, for example: python3.12 install.py demo"
    )


if __name__ == "__main__":
    too_old = refusal(sys.version_info[:3])
    if too_old:
        sys.exit(too_old)
    # Python is sometimes started in a way that leaves the script's folder out (-P, -I, an embedded Python).
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 (also runs on old Pythons)
    from installer.command_line import main

    sys.exit(main(sys.argv[1:]))
