"""Compares requirements with an environment: what is missing, what is too old, and what must keep its version.

It understands the forms that pyproject.toml uses: a name, extras, a lower bound, a marker.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from installer.environment.python_facts import normalised

# Requirements that several distributions provide, all under one module: whichever is there must not get a rival, since
# two of them share a folder and the second breaks the first. (SAM 2 and Grounding DINO have other names where they were
# installed from their authors' repositories.)
MODULE_OF = {
    "groundingdino-py": "groundingdino",
    "onnxruntime": "onnxruntime",
    "opencv-python-headless": "cv2",
    "sam2": "sam2",
}

# PEP 440, loosely: newer pips reject a whole constraints file for one invalid version.
VERSION = re.compile(r"\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?(\+[a-z0-9]+([._-][a-z0-9]+)*)?", re.IGNORECASE)


def name_of(requirement: str) -> str:
    """The normalised name that a requirement begins with; empty if it begins with none."""
    match = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", requirement)
    return normalised(match[0]) if match else ""


def constraints(installed: dict[str, str]) -> list[str]:
    """The lines of a constraints file that keeps every installed package except Cutsmith at its version."""
    return [
        f"{name}=={version}"
        for name, version in sorted(installed.items())
        if name != "cutsmith" and VERSION.fullmatch(version)
    ]


def unmet(requirements: Iterable[str], installed: dict[str, str], importable: Callable[[str], bool]) -> list[str]:
    """The requirements that are met neither by a package of that name nor by another that provides its module."""
    rivals = rivals_of_installed(installed, importable)
    return [
        requirement
        for requirement in requirements
        if name_of(requirement) not in installed and name_of(requirement) not in rivals
    ]


def rivals_of_installed(installed: dict[str, str], importable: Callable[[str], bool]) -> set[str]:
    """The distributions that must not be installed because another one already provides their module."""
    return {name for name, module in MODULE_OF.items() if name not in installed and importable(module)}


def outdated(requirements: Iterable[str], installed: dict[str, str]) -> list[tuple[str, str]]:
    """(requirement, installed version) for each installed package below the requirement's lower bound."""
    return [
        (requirement.partition(";")[0].strip(), installed[name])
        for requirement, name in ((r, name_of(r)) for r in requirements)
        if name in installed and _release(installed[name]) < _lower_bound(requirement)
    ]


def _lower_bound(requirement: str) -> tuple[int, ...]:
    match = re.search(r">=\s*([\d.]+)", requirement.partition(";")[0])
    return _release(match[1]) if match else ()


def _release(version: str) -> tuple[int, ...]:
    """The numbers of a version, without trailing zeros: "2.0" and "2.0.0+cu121" are both (2,)."""
    match = re.match(r"\d+(\.\d+)*", version)
    numbers = [int(part) for part in match[0].split(".")] if match else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
