"""Checks that the engine is installed in the version that this pack needs, and that ComfyUI is new enough."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

ENGINE_VERSION = "0.1.0"
# The first version whose nodes have `search_aliases`, advanced inputs and bounding boxes.
OLDEST_COMFYUI = (0, 30, 0)

_ROOT = Path(__file__).resolve().parent.parent


class EngineMismatch(ImportError):
    """The pack cannot run here. The message says why, and gives the command that fixes it."""


def require_engine() -> None:
    """Check that the pack can run here.

    Raises:
        EngineMismatch: the engine `cutsmith` is missing or has another version, or ComfyUI is too old.
    """
    comfyui = _comfyui_version()
    if comfyui is not None and comfyui.lstrip("v")[:1].isdigit() and _release(comfyui) < OLDEST_COMFYUI:
        wanted = ".".join(map(str, OLDEST_COMFYUI))
        raise EngineMismatch(f"Cutsmith's nodes need ComfyUI {wanted} or newer, but found {comfyui}. Update ComfyUI.")
    try:
        found = import_module("cutsmith").__version__
    except (ImportError, AttributeError) as error:
        # AttributeError: there is a folder called cutsmith on the path, but it is not the engine.
        raise EngineMismatch(
            f"Cutsmith's engine is not installed in ComfyUI's Python ({error}). Install it, then restart ComfyUI:\n"
            f"  {install_command()}"
        ) from error
    if found != ENGINE_VERSION:
        raise EngineMismatch(
            f"Cutsmith's engine must have version {ENGINE_VERSION} for these nodes, but it has {found}. Install the "
            f"matching engine, then restart ComfyUI:\n  {install_command()}"
        )


def install_command(*options: str) -> str:
    """The command that installs the engine into ComfyUI's Python; `options` are for install.py."""
    installer = _ROOT / "install.py"
    # A copy of the pack (made where links are not possible) has no installer.
    place = "" if installer.is_file() else "   in the Cutsmith clone that the pack was copied from"
    words = " ".join([f'"{sys.executable}"', f'"{installer if installer.is_file() else "install.py"}"', *options])
    return f"{words}{place}"


def _comfyui_version() -> str | None:
    try:
        return str(import_module("comfyui_version").__version__)
    except (ImportError, AttributeError):
        # This is not ComfyUI itself, but another program with its node API.
        return None


def _release(version: str) -> tuple[int, ...]:
    """The first three numbers of a version: "0.30", "0.30.0" and "0.30.0-dev" all give (0, 30, 0)."""
    numbers: list[int] = []
    for part in version.lstrip("v").split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(int(digits))
    return tuple([*numbers, 0, 0, 0][:3])
