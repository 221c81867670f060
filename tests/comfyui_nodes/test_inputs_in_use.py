"""A prompt as ComfyUI looks at it: inputs without effect have their defaults, all others are as they were posted."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from comfyui_nodes.inputs_in_use import use_defaults_where_unused, used_if


def declared(name: str, default: Any = None, **conditions: Any) -> SimpleNamespace:
    return SimpleNamespace(id=name, default=default, extra_dict=used_if(**conditions))


class Cut:
    @classmethod
    def define_schema(cls) -> SimpleNamespace:
        inputs = [
            SimpleNamespace(id="image", extra_dict={}),
            SimpleNamespace(id="trimap", extra_dict={}),
            declared("background", "none"),
            declared("color", "#fff", background=["color"]),
            declared("band", 3, trimap=[None]),
        ]
        return SimpleNamespace(node_id="Cut", inputs=inputs)


def inputs_after(**inputs: Any) -> dict[str, Any]:
    posted = {"prompt": {"7": {"class_type": "Cut", "inputs": {"image": ["1", 0], **inputs}}}}
    used: dict[str, Any] = use_defaults_where_unused(posted, [Cut])["prompt"]["7"]["inputs"]
    return used


def test_what_has_no_effect_has_its_default() -> None:
    assert inputs_after(background="none", color="#123", band=9)["color"] == "#fff"
    assert inputs_after(background="color", color="#123", band=9)["color"] == "#123"


def test_prompts_that_mean_the_same_become_the_same() -> None:
    first = inputs_after(background="none", color="#123", band=9)
    assert first == inputs_after(background="none", color="bad", band=9)
    assert first == inputs_after(background="none", band=9)


def test_what_is_left_out_counts_as_its_default() -> None:
    assert inputs_after(color="#123")["color"] == "#fff"


def test_what_another_node_will_say_may_be_anything() -> None:
    assert inputs_after(background=["2", 0], color="#123")["color"] == "#123"


def test_a_condition_may_be_that_nothing_is_connected() -> None:
    assert inputs_after(band=9)["band"] == 9
    assert inputs_after(band=9, trimap=["3", 0])["band"] == 3


@pytest.mark.parametrize(
    "posted",
    [
        {},
        {"prompt": None},
        {"prompt": [1]},
        {"prompt": {"1": None, "2": {}, "3": {"class_type": "Cut", "inputs": None}}},
        {"prompt": {"1": {"class_type": ["Cut"], "inputs": {"color": 1}}}},
        {"prompt": {"1": {"class_type": "Other", "inputs": {"color": "#123", "background": "none"}}}},
    ],
)
def test_everything_else_is_left_as_it_is(posted: dict[str, Any]) -> None:
    before = repr(posted)
    assert repr(use_defaults_where_unused(posted, [Cut])) == before
