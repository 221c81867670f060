"""What a job has on the disk: its pictures, its options, its results, and what is handed out in the end."""

from __future__ import annotations

import json
import re
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from cutsmith.picture import write_bytes_atomically
from cutsmith.service.forms import Fields, Upload

_IDENTITY = re.compile(r"[A-Za-z0-9_-]{22}")
_FIELDS = "fields.json"


def new_identity() -> str:
    """What names a new job; nobody can guess it."""
    return secrets.token_urlsafe(16)


@dataclass(frozen=True)
class JobFolder:
    """The folder of one job. Nothing need be there yet.

    Attributes:
        path: the folder.
    """

    path: Path

    @classmethod
    def of(cls, jobs: Path, identity: str) -> JobFolder:
        """The folder of the job `identity` below that of all jobs.

        Raises:
            ValueError: `identity` can be no job's, such as a path that leads elsewhere.
        """
        if not _IDENTITY.fullmatch(identity):
            raise ValueError("no identity of a job")
        return cls(jobs / identity)

    @property
    def inputs(self) -> Path:
        """The pictures, as they were uploaded."""
        return self.path / "inputs"

    @property
    def results(self) -> Path:
        """The folder of the batch: results, manifest, report."""
        return self.path / "results"

    @property
    def archive(self) -> Path:
        """The uploaded zip, until it is unpacked."""
        return self.path / "upload.zip"

    @property
    def options(self) -> Path:
        """The fields of the request, and its files that are no pictures to cut out."""
        return self.path / "options"

    @property
    def result(self) -> Path:
        """The zip that is handed out in the end."""
        return self.path / "result.zip"

    def make(self) -> None:
        """Make the empty folder; for nobody but this user."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path.mkdir(mode=0o700)
        self.inputs.mkdir()
        self.options.mkdir()

    def remove(self) -> None:
        """Remove all there is; what is in use stays, and a later call removes it."""
        shutil.rmtree(self.path, ignore_errors=True)

    def keep_result_alone(self) -> None:
        """Remove all but what is handed out: nobody needs the pictures a second time."""
        for each in (self.inputs, self.options, self.results):
            shutil.rmtree(each, ignore_errors=True)

    def write_fields(self, fields: Fields) -> None:
        """Keep `fields`, whose files lie in `options` under their numbers."""
        names = {
            name: {"name": upload.name, "file": str(number)} for number, (name, upload) in enumerate(_sorted(fields))
        }
        for (_, upload), told in zip(_sorted(fields), names.values(), strict=True):
            write_bytes_atomically(upload.data, self.options / told["file"], overwrite=True)
        told_fields = json.dumps({"values": dict(fields.values), "files": names}).encode()
        write_bytes_atomically(told_fields, self.options / _FIELDS, overwrite=True)

    def read_fields(self) -> Fields:
        """The fields that `write_fields` kept.

        Raises:
            OSError, ValueError, KeyError: they are gone, or damaged.
        """
        told = json.loads((self.options / _FIELDS).read_bytes())
        files = {
            name: Upload(each["name"], (self.options / each["file"]).read_bytes())
            for name, each in told["files"].items()
        }
        return Fields(told["values"], files)


def _sorted(fields: Fields) -> list[tuple[str, Upload]]:
    return sorted(fields.files.items())
