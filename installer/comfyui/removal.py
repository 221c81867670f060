"""Takes Cutsmith out of the ComfyUIs that `install.py comfyui` set up: the pack, and the product from their Pythons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from installer.comfyui.folder import Interpreter, ask
from installer.comfyui.node_pack import is_ours, remove_pack
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

    @property
    def about_the_rest(self) -> str:
        """How what pip added for the product goes too; empty if nothing is left of it."""
        if self.interpreter is None:
            return ""
        left = [name for name in self.host.added if name in self.interpreter.installed]
        if not left:
            return ""
        python = self.interpreter.python
        return f'What came with it stays; unless others use it by now:  "{python}" -m pip uninstall {" ".join(left)}'


def planned_comfyui_removals(clone: Clone, going: Sequence[Path]) -> list[ComfyUIRemoval]:
    """What to take out of which ComfyUI; those in the folders `going` go with them, and are none of these."""
    planned = []
    for host in _present(going):
        if _is_another_clones(host, clone):
            continue
        pack = Path(host.pack) if host.pack and _may_remove(Path(host.pack), clone) else None
        planned.append(ComfyUIRemoval(host, pack, _interpreter_with_cutsmith(host, clone, going)))
    return planned


def set_up_by_others(clone: Clone, going: Sequence[Path]) -> list[RememberedHost]:
    """The ComfyUIs that another clone, which is still there, set up: its own uninstall takes it out of them."""
    return [host for host in _present(going) if _is_another_clones(host, clone)]


def take_out(removals: Sequence[ComfyUIRemoval], clone: Clone) -> None:
    """Carry the removals out. Raises InstallFailed at the end if pip failed in one; that one is not forgotten."""
    failures = []
    for removal in removals:
        try:
            if removal.interpreter is not None:
                arguments = ["uninstall", "--yes", "cutsmith"]
                run_pip(removal.interpreter.python, arguments, folder=clone.root, doing="removing Cutsmith")
        except InstallFailed as failure:
            failures.append(f"{removal.host.folder}: {failure}")
            continue
        if removal.pack is not None:
            remove_pack(removal.pack)
        forget([removal.host.folder])
        if removal.about_the_rest:
            print(removal.about_the_rest)
    if failures:
        raise InstallFailed("Cutsmith is still in\n" + "\n".join(failures))


def forget_what_is_gone() -> None:
    """Forget the ComfyUIs that are not on the disk any more."""
    forget([host.folder for host in remembered_hosts() if not Path(host.folder).is_dir()])


def _present(going: Sequence[Path]) -> list[RememberedHost]:
    return [
        host
        for host in remembered_hosts()
        if Path(host.folder).is_dir() and not any(Path(host.folder).is_relative_to(folder) for folder in going)
    ]


def _is_another_clones(host: RememberedHost, clone: Clone) -> bool:
    return Path(host.clone) != clone.root and (Path(host.clone) / "install.py").is_file()


def _may_remove(pack: Path, clone: Clone) -> bool:
    """Whether it is our link to this clone, or to one that is gone, or our copy."""
    return is_ours(pack) and not (pack.is_symlink() and pack.exists() and pack.resolve() != clone.root.resolve())


def _interpreter_with_cutsmith(host: RememberedHost, clone: Clone, going: Sequence[Path]) -> Interpreter | None:
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
