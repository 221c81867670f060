"""The desk where workers ask for their next unit: an actor of Ray's, because no worker can reach the driver itself.

A worker waits there until the driver has told the manifest that the work on its unit begins. Nothing is kept here: if
the process of the desk is killed, Ray starts another, and all who waited ask again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cutsmith.batch.unit import Unit


@dataclass(frozen=True)
class Assignment:
    """A unit that a worker is to do now.

    Attributes:
        unit: the unit.
        setup: its setup as the driver has it; None if the driver cannot open its models either.
        weights: what the driver's models for it are.
    """

    unit: Unit
    setup: str | None
    weights: Mapping[str, str]


class Desk:
    """Brings together workers, who ask, and the driver, who answers. All of its methods run in one event loop."""

    def __init__(self) -> None:
        self._waiting: dict[int, deque[asyncio.Future[Assignment | None]]] = {}
        self._asked: asyncio.Queue[int] | None = None

    async def begin(self, number: int) -> Assignment | None:
        """For workers: the unit `number`, once its work may begin; None if it is not to be done."""
        answer: asyncio.Future[Assignment | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(number, deque()).append(answer)
        self._questions.put_nowait(number)
        return await answer

    async def asked(self) -> list[int]:
        """For the driver: the numbers of the units that were asked for, once there is one."""
        found = [await self._questions.get()]
        while not self._questions.empty():
            found.append(self._questions.get_nowait())
        return found

    async def answer(self, answers: Sequence[tuple[int, Assignment | None]]) -> None:
        """For the driver: let those who wait for these units begin."""
        for number, assignment in answers:
            waiting = self._waiting.get(number)
            if waiting:
                waiting.popleft().set_result(assignment)

    @property
    def _questions(self) -> asyncio.Queue[int]:
        # Made in the loop that it belongs to.
        self._asked = self._asked or asyncio.Queue()
        return self._asked
