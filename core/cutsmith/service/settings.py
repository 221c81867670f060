"""What the operator of a service decides. A worker process gets it as JSON in its environment."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from cutsmith.errors import BadOption, shown

ENVIRONMENT = "CUTSMITH_SERVICE"
"""The environment variable that hands the settings to worker processes."""

DEFAULT_PORT = 7007
MOST_BYTES = 22_000_000
"""Of one picture's file: as remove.bg takes them."""
MOST_PIXELS = 50_000_000


@dataclass(frozen=True)
class ServiceSettings:
    """All that the operator decides.

    Attributes:
        host, port: where the service listens.
        host_names: further names by which clients may call it, such as "cut.example.org".
        keys: the file of hashed keys; None for this user's.
        needs_key: whether every request needs a key.
        rate: how much one key (or one address) may ask for, such as "60/minute"; "" for no limit.
        most_bytes: of one picture's file.
        most_job_bytes: of the body of a job with many pictures, and of its pictures together.
        most_job_pictures: of one job.
        most_jobs: that may wait or run at a time; further ones are refused with 429.
        job_seconds: after this long, a job that has ended is forgotten with its result.
        most_held_bytes: of the bodies of all requests under way together, in this process.
        max_pixels: of one picture.
        at_once: pictures under way at a time, in this process.
        most_waiting: pictures that may wait; further ones are refused with 429.
        deadline: seconds that a request may take, waiting included.
        body_seconds: seconds that a request's body may take to arrive.
        header_seconds: seconds that a request's headers may take to arrive.
        drain_seconds: seconds that running work may take once the service is told to end.
        allow_url: whether image_url and bg_image_url are fetched.
        allow_webhooks: hosts that a job's webhook may call.
        folder: for jobs and sessions; None for this user's.
        is_shared: whether several machines use that folder.
        improve_folder: keeps the pictures that clients send to /improve; None refuses them.
        types: the model for each `type` of remove.bg's API.
        runtime: the operator's own defaults for the options of `cutsmith.options.Runtime`, by name.
        model_bytes: of the weights of all models kept open, on the disk; in memory they take one to four times as much.
        behind_proxy: whether a proxy on this machine tells the clients' addresses (X-Forwarded-For).
        session_disk_bytes: of the files of all sessions; the oldest sessions end beyond that.
        session_bytes: memory for uploaded pictures of sessions, in bytes.
        kept_embeddings: pictures of which SAM 2 keeps what further clicks need, 16 MB each.
        session_seconds: after this long without a request, a session ends.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    host_names: tuple[str, ...] = ()
    keys: Path | None = None
    needs_key: bool = False
    rate: str = ""
    most_bytes: int = MOST_BYTES
    most_job_bytes: int = 1_000_000_000
    most_job_pictures: int = 5_000
    most_jobs: int = 100
    job_seconds: float = 604_800.0
    most_held_bytes: int = 500_000_000
    max_pixels: int = MOST_PIXELS
    at_once: int = 2
    most_waiting: int = 32
    deadline: float = 300.0
    body_seconds: float = 60.0
    header_seconds: float = 15.0
    drain_seconds: float = 30.0
    allow_url: bool = False
    allow_webhooks: tuple[str, ...] = ()
    folder: Path | None = None
    is_shared: bool = False
    improve_folder: Path | None = None
    types: Mapping[str, str] = field(default_factory=dict)
    runtime: Mapping[str, Any] = field(default_factory=dict)
    model_bytes: int = 2_000_000_000
    behind_proxy: bool = False
    session_disk_bytes: int = 5_000_000_000
    session_bytes: int = 1_000_000_000
    kept_embeddings: int = 16
    session_seconds: float = 900.0

    @property
    def is_on_loopback(self) -> bool:
        """Whether only programs of this machine can reach the service."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def own_folder(self) -> Path:
        """For jobs and sessions."""
        if self.folder is not None:
            return self.folder
        from cutsmith.machine.folders import data_folder

        return data_folder() / "service"

    def to_json(self) -> str:
        """The settings as JSON, for a worker process."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> ServiceSettings:
        """Make the settings from what `to_json` returned.

        Raises:
            BadOption: the text is none.
        """
        try:
            told = json.loads(text)
            known = {each.name for each in fields(cls)}
            values = {name: value for name, value in told.items() if name in known}
        except (ValueError, AttributeError) as error:
            raise BadOption(f"{ENVIRONMENT} must hold the service's settings, but is {shown(text)}.") from error
        for name in ("keys", "folder", "improve_folder"):
            values[name] = None if values.get(name) is None else Path(values[name])
        for name in ("host_names", "allow_webhooks"):
            values[name] = tuple(values.get(name, ()))
        return cls(**values)
