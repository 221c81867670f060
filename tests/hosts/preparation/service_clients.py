"""The clients of remove.bg that people use, byte for byte as their registries have them, each in a folder of its own.

Several packages are imported by the same name. They are sent nowhere but to the service that a test has started.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from installer.environment.extras import Size
from installer.environment.pip_command import run_pip
from installer.failure import InstallFailed, not_ours
from installer.folders import HOST_STAMP, require_space
from tests.hosts.preparation.captured_run import last_words, run_captured
from tests.hosts.preparation.scratch_folder import scratch_folder

HOME = "service-clients"
SIZE = Size(10, 35)
SECONDS = 300


@dataclass(frozen=True)
class PythonClient:
    """A client on PyPI.

    Attributes:
        name: of the package, and of its folder.
        version: the exact one.
        sha256: of its file.
        bare: other packages at the version that it wants, without what they want themselves.
        needs: packages at any version; those that the client pins do not run on a newer Python.
    """

    name: str
    version: str
    sha256: str
    bare: tuple[str, ...] = ()
    needs: tuple[str, ...] = ("requests",)


PYTHON_CLIENTS = (
    PythonClient("remove-bg-api", "0.2.1", "b5e5621f1e834d0114d376ded0a681a046850db2b66df6fd47f04e284e15504e"),
    PythonClient(
        "remove-bg",
        "0.2.1",
        "c553d62e74ba223ecd9d1b9feda8f6691d95f3710b1e4083217868590cd7e90d",
        bare=("python-anticaptcha==0.4.2", "tempmail-client==0.1.2", "random-username==1.0.2"),
        needs=("requests", "beautifulsoup4", "six", "setuptools<81"),  # the last that has pkg_resources
    ),
    PythonClient("removebg", "0.04", "278eed1f61f90a0990582556b436ed232553936d6531562593d747f202be6d81"),
    PythonClient("rembgpy", "1.0.1", "044d7445240a7c31be6d35b50da3a39ff59bb21b961873fe7cf2debe31bd2ee3"),
)

NPM_CLIENT = "remove.bg"
NPM_VERSION = "1.3.0"
NPM_INTEGRITY = "sha512-vWCAOkmOLfn2U+uFlaEL4qFtP/Uxmcw+MW2Ds4zpsdHmcyXdy7XPx4Hp+K7Bl/ZdJVedLIDs88RQL7fvYb0J/Q=="


def prepare_service_clients(hosts: Path, python: Path) -> Path:
    """The folder with a folder for each client; made where it is not there, or has other versions.

    `python` is an interpreter with pip. Raises InstallFailed: no npm, no network, or a package is not the known one.
    """
    home = hosts / HOME
    stamp = home / HOST_STAMP
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == _stamp():
        return home
    if home.exists() and not stamp.is_file():
        raise not_ours(home, "Move it away, or name another folder for the host programs with CUTSMITH_HOSTS.")
    npm = shutil.which("npm")
    if npm is None:
        raise InstallFailed(f"npm, which fetches {NPM_CLIENT}, is not on the path.", "Install Node.js.")
    print(f"Fetching the service's clients: {SIZE.download_megabytes} MB, takes {SIZE.disk_megabytes} MB of disk.")
    require_space(hosts, SIZE.at_once)
    with scratch_folder(hosts / f"{HOME}-unfinished") as folder:
        unfinished = folder / HOME
        for client in PYTHON_CLIENTS:
            _install_python_client(client, unfinished / client.name, folder, python)
        _install_npm_client(npm, unfinished / NPM_CLIENT)
        (unfinished / HOST_STAMP).write_text(_stamp(), encoding="utf-8")
        if home.exists():
            shutil.rmtree(home)
        unfinished.rename(home)
    return home


def _install_python_client(client: PythonClient, into: Path, folder: Path, python: Path) -> None:
    wanted = folder / f"{client.name}.txt"
    wanted.write_text(f"{client.name}=={client.version} --hash=sha256:{client.sha256}\n", encoding="utf-8")
    target = ["install", "--quiet", "--upgrade", "--target", str(into)]
    doing = f"fetching {client.name}"
    run_pip(python, [*target, "--no-deps", "--require-hashes", "-r", str(wanted)], folder=folder, doing=doing)
    if client.bare:
        run_pip(python, [*target, "--no-deps", *client.bare], folder=folder, doing=doing)
    run_pip(python, [*target, *client.needs], folder=folder, doing=doing)


def _install_npm_client(npm: str, into: Path) -> None:
    into.mkdir(parents=True)
    quiet = ("--ignore-scripts", "--no-audit", "--no-fund")
    command = [npm, "install", f"{NPM_CLIENT}@{NPM_VERSION}", "--prefix", str(into), *quiet]
    run = run_captured(command, seconds=SECONDS)
    lock = into / "package-lock.json"
    if run.returncode != 0 or not lock.is_file():
        raise InstallFailed(f"npm does not fetch {NPM_CLIENT}: {last_words(run)}", "Check the network.")
    found = json.loads(lock.read_text(encoding="utf-8"))["packages"][f"node_modules/{NPM_CLIENT}"]["integrity"]
    if found != NPM_INTEGRITY:
        raise InstallFailed(f"npm's {NPM_CLIENT} is not what it should be: its integrity is {found}.")


def _stamp() -> str:
    made = [*map(asdict, PYTHON_CLIENTS), {"name": NPM_CLIENT, "version": NPM_VERSION}]
    return json.dumps(made, indent=1) + "\n"
