"""Takes Cutsmith out of the ComfyUIs that `install.py comfyui` set up: the pack, and the product from their Pythons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from installer.comfyui.node_pack import is_ours, remove_pack
from installer.environment.interpreter import Interpreter, ask
from installer.environment.pip_command import run_pip
from installer.failure import InstallFailed
from installer.folders import Clone
from installer.host_memory import RememberedHost, forget, remembered_hosts


@dataclass(frozen=True)
class ComfyUIRemoval:
    """What leaves one ComfyUI: its `pack` in custom_nodes, and the product from its `interpreter`; None: nothing."""

    host: RememberedHost
    pack: Path | None
    interpreter: Interpreter | None

    @property
    def words(self) -> list[str]:
        """What will be done, a line each."""
        words = []
        if self.pack is not None:
            words.append(f"{self.pack}  ({'the link only' if self.pack.is_symlink() else 'a copy'})")
        if self.interpreter is not None:
            words.append(f"cutsmith from {self.interpreter.python}  (pip uninstall)")
        return words

    def take_out(self, clone: Clone) -> None:
        """Do it, and forget this ComfyUI. Raises InstallFailed where pip failed; then nothing else was done."""
        if self.interpreter is not None:
            python, arguments = self.interpreter.python, ["uninstall", "--yes", "cutsmith"]
            run_pip(python, arguments, folder=clone.root, doing="removing Cutsmith")
            left = [name for name in self.host.added if name in self.interpreter.installed]
            if left:
                uninstall = f'"{python}" -m pip uninstall {" ".join(left)}'
                print(f"What came with it stays; unless others use it by now:  {uninstall}")
        if self.pack is not None:
            remove_pack(self.pack)
        forget([self.host.folder])


def comfyuis_left(going: Sequence[Path]) -> list[RememberedHost]:
    """The ComfyUIs that are remembered and there, without those in the folders `going`, which go with them."""
    return [
        host
        for host in remembered_hosts()
        if Path(host.folder).is_dir() and not any(Path(host.folder).is_relative_to(folder) for folder in going)
    ]


def planned_comfyui_removals(clone: Clone, going: Sequence[Path]) -> list[ComfyUIRemoval]:
    """What to take out of which ComfyUI; those that another clone set up are none of these."""
    return [
        ComfyUIRemoval(host, _pack(host, clone), _interpreter(host, clone, going))
        for host in comfyuis_left(going)
        if not clone.is_left_to(Path(host.clone))
    ]


def take_out(removals: Sequence[ComfyUIRemoval], clone: Clone) -> None:
    """Carry the removals out. Raises InstallFailed at the end if pip failed in one; that one is not forgotten."""
    failures = []
    for removal in removals:
        try:
            removal.take_out(clone)
        except InstallFailed as failure:
            failures.append(f"{removal.host.folder}: {failure}")
    if failures:
        raise InstallFailed("Cutsmith is still in\n" + "\n".join(failures))


def forget_what_is_gone() -> None:
    """Forget the ComfyUIs that are not on the disk any more."""
    forget([host.folder for host in remembered_hosts() if not Path(host.folder).is_dir()])


def _pack(host: RememberedHost, clone: Clone) -> Path | None:
    """Its pack, if that is our link to this clone, or to one that is gone, or our copy."""
    pack = Path(host.pack)
    if not host.pack or not is_ours(pack):
        return None
    is_elsewhere = pack.is_symlink() and pack.exists() and pack.resolve() != clone.root.resolve()
    return None if is_elsewhere else pack


def _interpreter(host: RememberedHost, clone: Clone, going: Sequence[Path]) -> Interpreter | None:
    """Its Python, if that has a Cutsmith from this clone or from one that is gone, and pip can be run with it."""
    python = Path(host.python)
    if any(python.is_relative_to(folder) for folder in going):
        return None
    try:
        interpreter = ask(python)
    except InstallFailed:
        return None
    source = interpreter.cutsmith_source
    return interpreter if source is not None and (source == clone.root or not source.exists()) else None
