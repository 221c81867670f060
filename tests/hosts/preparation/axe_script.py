"""axe-core, which looks for faults of accessibility in a page: one script out of its npm package, for tests alone."""

from __future__ import annotations

import base64
import hashlib
import shutil
import tarfile
from pathlib import Path

from installer.failure import InstallFailed
from installer.folders import require_space
from tests.hosts.preparation.captured_run import last_words, run_captured
from tests.hosts.preparation.scratch_folder import scratch_folder

PACKAGE = "axe-core"
VERSION = "4.14.1"
# As its publisher's registry has it.
SHA512 = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
MEMBER = "package/axe.min.js"
NAME = f"axe-{VERSION}.min.js"
MEGABYTES = 5

SECONDS = 300


def prepare_axe(hosts: Path) -> Path:
    """The script in `hosts`; fetched by npm where it is not there yet.

    Raises InstallFailed: there is no npm, it fails, or the package is not the one that is known.
    """
    script = hosts / "axe" / NAME
    if script.is_file():
        return script
    npm = shutil.which("npm")
    if npm is None:
        raise InstallFailed(f"npm, which fetches {PACKAGE}, is not on the path.", "Install Node.js.")
    require_space(hosts, MEGABYTES)
    with scratch_folder(hosts / "axe-unfinished") as folder:
        command = [npm, "pack", f"{PACKAGE}@{VERSION}", "--ignore-scripts", "--pack-destination", str(folder)]
        run = run_captured(command, seconds=SECONDS)
        packed = folder / f"{PACKAGE}-{VERSION}.tgz"
        if run.returncode != 0 or not packed.is_file():
            raise InstallFailed(f"npm does not fetch {PACKAGE}: {last_words(run)}", "Check the network.")
        unfinished = folder / NAME
        unfinished.write_bytes(member_of(packed))
        script.parent.mkdir(parents=True, exist_ok=True)
        unfinished.replace(script)
    return script


def member_of(packed: Path, *, sha512: str = SHA512) -> bytes:
    """The script in the package `packed`. Raises InstallFailed for any other package, before it is opened."""
    digest = base64.b64encode(hashlib.sha512(packed.read_bytes()).digest()).decode()
    if digest != sha512:
        raise InstallFailed(f"{packed.name} is not what it should be: its SHA-512 is {digest}.")
    with tarfile.open(packed) as opened:
        content = opened.extractfile(MEMBER)
        assert content is not None, "it is a plain file"
        return content.read()
