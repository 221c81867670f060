"""Checks that the engine is installed in the version that this pack needs, and that ComfyUI is new enough."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from .shell_commands import python_command

ENGINE_VERSION = "0.1.0"
# The first version whose nodes have `search_aliases`, advanced inputs and bounding boxes.
OLDEST_COMFYUI = (0, 30, 0)

_ROOT = Path(__file__).resolve().parent.parent
_PACKS_NAME = "ComfyUI-Cutsmith"


class EngineMismatch(ImportError):
    """The pack cannot run here. The message says why, and gives the command that fixes it."""


class EngineHidden(EngineMismatch):
    """Python finds something else under the engine's name, such as the pack's own folder in custom_nodes."""


def require_engine() -> None:
    """Check that the pack can run here.

    Raises:
        EngineHidden: what Python finds under the engine's name is not the engine.
        EngineMismatch: the engine `cutsmith` is missing or has another version, or ComfyUI is too old.
    """
    comfyui = _comfyui_version()
    if comfyui is not None and comfyui.lstrip("v")[:1].isdigit() and _release(comfyui) < OLDEST_COMFYUI:
        wanted = ".".join(map(str, OLDEST_COMFYUI))
        raise EngineMismatch(f"Cutsmith's nodes need ComfyUI {wanted} or newer, but found {comfyui}. Update ComfyUI.")
    _refuse_another_module()
    try:
        found = import_module("cutsmith").__version__
    except ImportError as error:
        raise EngineMismatch(
            f"Cutsmith's engine is not installed in ComfyUI's Python ({error}). Install it, then restart ComfyUI:\n"
            f"  {install_command()}"
        ) from error
    if found != ENGINE_VERSION:
        raise EngineMismatch(
            f"Cutsmith's engine must have version {ENGINE_VERSION} for these nodes, but it has {found}. Install the "
            f"matching engine, then restart ComfyUI:\n  {install_command()}"
        )


def _refuse_another_module() -> None:
    """Refuse a module that has the engine's name and is not the engine. It is only looked for, never run."""
    try:
        spec = find_spec("cutsmith")
    except ImportError:  # a finder of the host's own refuses it: what imports it tells
        return
    if spec is None:
        return
    if spec.origin is None:
        # A folder without an __init__.py. Python takes it only where it finds nothing better: no engine is installed.
        folders = ", ".join(spec.submodule_search_locations or ())
        raise EngineHidden(
            f"Cutsmith's engine is not installed in ComfyUI's Python: there is only a folder of its name ({folders}). "
            f"Install it, then restart ComfyUI:\n  {install_command()}"
        )
    folder = Path(spec.origin).parent
    if (folder / "version.py").is_file():
        return
    if (folder / "comfyui_nodes").is_dir():
        cure = f"Rename this folder to {_PACKS_NAME}, then restart ComfyUI. If install.py made it, run:"
    else:
        cure = f"Rename it, or take {folder.parent} off Python's path, then restart ComfyUI. If the engine is missing:"
    raise EngineHidden(
        f"{folder} hides Cutsmith's engine: it has the engine's name, and {folder.parent} is on Python's path. {cure}\n"
        f"  {install_command()}"
    )


def install_command(*options: str) -> str:
    """The command that installs the engine into ComfyUI's Python; `options` are for install.py."""
    installer = _ROOT / "install.py"
    if installer.is_file():
        return python_command(str(installer), *options)
    # A copy of the pack (made where links are not possible) has no installer.
    return python_command("install.py", *options) + "   in the Cutsmith clone that the pack was copied from"


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
