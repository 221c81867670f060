"""The one way in which the installer stops on purpose."""

from __future__ import annotations

from pathlib import Path

FAILED = 1
USAGE = 2


class InstallFailed(Exception):
    """The installer cannot go on: `what` is wrong, what the user can do (`remedy`), and the exit code."""

    def __init__(self, what: str, remedy: str = "", exit_code: int = FAILED) -> None:
        super().__init__(what, remedy)
        self.what = what
        self.remedy = remedy
        self.exit_code = exit_code

    def __str__(self) -> str:
        return f"{self.what}\n  {self.remedy}" if self.remedy else self.what


def not_ours(place: Path, remedy: str) -> InstallFailed:
    """The failure to raise when `place` holds something that the installer did not make."""
    return InstallFailed(f"{place} is there already, and this installer did not make it.", remedy)
