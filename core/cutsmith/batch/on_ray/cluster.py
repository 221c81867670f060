"""A Ray of our own on this machine, or a cluster that is there: quiet while it runs, and gone at the end.

Ray of our own listens on the loopback alone, and asks whoever connects for a word that nobody else has. If this process
is killed, a process of Ray's ends the others.
"""

from __future__ import annotations

import logging
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from secrets import token_hex
from typing import Any

import psutil

from cutsmith.batch.on_ray.failures import ClusterUnreachable, reason_of
from cutsmith.cures import install_extra
from cutsmith.errors import BadOption, ExtraMissing, shown
from cutsmith.machine.threads import thread_count

LOCAL = "local"
"""Instead of an address: a Ray of our own, on this machine alone."""
_FOUND = "auto"  # the cluster that this machine belongs to
_PACKAGES = ("ray", "pyarrow", "pandas")
_STORE_BYTES = 100 << 20  # Ray's least is 75 MB; what we keep in it are numbers and rows
_PATIENCE = 5.0  # seconds
_FOLDER = "cutsmith-ray"

_log = logging.getLogger(__name__)

# Read by Ray when it is imported. A setting of the user's stands.
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
    "RAY_ENABLE_AUTO_CONNECT": "0",
    # Ray calls it an error that actors which are restarted have arguments; they have few, and they stay.
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    # Without it a worker that asks for no graphics card is shown none, and cuts out otherwise than this process.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
# Where clusters are off, Ray listens on the loopback alone. It is read on any system, whatever its name says.
_ALONE = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}


def check_installed() -> None:
    """Find Ray, without importing it.

    Raises:
        ExtraMissing: it is not installed.
    """
    missing = [each for each in _PACKAGES if find_spec(each) is None]
    if missing:
        raise ExtraMissing(
            f"To spread a batch with Ray, {' and '.join(missing)} must be installed.", install_extra("ray")
        )


def check_address(address: str) -> None:
    """See whether somebody answers at `address`, in a few seconds; Ray itself would wait a minute.

    Raises:
        BadOption: it is no address.
        ClusterUnreachable: nobody answers.
    """
    address = os.environ.get("RAY_ADDRESS", address) if address == _FOUND else address
    if address in (LOCAL, _FOUND):
        return
    host, colon, port = address.rpartition(":")
    if not (colon and host and port.isdecimal()) or "/" in host:
        raise BadOption(
            f"The address of the cluster must be {LOCAL}, {_FOUND} or HOST:PORT, but got {shown(address)}.",
            "HOST:PORT is what `ray start --head` prints, such as 10.0.0.7:6379.",
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE).close()
    except (OSError, OverflowError) as error:
        raise _unreachable(address, getattr(error, "strerror", None) or str(error)) from error


Hear = Callable[[str], object]
"""Hears each line that a process of Ray's writes."""


@contextmanager
def connected(address: str, hear: Hear | None = None) -> Iterator[Any]:
    """Connect to the Ray at `address`, and yield the module `ray`. Where this process is connected, that is used.

    Args:
        address: "local", "auto" or HOST:PORT.
        hear: hears what Ray's processes write; None for nobody.

    Raises:
        ExtraMissing: Ray is not installed.
        BadOption, ClusterUnreachable: it cannot be connected to.
    """
    check_installed()
    check_address(address)
    ray = _imported(address, hear)
    if ray.is_initialized():
        yield ray
        return
    folder = _own_folder() if address == LOCAL else None
    try:
        _connect(ray, address, folder, hears=hear is not None)
        yield ray
    finally:
        ray.shutdown()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _own_folder() -> str:
    """A new folder for Ray's sockets and logs. Those of killed processes are removed."""
    for left in Path(tempfile.gettempdir()).glob(f"{_FOLDER}-*-*"):
        owner = left.name.split("-")[-2]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(left, ignore_errors=True)
    return tempfile.mkdtemp(prefix=f"{_FOLDER}-{os.getpid()}-")


def _imported(address: str, hear: Hear | None) -> Any:
    """The module `ray` with `ray.data`, which say nothing."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    if address == LOCAL:
        for name, value in _ALONE.items():
            os.environ.setdefault(name, value)
        # Ray lets nobody connect without this word. Else it would keep one in a file of the user's.
        os.environ.setdefault("RAY_AUTH_TOKEN", token_hex(32))
    import ray
    import ray.data
    from ray._private import worker

    # Ray's own loggers tell what concerns its developers; what concerns the user is raised.
    for each in ("ray", "ray.data"):
        logging.getLogger(each).setLevel(logging.CRITICAL)
    ray.data.DataContext.get_current().enable_progress_bars = False
    # There is no setting for this: Ray prints to standard output that a worker was ended, where our JSON goes.
    worker.print_to_stdstream = partial(_print_nothing, hear)
    return ray


def _print_nothing(hear: Hear | None, data: Mapping[str, Any], ignore_prefix: bool) -> None:
    if hear is None:
        _log.debug("Ray says %s", data.get("lines"))
        return
    for line in data.get("lines") or ():
        hear(str(line))


def _connect(ray: Any, address: str, folder: str | None, *, hears: bool) -> None:
    settings: dict[str, Any] = {"log_to_driver": hears, "configure_logging": False, "logging_level": logging.CRITICAL}
    if folder is not None:
        settings |= {
            "num_cpus": thread_count(),
            "include_dashboard": False,
            "object_store_memory": _STORE_BYTES,
            "_node_ip_address": "127.0.0.1",
            "_temp_dir": folder,
        }
    try:
        with _silent():
            ray.init(address=address, **settings)
    except Exception as error:
        # Ray raises errors of many types here: no cluster, another version, no memory to share, a wrong word.
        raise _unreachable(address, reason_of(error)) from error


def _unreachable(address: str, reason: str) -> ClusterUnreachable:
    reason = reason.rstrip(".")
    if address == LOCAL:
        return ClusterUnreachable(f"Ray cannot be started on this machine: {reason}.")
    if address == _FOUND:
        return ClusterUnreachable(
            f"This machine belongs to no Ray cluster that answers: {reason}.",
            "Start one with `ray start --head`, and join it on each other machine with `ray start` and its address.",
        )
    return ClusterUnreachable(
        f"No Ray cluster answers at {address}: {reason}.",
        "Check the address, and that this machine has joined the cluster with `ray start`.",
    )


@contextmanager
def _silent() -> Iterator[None]:
    """Hide what native code writes to standard error: Ray tells there that its log has become quiet."""
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # there is no standard error
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)
