"""Other packages' settings are changed for a while and put back, whatever happens."""

from __future__ import annotations

from threading import Event, Thread
from types import ModuleType

import pytest

from cutsmith.detection.grounding_dino.borrowed_globals import replaced


@pytest.fixture
def module():
    made = ModuleType("made")
    made.kept, made.swapped = 1, 2
    return made


def test_names_are_replaced_inside_the_block_only(module) -> None:
    with replaced(module, swapped=20, added=30):
        assert (module.kept, module.swapped, module.added) == (1, 20, 30)
    assert (module.kept, module.swapped) == (1, 2)
    assert not hasattr(module, "added")


def test_names_are_put_back_after_a_failure(module) -> None:
    with pytest.raises(KeyError), replaced(module, swapped=20, added=30):
        raise KeyError
    assert module.swapped == 2
    assert not hasattr(module, "added")


def test_two_threads_never_borrow_at_once(module) -> None:
    inside, finish, seen = Event(), Event(), []

    def second() -> None:
        with replaced(module, swapped="second"):
            seen.append(module.swapped)

    thread = Thread(target=second)
    with replaced(module, swapped="first"):
        thread.start()
        inside.wait(0.2)
        assert module.swapped == "first"
        assert seen == []
    finish.set()
    thread.join()
    assert seen == ["second"]
    assert module.swapped == 2
