"""The body of a request for a job, streamed to files: never more than a piece of a picture is in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from cutsmith.service.failures import BadForm, BodyTooLarge, NoRoom, WrongMediaType
from cutsmith.service.forms import MOST_FIELDS, Fields, Upload
from cutsmith.service.jobs.archive import Limits
from cutsmith.service.jobs.folder import JobFolder
from cutsmith.service.jobs.names import Taken, name_of_upload

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

IMAGES, ZIP = "images", "zip"
"""The fields of pictures."""
_MOST_TEXT = 100_000
"""Bytes of a field that is a text."""


@dataclass(frozen=True)
class JobUpload:
    """What a request for a job held, beside its pictures.

    Attributes:
        fields: its options.
        pictures: the names of the files of `images`, as they are in the folder.
        has_zip: whether there is a zip.
    """

    fields: Fields
    pictures: tuple[str, ...]
    has_zip: bool


async def receive(
    content_type: str, body: AsyncIterator[bytes], folder: JobFolder, limits: Limits, files: Collection[str]
) -> JobUpload:
    """Stream `body`, a multipart form, into `folder`. The guard caps its size and time.

    Args:
        content_type: of the request.
        body: its pieces.
        folder: an empty one.
        limits: what the pictures may be.
        files: the names of fields that are files, beside the pictures.

    Raises:
        WrongMediaType: it is no form of parts.
        BadForm: it is damaged, or has too many fields, or gives a name twice.
        BodyTooLarge: a picture has too many bytes, or there are too many pictures.
        NoRoom: the disk is full.
        Exception: whatever `body` raises.
    """
    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import MultipartParser, parse_options_header

    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        raise WrongMediaType(
            f"A job's body must be multipart/form-data, but is {content_type[:60] or 'without a type'}."
        )
    parts = _Parts(folder, limits, files)
    try:
        parser = MultipartParser(options.get(b"boundary", b""), parts.callbacks())
        async for piece in body:
            if piece:
                # It writes to the disk; others are answered meanwhile.
                await asyncio.to_thread(parser.write, piece)
        parser.finalize()
    except (FormParserError, UnicodeError) as error:
        raise BadForm(f"The form cannot be read: {str(error)[:100]}") from error
    except OSError as error:
        raise NoRoom(f"The pictures cannot be kept: {error.strerror}.", "Ask the operator for more room.") from error
    finally:
        parts.close()
    return parts.upload()


class _Parts:
    """Hears of the parts of a form, piece by piece."""

    def __init__(self, folder: JobFolder, limits: Limits, files: Collection[str]) -> None:
        self._folder = folder
        self._limits = limits
        self._files = files
        self._taken = Taken()
        self._pictures: list[str] = []
        self._values: dict[str, str] = {}
        self._uploads: dict[str, Upload] = {}
        self._has_zip = False
        self._has_ended = False
        self._stream: IO[bytes] | None = None
        self._begin()

    def callbacks(self) -> MultipartCallbacks:
        """What `MultipartParser` calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._on_header_name,
            "on_header_value": self._on_header_value,
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._on_headers,
            "on_part_data": self._on_data,
            "on_part_end": self._on_end,
            "on_end": self._on_last,
        }

    def close(self) -> None:
        """Close the file that is being written."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def upload(self) -> JobUpload:
        """What was received.

        Raises:
            BadForm: the form has no end.
        """
        if not self._has_ended:
            raise BadForm("The form cannot be read: it has no end.")
        return JobUpload(Fields(self._values, self._uploads), tuple(self._pictures), self._has_zip)

    def _begin(self) -> None:
        self._disposition = b""
        self._header = b"", b""
        self._name = ""
        self._filename: str | None = None
        self._data = bytearray()
        self._size = 0
        self._most = _MOST_TEXT

    def _on_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header = self._header[0] + data[start:end], b""

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header = self._header[0], self._header[1] + data[start:end]

    def _on_header_end(self) -> None:
        name, value = self._header
        if name.lower() == b"content-disposition":
            self._disposition = value
        self._header = b"", b""

    def _on_headers(self) -> None:
        from python_multipart.multipart import parse_options_header

        _, options = parse_options_header(self._disposition)
        if b"name" not in options:
            raise BadForm("The form cannot be read: a part of it has no name.")
        self._name = _text(options[b"name"])
        self._filename = _text(options[b"filename"]) if b"filename" in options else None
        if self._name == IMAGES:
            self._begin_picture()
        elif self._name == ZIP:
            self._begin_zip()
        else:
            self._begin_field()

    def _begin_picture(self) -> None:
        self._require_file()
        if self._has_zip:
            raise BadForm("A job has either images or a zip, but got both.", option=ZIP)
        if len(self._pictures) >= self._limits.pictures:
            raise BodyTooLarge(
                f"A job may have at most {self._limits.pictures:,} pictures, but this one has more.",
                "Send several jobs.",
            )
        name = self._taken.distinct(name_of_upload(self._filename or ""))
        self._pictures.append(name)
        self._most = self._limits.picture_bytes
        self._stream = (self._folder.inputs / name).open("xb")

    def _begin_zip(self) -> None:
        self._require_file()
        if self._has_zip or self._pictures:
            raise BadForm("A job has either images or one zip, but got more.", option=ZIP)
        self._has_zip = True
        self._most = self._limits.bytes
        self._stream = self._folder.archive.open("xb")

    def _begin_field(self) -> None:
        name = self._name
        if name in self._values or name in self._uploads:
            raise BadForm(f"The field {name[:60]!r} was given twice.", option=name[:60])
        if len(self._values) + len(self._uploads) >= MOST_FIELDS:
            raise BadForm(f"A form may have at most {MOST_FIELDS} fields beside its pictures.")
        if self._filename is not None:
            if name not in self._files:
                raise BadForm(f"There is no field {name[:60]!r} for a file.", option=name[:60])
            self._most = self._limits.picture_bytes

    def _require_file(self) -> None:
        if self._filename is None:
            raise BadForm(
                f"The field {self._name} must be a file, but is a text.",
                f'With curl, write -F {self._name}=@photo.jpg, with an "@" before the file.',
                option=self._name,
            )

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        self._size += end - start
        if self._size > self._most:
            raise BodyTooLarge(f"The field {self._name[:60]} may have at most {self._most:,} bytes, but has more.")
        if self._stream is not None:
            self._stream.write(memoryview(data)[start:end])
        else:
            self._data += data[start:end]

    def _on_end(self) -> None:
        if self._stream is not None:
            self.close()
            if self._name == IMAGES and not (self._filename or self._size):
                # A browser's form in which no file was chosen.
                (self._folder.inputs / self._pictures.pop()).unlink()
        elif self._filename is not None:
            self._uploads[self._name] = Upload(self._filename, bytes(self._data))
        else:
            self._values[self._name] = _text(bytes(self._data))

    def _on_last(self) -> None:
        self._has_ended = True


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")
