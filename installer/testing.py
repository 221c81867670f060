"""`install.py test`: everything that the tests need, then the tests."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

from installer.folders import Clone, hosts_folder
from installer.hosts.preparation import prepare_hosts
from installer.numba_warming import warm_numba
from installer.stamp import mark_warmed, read_stamp
from installer.virtual_environment import PRODUCT_AND_TESTS, prepare_environment
from installer.weights import ensure_weights


def run_tests(clone: Clone, pytest_arguments: Sequence[str], *, hosts: bool) -> int:
    """Set up, run pytest in the clone, and return its exit code; its closing line is the last that is printed.

    With `hosts`, the host programs are prepared first, and a test whose host is missing fails instead of being skipped.
    """
    python = prepare_environment(clone, PRODUCT_AND_TESTS)
    ensure_weights(python)
    stamp = read_stamp(clone.environment)
    if stamp is not None and not stamp.warmed and warm_numba(python):
        mark_warmed(clone.environment)
    environ = dict(os.environ)
    if hosts:
        environ["CUTSMITH_REQUIRE_HOSTS"] = "1"
        environ |= prepare_hosts(clone, hosts_folder(), python)
    command = [str(python), "-m", "pytest", *pytest_arguments]
    return subprocess.run(command, cwd=clone.root, env=environ, stdin=subprocess.DEVNULL).returncode
