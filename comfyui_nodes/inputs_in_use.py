"""Inputs that have no effect with the choices made in others: background_color while background is not color.

Each says so itself in the node's declaration (`used_if`). The page hides it then (web/inputs_in_use.js). A prompt gets
its default in its place before ComfyUI looks at it: ComfyUI takes a node's result from its cache only if all inputs are
as they were, whether they matter or not.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from comfy_api.latest import io

Conditions = Mapping[str, Sequence[str | None]]
"""For each other input the values with which this one has an effect; None stands for an input that is not connected."""

_KEY = "used_if"


def used_if(**conditions: Sequence[str | None]) -> dict[str, Any]:
    """What an input's declaration takes as `extra_dict`: the input has an effect only under all `conditions`."""
    return {_KEY: {name: list(values) for name, values in conditions.items()}}


class _Input(NamedTuple):
    default: Any
    conditions: Conditions


def use_defaults_where_unused(posted: dict[str, Any], nodes: Iterable[type[io.ComfyNode]]) -> dict[str, Any]:
    """In a `posted` prompt, which is changed, give each input of our `nodes` that has no effect its default."""
    prompt = posted.get("prompt")
    for node in prompt.values() if isinstance(prompt, dict) else ():
        given = node.get("inputs") if isinstance(node, dict) else None
        if isinstance(given, dict):
            for name, default in _unused(given, _declared(tuple(nodes)).get(str(node.get("class_type")), {})):
                given[name] = default
    return posted


def watch_prompts(nodes: Sequence[type[io.ComfyNode]]) -> None:
    """Make ComfyUI's server, if there is one, pass each prompt through `use_defaults_where_unused`."""
    server = getattr(sys.modules.get("server"), "PromptServer", None)
    running = getattr(server, "instance", None)
    if running is not None:
        running.add_on_prompt_handler(lambda posted: use_defaults_where_unused(posted, nodes))


def _unused(given: Mapping[str, Any], declared: Mapping[str, _Input]) -> list[tuple[str, Any]]:
    """The names and defaults of the inputs that have no effect beside the others that are `given`."""

    def meets(name: str, values: Sequence[str | None]) -> bool:
        value = given.get(name, declared[name].default if name in declared else None)
        # The value of another node is not known yet.
        return None not in values if isinstance(value, list) else value in values

    return [
        (title, each.default)
        for title, each in declared.items()
        if not all(meets(name, values) for name, values in each.conditions.items())
    ]


@cache
def _declared(nodes: tuple[type[io.ComfyNode], ...]) -> dict[str, dict[str, _Input]]:
    """The inputs of each node with a default, by the node's id."""
    schemas = [node.define_schema() for node in nodes]
    return {
        schema.node_id: {
            each.id: _Input(each.default, (each.extra_dict or {}).get(_KEY, {}))
            for each in schema.inputs
            if hasattr(each, "default")
        }
        for schema in schemas
    }
