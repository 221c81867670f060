"""Is the engine here, in the version that this pack was written for, and is ComfyUI new enough?"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

ENGINE_VERSION = "0.1.0"
# The first whose nodes have `search_aliases`, advanced inputs and bounding boxes.
OLDEST_COMFYUI = (0, 30, 0)

_ROOT = Path(__file__).resolve().parent.parent


class EngineMismatch(ImportError):
    """The pack cannot run here; the message says why, and the command that mends it."""


def require_engine() -> None:
    """Let the pack be loaded only where it can run.

    Raises:
        EngineMismatch: the engine `cutsmith` is missing or of another version, or ComfyUI is too old.
    """
    comfyui = _comfyui_version()
    if comfyui is not None and comfyui.lstrip("v")[:1].isdigit() and _release(comfyui) < OLDEST_COMFYUI:
        wanted = ".".join(map(str, OLDEST_COMFYUI))
        raise EngineMismatch(f"Cutsmith's nodes need ComfyUI {wanted} or newer, found {comfyui}. Update ComfyUI.")
    try:
        found = import_module("cutsmith").__version__
    except (ImportError, AttributeError) as error:
        # The second: a folder called cutsmith somewhere on the path, which is no engine.
        raise EngineMismatch(
            f"Cutsmith's engine is not installed in ComfyUI's Python ({error}). Install it, then restart ComfyUI:\n"
            f"  {install_command()}"
        ) from error
    if found != ENGINE_VERSION:
        raise EngineMismatch(
            f"Cutsmith's engine has the version {found}, and its nodes want {ENGINE_VERSION}. Install the engine that "
            f"belongs to them, then restart ComfyUI:\n  {install_command()}"
        )


def install_command(*options: str) -> str:
    """The command that installs the engine into ComfyUI's Python, with `options` of install.py."""
    installer = _ROOT / "install.py"
    # A copy of the pack, as it is made where links are refused, has none.
    place = "" if installer.is_file() else "   in the clone of Cutsmith that the pack was copied from"
    words = " ".join([f'"{sys.executable}"', f'"{installer if installer.is_file() else "install.py"}"', *options])
    return f"{words}{place}"


def _comfyui_version() -> str | None:
    try:
        return str(import_module("comfyui_version").__version__)
    except (ImportError, AttributeError):
        # Not ComfyUI's own tree: another program that speaks its node API.
        return None


def _release(version: str) -> tuple[int, ...]:
    """The leading numbers, three of them: "0.30", "0.30.0" and "0.30.0-dev" are (0, 30, 0)."""
    numbers: list[int] = []
    for part in version.lstrip("v").split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(int(digits))
    return tuple([*numbers, 0, 0, 0][:3])
