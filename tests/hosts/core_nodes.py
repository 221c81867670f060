"""ComfyUI's own nodes, made ready to run from what `/object_info` says of them: defaults, and links where needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

Link = list[Any]
Inputs = dict[str, Any]
# What a node can be given without a model, as nodes in API format.
STOCK: Mapping[str, dict[str, Any]] = {
    "stock_image": {"class_type": "LoadImage", "inputs": {"image": "example.png"}},
    "stock_mask": {"class_type": "LoadImageMask", "inputs": {"image": "painted.png", "channel": "alpha"}},
    "stock_box": {"class_type": "PrimitiveBoundingBox", "inputs": {"x": 100, "y": 20, "width": 300, "height": 260}},
    "stock_boxes": {
        "class_type": "CreateBoundingBoxes",
        "inputs": {"width": 448, "height": 304, "editor_state": {"__value__": []}, "bboxes": ["stock_box", 0]},
    },
    "stock_latent": {"class_type": "EmptyLatentImage", "inputs": {"width": 448, "height": 296, "batch_size": 1}},
    "stock_audio": {"class_type": "EmptyAudio", "inputs": {"duration": 1.0, "sample_rate": 44100, "channels": 2}},
    "stock_vae": {"class_type": "VAELoader", "inputs": {"vae_name": "pixel_space"}},
    "stock_number": {"class_type": "PrimitiveInt", "inputs": {"value": 3}},
    "stock_text": {"class_type": "PrimitiveString", "inputs": {"value": "a cat"}},
}
_OF_STOCK: Mapping[str, Link] = {
    "IMAGE": ["stock_image", 0],
    "MASK": ["stock_mask", 0],
    "BOUNDING_BOX": ["stock_box", 0],
    "LATENT": ["stock_latent", 0],
    "AUDIO": ["stock_audio", 0],
    "VAE": ["stock_vae", 0],
    "INT": ["stock_number", 0],
    "STRING": ["stock_text", 0],
}
_WIDGETS: Mapping[str, Any] = {
    "STRING": "",
    "INT": 0,
    "FLOAT": 0.0,
    "BOOLEAN": False,
    "COLOR": "#ffffff",
    "IMAGECOMPARE": "",
}


class Taker(NamedTuple):
    """An input of one of ComfyUI's own nodes that takes a type of ours."""

    node: str
    input: str


class CannotBeGiven(Exception):
    """A required input has a type, or wants a file, that there is none of without a model or a file of the user's."""


def takers(nodes: Mapping[str, Any], kind: str) -> Iterator[Taker]:
    """Each input among ComfyUI's own `nodes` that takes `kind` by a link."""
    for name, info in sorted(nodes.items()):
        if not name.startswith("Cutsmith"):
            for title, spec in _flat({**info["input"].get("required", {}), **info["input"].get("optional", {})}):
                if kind in _kinds(spec) and not _is_widget(spec):
                    yield Taker(name, title)


def ready(info: Mapping[str, Any], title: str, given: Link) -> Inputs:
    """The inputs of the node `info`: `given` for the input `title`, and something fitting for all others it requires.

    Raises:
        CannotBeGiven: with the type that is missing.
    """
    required = {
        name: spec
        for name, spec in info["input"].get("required", {}).items()
        if spec[0] != "COMFY_AUTOGROW_V3" or spec[1]["template"].get("min")
    }
    inputs = {name: _something(spec) for name, spec in _flat(required) if name != title}
    return {**inputs, title: given}


def _flat(declared: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The inputs by their names in a prompt: the first choice of a dynamic one, and the first of a growing row."""
    for name, spec in declared.items():
        kind, settings = spec[0], spec[1] if len(spec) > 1 else {}
        if kind == "COMFY_DYNAMICCOMBO_V3":
            first = settings["options"][0]
            yield name, ["STRING", {"default": first["key"]}]
            for inner, spec_of_inner in _flat(first["inputs"].get("required", {})):
                yield f"{name}.{inner}", spec_of_inner
        elif kind == "COMFY_AUTOGROW_V3":
            template = settings["template"]
            (spec_of_each,) = template["input"].get("required", template["input"].get("optional", {})).values()
            first_name = f"{template['prefix']}0" if "prefix" in template else template["names"][0]
            yield f"{name}.{first_name}", spec_of_each
        else:
            yield name, spec


def _kinds(spec: Any) -> list[str]:
    kind, settings = spec[0], spec[1] if len(spec) > 1 else {}
    if kind == "COMFY_MATCHTYPE_V3":
        return str(settings["template"]["allowed_types"]).replace("*", "IMAGE,MASK,BOUNDING_BOX,INT").split(",")
    if kind == "*":
        return ["IMAGE", "MASK", "BOUNDING_BOX", "INT"]
    return kind.split(",") if isinstance(kind, str) else ["COMBO"]


def _is_widget(spec: Any) -> bool:
    """Whether the page has a field for it; a number in a field may be anything, and is no socket."""
    settings = spec[1] if len(spec) > 1 else {}
    return set(_kinds(spec)) <= {"COMBO", *_WIDGETS} and not settings.get("forceInput")


def _something(spec: Any) -> Any:
    kinds, settings = _kinds(spec), spec[1] if len(spec) > 1 else {}
    if _is_widget(spec):
        choices = settings.get("options", spec[0] if isinstance(spec[0], list) else None)
        if choices == []:
            raise CannotBeGiven("a file")
        value = settings.get("default", choices[0] if choices else _WIDGETS.get(kinds[0]))
        # A list would be taken for a link.
        return {"__value__": value} if isinstance(value, list) else value
    if "default" in settings and kinds[0] not in _OF_STOCK:
        value = settings["default"]
        return {"__value__": value} if isinstance(value, list) else value
    for kind in kinds:
        if kind in _OF_STOCK:
            return _OF_STOCK[kind]
    raise CannotBeGiven(kinds[0])
