"""The manifest of a batch: JSON lines that are only ever appended. The last row of an input is its truth.

A writer that is killed leaves at most one torn line behind, at the end. Reading passes over it. The next writer closes
it with a newline rather than cutting it off: nothing is ever taken out of the file, a row that lacks its newline alone
is kept, and a second program that appends at the same moment (`review` beside a running batch) loses nothing. The torn
line then stands in the middle, where readers pass over it and count it.
"""

from __future__ import annotations

import json
import os
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from cutsmith.batch.manifest_rows import ResultRow, ReviewRow, RowUnusable, Verdict
from cutsmith.errors import BadManifest, BatchMissing, OutputRefused
from cutsmith.result.as_json import without_nan

__all__ = ["MANIFEST", "Manifest", "ManifestWriter", "ResultRow", "ReviewRow", "State"]

MANIFEST = "manifest.jsonl"

# A row takes about 700 bytes. Without a limit a file of another kind, without newlines, would be read whole.
_LONGEST_LINE = 1 << 20
_SECONDS_BETWEEN_SYNCS = 1.0
_ROW_START = b'{"row":'


class LastResults(Mapping[str, ResultRow]):
    """The last result row of each input, in the order in which the inputs were first written.

    It holds the rows as the bytes that were read, a fifth of what they take as objects, and reads one when it is asked
    for it.
    """

    def __init__(self) -> None:
        self._lines: dict[str, bytes] = {}

    def __getitem__(self, key: str) -> ResultRow:
        return ResultRow.from_json(_parsed(self._lines[key]) or {})

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def __contains__(self, key: object) -> bool:
        return key in self._lines

    def note(self, name: str, line: bytes) -> None:
        """Keep `line` as the last row of the input `name`."""
        self._lines[name] = line


@dataclass
class State:
    """What a manifest says in the end.

    Attributes:
        results: the last result row of each input.
        reviews: the person's last verdict for the inputs whose result has one that counts: it was said of that very
            result (same input, same key), and is not "undecided".
        outputs: the output that each input has, or was to have.
        starts: how often the work on an input began since it last came to an end.
        skipped: how many lines were passed over because they are damaged; a torn last line is not counted.
    """

    results: LastResults = field(default_factory=LastResults)
    reviews: dict[str, ReviewRow] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    starts: Counter[str] = field(default_factory=Counter)
    skipped: int = 0

    def verdict(self, name: str) -> Verdict:
        """What a person said of the result of the input `name`: "accepted", "rejected" or "undecided"."""
        return self.reviews[name].verdict if name in self.reviews else "undecided"


class Manifest:
    """The manifest of the batch in one folder, for reading.

    Attributes:
        path: the file; it need not exist.
        skipped: how many damaged lines the last reading passed over so far; a torn last line is not counted.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.path = Path(folder) / MANIFEST
        self.skipped = 0

    def exists(self) -> bool:
        """Whether the folder has a manifest."""
        return os.path.isfile(self.path)  # noqa: PTH113 - False where the system does not say

    def require(self) -> Self:
        """Return this manifest if it is there.

        Raises:
            BatchMissing: the folder has no manifest.
        """
        if not self.exists():
            raise BatchMissing(
                f"There is no batch in {self.path.parent}: it has no {MANIFEST}.",
                "Give the folder that the batch wrote its results to.",
            )
        return self

    def rows(self) -> Iterator[dict[str, Any]]:
        """Each row in turn, of whatever kind; none if there is no file. One line at a time is in memory.

        Damaged lines and blank ones are passed over. A last line without its newline counts if it is whole.

        Raises:
            BadManifest: the file has lines, but no row, so it is no manifest; or it may not be read.
        """
        for row, _ in self._read():
            yield row

    def latest(self) -> State:
        """What the manifest says in the end; an empty state if there is no file.

        Raises:
            BadManifest: see `rows`.
        """
        state = State()
        said: dict[tuple[str, str | None], ReviewRow] = {}
        keys: dict[str, str | None] = {}
        for row, line in self._read():
            try:
                if row["row"] == "result":
                    result = ResultRow.from_json(row)
                    state.results.note(result.input, line)
                    keys[result.input] = result.key
                    state.starts.pop(result.input, None)
                    if result.output is not None:
                        state.outputs.setdefault(result.input, result.output)
                elif row["row"] == "start":
                    state.starts[str(row.get("input"))] += 1
                    state.outputs[str(row.get("input"))] = str(row.get("output"))
                elif row["row"] == "review":
                    review = ReviewRow.from_json(row)
                    said[review.input, review.key] = review
            except RowUnusable:
                self.skipped += 1
        for (name, key), review in said.items():
            if name in keys and keys[name] == key and review.verdict != "undecided":
                state.reviews[name] = review
        state.skipped = self.skipped
        return state

    def _read(self) -> Iterator[tuple[dict[str, Any], bytes]]:
        """Each row with its line."""
        self.skipped = 0
        good = False
        strange = False
        try:
            with open(self.path, "rb") as stream:  # noqa: PTH123
                for line in _lines(stream):
                    if not line.strip():
                        continue
                    row = _parsed(line)
                    if row is not None:
                        good = True
                        yield row, line.strip()
                        continue
                    # A batch that was killed as it wrote its first row has left nothing but the start of one.
                    strange = strange or not (line.startswith(_ROW_START) or _ROW_START.startswith(line))
                    self.skipped += line.endswith(b"\n")
        except FileNotFoundError:
            return
        except OSError as error:
            raise BadManifest(
                f"The manifest {self.path} cannot be read: {error.strerror}.", "Change its permissions."
            ) from error
        if strange and not good:
            raise BadManifest(
                f"{self.path} is no manifest of a batch: none of its lines is a row.",
                "Move that file away, or give the folder of another batch.",
            )


def _lines(stream: Any) -> Iterator[bytes]:
    """The lines of a file. One that is longer than a row can be gives its first bytes, without a newline."""
    while line := stream.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE and not line.endswith(b"\n"):
            while (rest := stream.readline(_LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass
            line = line[:80] + rest[-1:]
        yield line


def _parsed(line: bytes) -> dict[str, Any] | None:
    """The row that a line holds; None if it holds none. Numbers that are none (NaN) become None."""
    try:
        row = json.loads(line, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None
    is_row = isinstance(row, dict) and isinstance(row.get("row"), str) and isinstance(row.get("input", ""), str)
    return row if is_row else None


class ManifestWriter:
    """Appends rows to a batch's manifest. Several threads may share one, and several programs may each have their own.

    A row goes to the file as one write of one whole line to a descriptor that only appends, so the rows of two writers
    never mix, and it outlives this process at once. It outlives the machine a second later at most: then the file is
    flushed to the disk, and at `close`.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        """Open the manifest of `folder`; both are made if they are missing.

        Raises:
            OutputRefused: the file may not be written.
        """
        self.path = Path(folder) / MANIFEST
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor: int | None = os.open(self.path, flags, 0o666)
        except OSError as error:
            raise self._refused(error) from error
        self._is_torn = self._ends_torn(self._descriptor)

    def append(self, row: ResultRow | ReviewRow | Mapping[str, Any]) -> None:
        """Append one row.

        Raises:
            OutputRefused: the disk is full, or the system refuses; what was there is not harmed.
            ValueError: the writer is closed.
        """
        told = row.as_json() if isinstance(row, ResultRow | ReviewRow) else dict(row)
        line = _line(told)
        with self._lock:
            if self._descriptor is None:
                raise ValueError("the manifest is closed")
            if self._is_torn:
                line = b"\n" + line
            try:
                written = os.write(self._descriptor, line)
            except OSError as error:
                raise self._refused(error) from error
            self._is_torn = written < len(line)
            if self._is_torn:
                raise OutputRefused(f"{self.path} cannot be written: the disk is full.", "Free some space.")
            if self._timer is None:
                self._timer = threading.Timer(_SECONDS_BETWEEN_SYNCS, self._sync_in_time)
                self._timer.daemon = True
                self._timer.start()

    def close(self) -> None:
        """Flush the file to the disk and close it. A second call does nothing."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self._descriptor is None:
                return
            descriptor, self._descriptor = self._descriptor, None
            try:
                os.fsync(descriptor)
            except OSError as error:
                raise self._refused(error) from error
            finally:
                os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _sync_in_time(self) -> None:
        with self._lock:
            self._timer = None
            if self._descriptor is not None:
                try:
                    os.fsync(self._descriptor)
                except OSError:
                    return  # `close` tries again, and tells it

    def _refused(self, error: OSError) -> OutputRefused:
        return OutputRefused(
            f"{self.path} cannot be written: {error.strerror or error}.",
            "Free some space, change the permissions, or give another folder.",
        )

    @staticmethod
    def _ends_torn(descriptor: int) -> bool:
        end = os.lseek(descriptor, 0, os.SEEK_END)
        if end == 0:
            return False
        os.lseek(descriptor, end - 1, os.SEEK_SET)
        return os.read(descriptor, 1) != b"\n"


def _line(row: Mapping[str, Any]) -> bytes:
    """One line of JSON. "row" stands first, which tells a torn first line from a file of another kind."""
    ordered = without_nan({"row": row["row"], **row})
    text = json.dumps(ordered, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    try:
        return text.encode() + b"\n"
    except UnicodeEncodeError:  # a file name that is no text, which Python holds as lone surrogates
        return json.dumps(ordered, separators=(",", ":"), allow_nan=False).encode() + b"\n"
