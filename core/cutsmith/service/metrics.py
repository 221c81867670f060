"""What the service counts, for Prometheus."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

# Seconds: from a tiny picture to one that takes all the time that it may.
_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
# Stages in which a model runs, as against reading, solving and writing.
_ENGINE_STAGES = ("detect", "mask", "second look", "another way")
_ROUTES = ("/v1.0/", "/v1/sessions", "/v1/jobs", "/v1/", "/api/", "/")


class Metrics:
    """The counters of one process. With PROMETHEUS_MULTIPROC_DIR set, an answer has those of all workers."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self._registry = CollectorRegistry()
        self._requests = Counter(
            "cutsmith_requests", "Requests by API, route and status.", ("api", "route", "status"),
            registry=self._registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "cutsmith_request_seconds", "Seconds of a request, waiting included.", ("api",), buckets=_BUCKETS,
            registry=self._registry,
        )  # fmt: skip
        self._stages = Histogram(
            "cutsmith_stage_seconds", "Seconds of each stage of a picture.", ("stage",), buckets=_BUCKETS,
            registry=self._registry,
        )  # fmt: skip
        self._work = Counter("cutsmith_work_seconds", "Seconds of work on pictures.", registry=self._registry)
        self._engine = Counter(
            "cutsmith_engine_seconds", "Seconds of that in which a model ran: their share of the work is the engine's.",
            registry=self._registry,
        )  # fmt: skip
        self._verdicts = Counter("cutsmith_verdicts", "Results by verdict.", ("verdict",), registry=self._registry)
        self._queue = Gauge(
            "cutsmith_queue", "Pictures that wait, and that are worked on.", ("state",), registry=self._registry,
            multiprocess_mode="livesum",
        )  # fmt: skip
        self._counts: Callable[[], tuple[int, int]] = lambda: (0, 0)

    def watch(self, counts: Callable[[], tuple[int, int]]) -> None:
        """Ask `counts` for how many pictures wait, and how many are worked on."""
        self._counts = counts

    def request(self, api: str, path: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        route = next(each for each in _ROUTES if path.startswith(each) or each == "/")
        self._requests.labels(api, route, str(status)).inc()
        self._seconds.labels(api).observe(seconds)
        self._tell_queue()

    def picture(self, stages: Mapping[str, float], verdict: str) -> None:
        """Count a picture that was cut out, by the seconds of its stages."""
        for stage, seconds in stages.items():
            self._stages.labels(stage).observe(seconds)
        self._work.inc(sum(stages.values()))
        self._engine.inc(sum(stages.get(stage, 0.0) for stage in _ENGINE_STAGES))
        self._verdicts.labels(verdict).inc()

    def as_text(self) -> tuple[bytes, str]:
        """The counters as Prometheus reads them, and their media type."""
        from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

        self._tell_queue()
        registry: Any = self._registry
        if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            from prometheus_client.multiprocess import MultiProcessCollector

            _forget_dead(Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]))
            registry = CollectorRegistry()
            MultiProcessCollector(registry)
        return generate_latest(registry), CONTENT_TYPE_LATEST

    def _tell_queue(self) -> None:
        waiting, running = self._counts()
        self._queue.labels("waiting").set(waiting)
        self._queue.labels("running").set(running)


def _forget_dead(folder: Path) -> None:
    """Count no queue of a worker that was killed: it would stand there for ever."""
    import psutil
    from prometheus_client.multiprocess import mark_process_dead

    for path in folder.glob("gauge_live*.db"):
        worker = path.stem.rpartition("_")[2]
        if worker.isdecimal() and not psutil.pid_exists(int(worker)):
            mark_process_dead(int(worker), str(folder))
