"""What the engine warns of in a run of a node: said once on the console, and told beside the previews."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest

from comfyui_nodes.notices import Notices
from cutsmith.cures import lower
from cutsmith.errors import Notice

PREVIEWS = SimpleNamespace(as_dict=lambda: {"images": ["one"]})


def test_each_is_said_once_and_told_in_order_and_in_the_nodes_words(caplog: pytest.LogCaptureFixture) -> None:
    notices = Notices()
    with caplog.at_level(logging.WARNING):
        notices.tell(["No solution in x 1-2.", Notice("Too few boxes.", lower("box_threshold"))])
        notices.tell(("No solution in x 1-2.",))
        notices.say("Nothing was found.")
    told = ["No solution in x 1-2.", "Too few boxes. Lower box_threshold.", "Nothing was found."]
    assert [record.getMessage() for record in caplog.records] == [f"Cutsmith: {each}" for each in told]
    assert notices.with_previews(PREVIEWS) == {"images": ["one"], "text": told}


def test_without_notices_a_node_shows_its_previews_alone() -> None:
    notices = Notices()
    notices.tell(())
    assert notices.with_previews(PREVIEWS) == {"images": ["one"]}
