"""`install.py comfyui FOLDER`: puts the node pack into a ComfyUI and Cutsmith into its Python."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from installer.comfyui.folder import find_comfyui, find_interpreter
from installer.comfyui.node_pack import Entry, Placed, check_place, place_pack
from installer.comfyui.samples import place_samples
from installer.environment.interpreter import Interpreter, ask
from installer.failure import FAILED, InstallFailed
from installer.folders import Clone
from installer.host_memory import RememberedHost, remember, remembered_hosts


def install_into_comfyui(
    clone: Clone,
    folder: Path,
    *,
    python: Path | None = None,
    extras: Sequence[str] = (),
    constraint_files: Sequence[Path] = (),
    quiet: bool = False,
) -> None:
    """Install Cutsmith with `extras` into the ComfyUI in `folder`, and put the pack and its sample pictures there.

    `python` is ComfyUI's; None looks for it. `constraint_files` set the versions of what is added. With `quiet`, a run
    that has nothing to do prints nothing. Raises InstallFailed if there is no ComfyUI, if its Python is not found, if
    something else is in the pack's place, or if pip fails; custom_nodes then stays as it was.
    """
    comfyui = find_comfyui(folder)
    interpreter = find_interpreter(comfyui, python, clone)
    check_place(comfyui / "custom_nodes", clone)
    command = [str(interpreter.python), str(clone.root / "install.py")]
    command += ["--with", ",".join(extras)] if extras else []
    command += [option for file in constraint_files for option in ("--constraint", str(file.absolute()))]
    command += ["--quiet"] if quiet else []
    entry = None
    try:
        code = subprocess.run(command, cwd=clone.root, stdin=subprocess.DEVNULL).returncode
        if code:
            raise InstallFailed(
                f"Installing Cutsmith into {interpreter.python} failed (exit code {code}); the lines above say why.",
                "ComfyUI's custom_nodes is as it was. Mend that and run the same command again.",
                code if code > 0 else FAILED,
            )
        entry = place_pack(comfyui / "custom_nodes", clone)
        samples = place_samples(comfyui, clone)
    finally:
        # A failed installation may have added packages too.
        _remember(comfyui, interpreter, clone, entry)
    if entry.is_new or not quiet:
        print(f"The node pack is {entry.path} ({entry.placed}). Restart ComfyUI to see its nodes.")
    if samples:
        print(f"The workflows' {len(samples)} sample pictures are in {samples[0].parent}.")


def _remember(comfyui: Path, before: Interpreter, clone: Clone, entry: Entry | None) -> None:
    """Record for `uninstall` what this run and earlier ones changed in this ComfyUI."""
    installed = ask(before.python).installed
    added = installed.keys() - before.installed.keys() - {"cutsmith"}
    known = next((host for host in remembered_hosts() if host.folder == str(comfyui)), None)
    if known is not None and known.python == str(before.python):
        added |= installed.keys() & set(known.added)
    if entry is None:
        pack = known.pack if known is not None else ""
    else:
        pack = "" if entry.placed is Placed.CLONE else str(entry.path)
    host = RememberedHost(str(comfyui), str(before.python), str(clone.root), pack, tuple(sorted(added)))
    if host != known and (entry is not None or added):
        remember(host)
