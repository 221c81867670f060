"""The workflows that the project ships, as the tests read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "workflows"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


def in_page_format(name: str) -> dict[str, Any]:
    """What ComfyUI's page saves."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def in_api_format(name: str, **inputs: Any) -> dict[str, Any]:
    """What /prompt takes; `inputs` are set on every node that has an input of that name."""
    prompt = json.loads((FOLDER / "api" / f"{name}.json").read_text(encoding="utf-8"))
    for node in prompt.values():
        node["inputs"].update({key: value for key, value in inputs.items() if key in node["inputs"]})
    return prompt


def runnable(name: str, picture: str = "example.png", **inputs: Any) -> dict[str, Any]:
    """The workflow with a picture of the tests, and with the removal model that is on this machine."""
    prompt = in_api_format(name, **inputs)
    for node in prompt.values():
        if node["class_type"] == "LoadImage":
            node["inputs"]["image"] = picture
        if node["class_type"] == "CutsmithRembgCut":
            node["inputs"]["model"] = "default (IS-Net)"
    return prompt


def node_of(prompt: dict[str, Any], kind: str) -> str:
    """The number of the one node of a type."""
    (number,) = (number for number, node in prompt.items() if node["class_type"] == kind)
    return number


def nodes_of(prompt: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The inputs of all nodes of a type."""
    return [node["inputs"] for node in prompt.values() if node["class_type"] == kind]
