"""The service as a deployment of Ray Serve: the same application in replicas, on this machine or on a cluster.

Ray Serve listens, spreads requests over the replicas, starts another replica in place of one that has died, and fewer
or more of them as there is less or more to do. All else is the application's own, as with uvicorn.
"""

from __future__ import annotations

import logging
import logging.config
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import fields, replace
from importlib.util import find_spec
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Self

from cutsmith.batch.on_ray.cluster import LOCAL, check_address, check_installed, connected
from cutsmith.batch.on_ray.failures import ClusterUnreachable, reason_of
from cutsmith.batch.on_ray.shares import Share, shares
from cutsmith.cures import give, install_extra
from cutsmith.errors import BadOption, CutsmithError, ExtraMissing
from cutsmith.options import OPTIONS
from cutsmith.service.server import address_of, listening_socket, logging_config
from cutsmith.service.settings import ServiceSettings

if TYPE_CHECKING:
    from starlette.applications import Starlette

NAME = "cutsmith"
"""Of the application and of its deployment."""

_MOST_ONGOING = 1000
"""Requests of one replica: more than its own queue takes, since that one refuses with 429 what is too much."""
_UPSCALE_SECONDS = 5.0
_DOWNSCALE_SECONDS = 300.0
_HEALTH_SECONDS = 5.0
_MOST_STARTS = 3
_IDLE_SECONDS = 15
_START_SECONDS = 600.0
_LOOK = 0.2
_SERVE_PACKAGES = ("fastapi", "aiohttp")


class ServeTaken(ClusterUnreachable):
    """Ray Serve runs on the cluster already, for somebody else, and listens where that one wants."""


class ReplicasFailed(ClusterUnreachable):
    """No replica of the service comes up."""


class Replica:
    """One replica, which `serve.ingress` joins with the application."""

    app: Starlette

    def check_health(self) -> None:
        """For Ray, which starts another replica in place of one that raises here.

        Raises:
            CutsmithError: what keeps the service from being ready.
        """
        unready = self.app.state.service.unready
        if unready is not None:
            raise unready


class Ending:
    """Hears SIGTERM and SIGINT while its context lasts, which only a program's main thread can."""

    def __init__(self) -> None:
        self._is_over = threading.Event()
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                self._before[number] = signal.signal(number, lambda *_: self._is_over.set())
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def is_over(self) -> bool:
        """Whether one has come."""
        return self._is_over.is_set()

    def wait(self) -> None:
        """Wait until one has come. In short pieces: on Windows a longer one is deaf to Ctrl+C."""
        while not self._is_over.wait(0.5):
            pass


def serve_on_ray(
    settings: ServiceSettings, ray_address: str | None, replicas: int, tell: Callable[[str], object]
) -> None:
    """Serve until SIGTERM or Ctrl+C ends it. Of what was started nothing is left then.

    Args:
        settings: what the operator decided.
        ray_address: the cluster, "auto" or HOST:PORT; None for a Ray of our own on this machine.
        replicas: how many there are at most.
        tell: is told the address, once the service is ready.

    Raises:
        ExtraMissing, BadOption, ClusterUnreachable: as for `deployed`.
    """
    ending = Ending()
    with deployed(settings, ray_address, replicas, ending) as address:
        if not ending.is_over():
            tell(address)
            ending.wait()


@contextmanager
def deployed(
    settings: ServiceSettings, ray_address: str | None, replicas: int, ending: Ending | None = None
) -> Iterator[str]:
    """The service on Ray, which ends with the body; -> its address, such as "http://127.0.0.1:7007/".

    Args:
        settings: what the operator decided.
        ray_address: as for `serve_on_ray`.
        replicas: how many there are at most.
        ending: once it hears a signal, nobody waits any more for replicas to come up.

    Raises:
        ExtraMissing: Ray, or what Ray Serve needs, is not installed.
        BadOption: it cannot listen there, or several machines have no folder in common.
        ClusterUnreachable: Ray cannot be started or connected to; Serve is another's; no replica comes up.
    """
    _check_serve_installed()
    address = ray_address or LOCAL
    check_address(address)
    settings, place = _with_port(settings)
    with (
        connected(address, _hear) as ray,
        ending or Ending() as heard,  # not before: Ray sets handlers of its own as it connects
        tempfile.TemporaryDirectory(prefix="cutsmith-metrics-") as counts,
    ):
        machines = [each["Resources"].get("CPU", 0) for each in ray.nodes() if each["Alive"]]
        # Files that processes of one machine add up; with several, each replica tells its own counts.
        environment = {"PROMETHEUS_MULTIPROC_DIR": counts} if len(machines) == 1 else {}
        if len(machines) > 1:
            settings = _shared(settings)
        with _serving(settings, address) as serve:
            share = shares(machines, replicas)
            deployment = _deployment(serve, settings, replicas, share, environment, is_alone=address == LOCAL)
            _deploy(serve, deployment, heard.is_over)
            yield place


def _hear(line: str) -> None:
    """Show what replicas log, which are lines of JSON, and not what Ray has to say."""
    if line.startswith("{"):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def _check_serve_installed() -> None:
    """Find Ray Serve, without importing it.

    Raises:
        ExtraMissing: it is not installed.
    """
    check_installed()
    missing = [each for each in _SERVE_PACKAGES if find_spec(each) is None]
    if missing:
        raise ExtraMissing(f"To serve with Ray, {' and '.join(missing)} must be installed.", install_extra("ray"))


def _with_port(settings: ServiceSettings) -> tuple[ServiceSettings, str]:
    """`settings` with a port that is free, where 0 was asked for, and with whole paths; and the address.

    Raises:
        BadOption: the port is taken, or may not be used.
    """
    # Ray would tell of that in a trace, after a while.
    with listening_socket(settings.host, settings.port) as listener:
        place, port = address_of(listener), listener.getsockname()[1]
    return _with_whole_paths(replace(settings, port=port)), place


def _with_whole_paths(settings: ServiceSettings) -> ServiceSettings:
    """`settings` whose paths do not start from this process's current folder: replicas may have others."""
    whole: dict[str, Any] = {
        each.name: value.absolute()
        for each in fields(settings)
        if isinstance(value := getattr(settings, each.name), Path)
    }
    runtime = {
        name: str(Path(value).absolute()) if OPTIONS[name].kind == "model" and Path(str(value)).is_file() else value
        for name, value in settings.runtime.items()
    }
    return replace(settings, runtime=runtime, **whole)


def _shared(settings: ServiceSettings) -> ServiceSettings:
    """`settings` for several machines.

    Raises:
        BadOption: no folder is named that all of them see.
    """
    if settings.folder is None:
        raise BadOption(
            "The cluster has several machines, which need a folder in common for jobs and sessions.",
            give("folder", "/mnt/shared/cutsmith", "Give one that all of them see under the same path, such as on NFS"),
            option="folder",
        )
    return replace(settings, is_shared=True)


@contextmanager
def _serving(settings: ServiceSettings, address: str) -> Iterator[Any]:
    """Start Ray Serve, and yield its module; it ends with the body.

    Raises:
        ServeTaken: it runs already. ClusterUnreachable: it cannot be started.
    """
    from ray import serve

    for name in ("ray.serve", "ray._private", "ray.actor"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    if address != LOCAL and serve.status().proxies:
        raise ServeTaken(
            "Ray Serve runs on this cluster already, and listens where it was told to then.",
            "End it with `serve shutdown`, or give another cluster.",
        )
    try:
        try:
            serve.start(
                proxy_location="HeadOnly" if address == LOCAL else "EveryNode",
                http_options={
                    "host": settings.host,
                    "port": settings.port,
                    "keep_alive_timeout_s": _IDLE_SECONDS,
                },
                logging_config={"log_level": "WARNING", "enable_access_log": False},
            )
        except Exception as error:  # Ray raises errors of many types here
            raise ClusterUnreachable(f"Ray Serve cannot be started: {reason_of(error)}.") from error
        yield serve
    finally:
        # What Ray says of an end that is disturbed helps nobody; what is left ends with Ray itself.
        with suppress(Exception):
            serve.shutdown()


def _deployment(
    serve: Any,
    settings: ServiceSettings,
    replicas: int,
    share: Share,
    environment: Mapping[str, str],
    *,
    is_alone: bool,
) -> Any:
    """The deployment of the service, bound; `is_alone` where no other machine is to reach what Ray listens on."""
    runtime = settings.runtime if "threads" in settings.runtime else {**settings.runtime, "threads": share.threads}
    told = replace(settings, runtime=runtime).to_json()

    def app() -> Starlette:
        # In the process of the replica.
        from cutsmith.service.on_ray import app_of_replica

        return app_of_replica(told, is_alone=is_alone)

    return serve.deployment(
        serve.ingress(app)(Replica),
        name=NAME,
        max_ongoing_requests=_MOST_ONGOING,
        autoscaling_config={
            "min_replicas": 1,
            "initial_replicas": replicas,
            "max_replicas": replicas,
            "target_ongoing_requests": settings.at_once,
            "upscale_delay_s": _UPSCALE_SECONDS,
            "downscale_delay_s": _DOWNSCALE_SECONDS,
        },
        graceful_shutdown_timeout_s=settings.drain_seconds,
        health_check_period_s=_HEALTH_SECONDS,
        max_constructor_retry_count=_MOST_STARTS,
        logging_config={"log_level": "WARNING", "enable_access_log": False},
        ray_actor_options={"num_cpus": share.cores, "runtime_env": {"env_vars": dict(environment)}},
    ).bind()


def app_of_replica(told: str, *, is_alone: bool) -> Starlette:
    """The application of one replica, whose default model is loaded.

    Args:
        told: the settings, as JSON.
        is_alone: whether no other machine is to reach what Ray listens on in this process.

    Raises:
        CutsmithError: that model cannot be loaded.
    """
    from cutsmith.service.app import build_app

    logging.config.dictConfig(logging_config())
    if is_alone:
        _listen_on_the_loopback()
    app = build_app(ServiceSettings.from_json(told))
    # Before Ray sends it anything. What happens again once it runs takes a moment.
    app.state.service.load()
    if app.state.service.unready is not None:
        raise app.state.service.unready
    return app


def _listen_on_the_loopback() -> None:
    """A replica listens for other deployments, of which there are none, on all of the machine's addresses.

    There is no setting for this. Whoever connects needs the word of this Ray; so much for a Ray that does it otherwise.
    """
    from ray.serve._private import replica

    listen = getattr(replica, "add_port_to_grpc_server", None)
    if listen is not None:
        replica.add_port_to_grpc_server = lambda server, address: listen(
            server, f"127.0.0.1:{address.rpartition(':')[2]}"
        )


def _deploy(serve: Any, deployment: Any, is_over: Callable[[], bool]) -> None:
    """Start the replicas, and wait until they are there, or until nobody wants them any more.

    Raises:
        ReplicasFailed: they do not come up.
    """
    try:
        serve.run_many([serve.RunTarget(deployment, name=NAME, route_prefix="/")], wait_for_applications_running=False)
        until = monotonic() + _START_SECONDS
        while not is_over():
            found = serve.status().applications.get(NAME)
            if found is not None and found.status == "RUNNING":
                return
            if (found is not None and found.status == "DEPLOY_FAILED") or monotonic() > until:
                message = "" if found is None else found.message
                raise ReplicasFailed(
                    f"No replica of the service comes up: {reason_of(Exception(message))}.",
                    "The logs of Ray tell more. Try it without Ray: cutsmith serve",
                )
            sleep(_LOOK)
    except CutsmithError:
        raise
    except Exception as error:  # Ray raises errors of many types here
        raise ReplicasFailed(f"The service cannot be started on Ray: {reason_of(error)}.") from error
