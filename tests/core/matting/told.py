"""A watch that keeps what it is told."""

from __future__ import annotations


class Told:
    """A watch that keeps what it is told."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def check(self) -> None: ...

    def warn(self, text: str) -> None:
        self.warnings.append(text)
