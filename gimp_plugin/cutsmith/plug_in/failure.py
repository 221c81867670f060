"""The plug-in's errors: each says what happened and what the user can do about it."""

from __future__ import annotations


class CutFailed(Exception):
    """The run failed and nothing was changed: `what` happened, and the `remedy` if there is one."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what, remedy)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}\n\n{self.remedy}" if self.remedy else self.what


class EngineMissing(CutFailed):
    """The engine is not installed, is gone, or is another version's."""


class NothingFound(CutFailed):
    """The engine found no subject."""


class PictureLost(CutFailed):
    """The engine does not have the picture any more that was opened for the dialog: it has to be opened again."""
