"""`install.py test --hosts`: makes the host programs that are not there, and says what each took."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from installer.failure import InstallFailed
from installer.folders import Clone
from tests.hosts.preparation.axe_script import prepare_axe
from tests.hosts.preparation.chromium import CHOSEN, prepare_chromium
from tests.hosts.preparation.comfyui_engine import prepare_comfyui
from tests.hosts.preparation.gimp_tree import prepare_gimp
from tests.hosts.preparation.service_clients import prepare_service_clients


def prepare_hosts(clone: Clone, hosts: Path, python: Path) -> dict[str, str]:
    """Prepare every host in the folder `hosts`; returns the variables by which the tests find them.

    `python` is an interpreter with pip. A host that cannot be had is told with the reason; its tests find it missing.
    """
    print(f"Preparing the host programs in {hosts}.")
    variables = {"CUTSMITH_HOSTS": str(hosts)}
    _timed("ComfyUI", lambda: prepare_comfyui(clone, hosts, python))
    browser = _timed("Chromium", lambda: prepare_chromium(hosts))
    if browser is not None:
        variables[CHOSEN] = str(browser)
    _timed("GIMP", lambda: prepare_gimp(hosts))
    _timed("axe-core", lambda: prepare_axe(hosts))
    _timed("The set of service clients", lambda: prepare_service_clients(hosts, python))
    return variables


def _timed(name: str, prepare: Callable[[], Path]) -> Path | None:
    begun = time.monotonic()
    try:
        place = prepare()
    except InstallFailed as failure:
        print(f"{name} cannot be had: {failure}")
        return None
    print(f"{name} is ready ({time.monotonic() - begun:.1f} s): {place}")
    return place
