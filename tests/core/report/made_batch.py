"""A batch as `cutsmith batch` leaves it, made without cutting anything out."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

from PIL import Image

from cutsmith.batch.manifest import ManifestWriter
from cutsmith.batch.manifest_rows import ResultRow, ReviewRow

RIM = "The rim is undecided."
HOLE = "The background shows through a hole."
HOSTILE = "</script><img src=x onerror=\"document.title='broken'\">{{data}}.jpg"


def key_of(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def encoded(kind: str, colour: tuple[int, ...], size: tuple[int, int] = (48, 32)) -> bytes:
    stream = io.BytesIO()
    Image.new("RGBA" if len(colour) == 4 else "RGB", size, colour).save(stream, kind)
    return stream.getvalue()


def put(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


class MadeBatch:
    """A batch in FOLDER/out whose inputs are in FOLDER/shop."""

    def __init__(self, folder: Path) -> None:
        self.shop, self.out = folder / "shop", folder / "out"
        self.out.mkdir(parents=True)

    def add(self, name: str, *, doubt: float | None = 0.1, verdict: str | None = "accept", reasons=(), **fields):
        """A result: its input, output, thumbnails and row; -> the input as the row names it."""
        source = str(put(self.shop / name, encoded("JPEG", (40, 90, 160))))
        output = f"{Path(name).with_suffix('')}.png"
        put(self.out / output, encoded("PNG", (200, 90, 40, 128)))
        self.thumbnails(key_of(name))
        quality = {"uncertainty": doubt, "verdict": verdict, "reasons": list(reasons)} if verdict else None
        row = {"output": output, "key": key_of(name), "width": 48, "height": 32, "seconds": 1.5, "model": "isnet"}
        self.write(ResultRow(source, "done", **{**row, "quality": quality, "at": "2026-11-26T10:00:00Z", **fields}))
        return source

    def fail(self, name: str) -> str:
        source = str(put(self.shop / name, b""))
        error = {"what": f"{source} is empty.", "remedy": "Give the whole file."}
        self.write(ResultRow(source, "failed", error=error, seconds=0.5, at="2026-11-26T10:00:00Z"))
        return source

    def thumbnails(self, key: str, size: tuple[int, int] = (48, 32)) -> None:
        folder = self.out / ".cutsmith" / "thumbnails" / key[:2]
        put(folder / f"{key}-before.webp", encoded("WEBP", (40, 90, 160), size))
        put(folder / f"{key}-after.webp", encoded("WEBP", (200, 90, 40, 128), size))

    def say(self, name: str, verdict, at: str = "2026-11-26T11:00:00Z") -> None:
        self.write(ReviewRow(str(self.shop / name), verdict, key_of(name), at))

    def write(self, *rows: ResultRow | ReviewRow) -> None:
        with ManifestWriter(self.out) as writer:
            for row in rows:
                writer.append(row)


def small_batch(folder: Path) -> MadeBatch:
    """Six results from which everything can be told apart, one failure and one picture without a subject."""
    batch = MadeBatch(folder)
    batch.add("rings/a.jpg", doubt=0.1)
    batch.add("rings/b.jpg", doubt=0.9, verdict="review", reasons=[RIM, HOLE])
    batch.add("rings/c.jpg", doubt=0.4, verdict="review", reasons=[RIM])
    batch.add("mugs/d.jpg", doubt=None, verdict="review")
    batch.add("mugs/e10.jpg", doubt=0.2)
    batch.add("mugs/e9.jpg", verdict=None)
    batch.fail("mugs/broken.jpg")
    batch.write(
        ResultRow(
            str(put(batch.shop / "mugs/plain.jpg", encoded("JPEG", (90, 90, 90)))),
            "nothing found",
            key=key_of("mugs/plain.jpg"),
            error={"what": "No subject was found."},
            seconds=1.0,
            at="2026-11-26T10:00:00Z",
        )
    )
    return batch
