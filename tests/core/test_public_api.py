"""The public names, their parameters and members are those of public_api.json, and README uses no other."""

from __future__ import annotations

import json
import re
from pathlib import Path

import cutsmith
from tests.core.public_api import COMMAND, KEPT, public_api

README = Path(__file__).parents[2] / "README.md"


def differences(kept: object, now: object, where: str = "") -> list[str]:
    """The places at which two trees of JSON differ, in words."""
    if isinstance(kept, dict) and isinstance(now, dict):
        return [
            line
            for name in sorted(kept.keys() | now.keys())
            for line in differences(kept.get(name), now.get(name), f"{where}.{name}".strip("."))
        ]
    if kept == now:
        return []
    if isinstance(kept, list) and isinstance(now, list) and set(kept) != set(now):
        gone = [f"{where}: gone: {line}" for line in kept if line not in now]
        return gone + [f"{where}: new: {line}" for line in now if line not in kept]
    return [f"{where}: was {kept}, is {now}"]


def test_the_public_api_is_the_one_that_is_written_down() -> None:
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    found = differences(kept, json.loads(json.dumps(public_api())))
    assert found == [], "\n".join([*found, f"If that is meant: {COMMAND}, and a line in CHANGELOG.md"])


def test_a_name_a_parameter_and_a_default_that_change_are_noticed() -> None:
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    changed = json.loads(KEPT.read_text(encoding="utf-8"))
    del changed["names"]["Box"]
    changed["names"]["refine_mask"]["parameters"].append("surprise: int = 3")
    changed["names"]["Cutout"]["members"]["save"]["returns"] = "None"
    assert len(differences(kept, changed)) == 3
    assert differences(kept, kept) == []


def test_every_name_that_readme_imports_is_public() -> None:
    imported = re.findall(r"^from cutsmith import (.+)$", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert imported
    for line in imported:
        for name in line.split(", "):
            assert name in cutsmith.__all__
