"""`install.py test`: sets up what the tests need, then runs them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

from installer.demo.weights import ensure_weights
from installer.environment.virtual_environment import PRODUCT_AND_TESTS, QUICK_TESTS, prepare_environment
from installer.folders import Clone, hosts_folder

QUICK = ("--quick", "-n", "2", "--dist", "worksteal")
# tests/conftest.py says which tests go together, and puts those that take longest first.
ALL = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")


def run_tests(clone: Clone, pytest_arguments: Sequence[str], *, hosts: bool = False, quick: bool = False) -> int:
    """Set up, run pytest in the clone, and return its exit code; pytest's summary is the last line printed.

    With `hosts`, the host programs are prepared first, and a test whose host is missing fails instead of being skipped.
    With `quick`, neither PyTorch nor weights are fetched, and pytest's --quick leaves out the tests that need them.
    """
    python = prepare_environment(clone, QUICK_TESTS if quick else PRODUCT_AND_TESTS)
    if not quick:
        ensure_weights(python)
    environ = dict(os.environ)
    if hosts:
        # Part of the tests: only this command needs it.
        from tests.hosts.preparation.prepare import prepare_hosts

        environ["CUTSMITH_REQUIRE_HOSTS"] = "1"
        environ |= prepare_hosts(clone, hosts_folder(), python)
    command = [str(python), "-m", "pytest", *(QUICK if quick else ALL), *pytest_arguments]
    return subprocess.run(command, cwd=clone.root, env=environ, stdin=subprocess.DEVNULL).returncode
