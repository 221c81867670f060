"""Removes Cutsmith from the ComfyUIs that `install.py comfyui` set up: the pack, and the package in their Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from installer.comfyui.node_pack import entries_in, is_ours, remove_pack
from installer.comfyui.samples import placed_samples
from installer.environment.interpreter import Interpreter, ask
from installer.environment.pip_command import run_pip
from installer.failure import InstallFailed
from installer.folders import Clone
from installer.host_memory import RememberedHost, forget, remembered_hosts


@dataclass(frozen=True)
class ComfyUIRemoval:
    """What to remove from one ComfyUI: the `packs` in custom_nodes, the `samples` in its input folder, and the package
    in `interpreter`, if not None."""

    host: RememberedHost
    packs: tuple[Path, ...]
    samples: tuple[Path, ...]
    interpreter: Interpreter | None

    @property
    def words(self) -> list[str]:
        """One line for each thing that will be removed."""
        words = [f"{pack}  ({'the link only' if pack.is_symlink() else 'a copy'})" for pack in self.packs]
        if self.samples:
            words.append(f"{self.samples[0].parent}: {', '.join(sample.name for sample in self.samples)}")
        if self.interpreter is not None:
            words.append(f"cutsmith from {self.interpreter.python}  (pip uninstall)")
        return words

    def take_out(self, clone: Clone) -> None:
        """Remove it and forget this ComfyUI. Raises InstallFailed if pip fails; then nothing else has been removed."""
        if self.interpreter is not None:
            python, arguments = self.interpreter.python, ["uninstall", "--yes", "cutsmith"]
            run_pip(python, arguments, folder=clone.root, doing="removing Cutsmith")
            left = [name for name in self.host.added if name in self.interpreter.installed]
            if left:
                uninstall = f'"{python}" -m pip uninstall {" ".join(left)}'
                print(f"What came with it stays; unless others use it by now:  {uninstall}")
        for pack in self.packs:
            remove_pack(pack)
        for sample in self.samples:
            sample.unlink()
        forget([self.host.folder])


def comfyuis_left(going: Sequence[Path]) -> list[RememberedHost]:
    """The remembered ComfyUIs that still exist and are not inside the folders `going`, which are removed whole."""
    return [
        host
        for host in remembered_hosts()
        if Path(host.folder).is_dir() and not any(Path(host.folder).is_relative_to(folder) for folder in going)
    ]


def planned_comfyui_removals(clone: Clone, going: Sequence[Path]) -> list[ComfyUIRemoval]:
    """What to remove from which ComfyUI, except from those that another clone set up."""
    return [
        ComfyUIRemoval(
            host, _packs(host, clone), tuple(placed_samples(Path(host.folder), clone)), _interpreter(host, clone, going)
        )
        for host in comfyuis_left(going)
        if not clone.is_left_to(Path(host.clone))
    ]


def take_out(removals: Sequence[ComfyUIRemoval], clone: Clone) -> None:
    """Carry out the removals. Raises InstallFailed at the end if pip failed in any; those stay remembered."""
    failures = []
    for removal in removals:
        try:
            removal.take_out(clone)
        except InstallFailed as failure:
            failures.append(f"{removal.host.folder}: {failure}")
    if failures:
        raise InstallFailed("Cutsmith is still in\n" + "\n".join(failures))


def forget_what_is_gone() -> None:
    """Forget the ComfyUIs that no longer exist."""
    forget([host.folder for host in remembered_hosts() if not Path(host.folder).is_dir()])


def _packs(host: RememberedHost, clone: Clone) -> tuple[Path, ...]:
    """Our copies and links in its custom_nodes, except links that lead to another clone that still exists."""
    recorded = [Path(host.pack)] if host.pack and is_ours(Path(host.pack)) else []
    found = dict.fromkeys([*recorded, *entries_in(Path(host.folder) / "custom_nodes")])
    return tuple(
        pack for pack in found if not (pack.is_symlink() and pack.exists() and pack.resolve() != clone.root.resolve())
    )


def _interpreter(host: RememberedHost, clone: Clone, going: Sequence[Path]) -> Interpreter | None:
    """Its Python, if it runs and has a Cutsmith from this clone or from one that no longer exists."""
    python = Path(host.python)
    if any(python.is_relative_to(folder) for folder in going):
        return None
    try:
        interpreter = ask(python)
    except InstallFailed:
        return None
    source = interpreter.cutsmith_source
    return interpreter if source is not None and (source == clone.root or not source.exists()) else None
