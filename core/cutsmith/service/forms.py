"""A request's fields and files: multipart, urlencoded or JSON, read under limits."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn
from urllib.parse import parse_qsl

from cutsmith.errors import shown
from cutsmith.service.failures import BadForm, ClientGone, WrongMediaType

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Message, Receive

MOST_FIELDS = 100
MOST_FILES = 10
_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
_JSON = "application/json"
_MOST_JSON_VALUES = 200_000
"""Each takes far more memory than the body's bytes that make it."""
_MOST_ESCAPES = 2_000_000
"""As many as a picture's Base64 needs, and more. Each takes a hundred bytes while it is decoded."""
_CHARSETS = ("", "utf-8", "utf8", "us-ascii", "ascii")
# Of the last line of a form, with the longest boundary that is allowed.
_TAIL_BYTES = 200


class Upload(NamedTuple):
    """A file of a request: the name that the client gave it, perhaps "", and its bytes."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Fields:
    """The fields of a request.

    Attributes:
        values: texts by their names; in JSON, values of any kind.
        files: the uploaded files by their names.
        is_json: whether the body was JSON.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, Upload] = field(default_factory=dict)
    is_json: bool = False

    @property
    def names(self) -> set[str]:
        """The names of all fields and files."""
        return {*self.values, *self.files}

    def value(self, name: str) -> Any:
        """The value of the field `name`; None where it is absent or empty.

        Raises:
            BadForm: it is a file.
        """
        if name in self.files:
            raise BadForm(f"The field {name} must be a text, but is a file.", option=name)
        value = self.values.get(name)
        return None if isinstance(value, str) and not value else value

    def text(self, name: str, default: str = "") -> str:
        """The text of the field `name`, without blanks around it; `default` where it is absent or empty.

        A number or a truth of JSON becomes its text.

        Raises:
            BadForm: it is a file, or a list or object of JSON.
        """
        value = self.value(name)
        if value is None:
            return default
        if isinstance(value, bool):
            return "true" if value else "false"
        if not isinstance(value, str | int | float):
            raise BadForm(option=name, found=shown(value), wanted="a text")
        return str(value).strip() or default

    def upload(self, name: str) -> bytes | None:
        """The bytes of the file `name`; in JSON its Base64, perhaps as a data URI; None where it is absent or empty.

        Raises:
            BadForm: it is a text, or its Base64 is damaged.
        """
        if name in self.files:
            return self.files[name].data
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if not self.is_json:
            raise BadForm(
                f"The field {name} must be a file, but is a text.",
                f'With curl, write -F {name}=@photo.jpg, with an "@" before the file.',
                option=name,
            )
        return decoded(name, value)


def decoded(name: str, value: object) -> bytes:
    """The bytes of a Base64 text, perhaps as a data URI ("data:image/png;base64,...").

    Raises:
        BadForm: it is none.
    """
    if not isinstance(value, str):
        raise BadForm(option=name, found=shown(value), wanted="a picture as Base64")
    text = value.partition(",")[2] if value.startswith("data:") else value
    try:
        # Line breaks are usual in Base64 and are no part of it.
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadForm(option=name, found=shown(value), wanted="a picture as Base64") from error


async def read_fields(request: Request, *, most_field_bytes: int, most_files: int = MOST_FILES) -> Fields:
    """The fields and files of `request`. The guard caps the body's size and time.

    Args:
        request: its body has not been read yet.
        most_field_bytes: of one field that is no file; a picture as Base64 is one.
        most_files: how many files it may have.

    Raises:
        WrongMediaType: the body is neither a form nor JSON.
        BadForm: the body is damaged, has too many fields or files, or gives a name twice.
        BodyTooLarge, BodyTooSlow: by the guard.
        ClientGone: the client hung up before all had arrived.
    """
    from starlette.requests import ClientDisconnect

    try:
        return await _read_fields(request, most_field_bytes, most_files)
    except ClientDisconnect as error:
        raise ClientGone from error


async def _read_fields(request: Request, most_field_bytes: int, most_files: int) -> Fields:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == _JSON:
        # Of some megabytes it takes a while, and others should be answered meanwhile.
        return await asyncio.to_thread(_fields_of_json, await request.body())
    if not kind and not await request.body():
        return Fields()
    if kind not in _FORMS:
        found = f"it is {kind[:60]}" if kind else "it has no Content-Type"
        raise WrongMediaType(f"The body must be {', '.join(_FORMS)} or {_JSON}, but {found}.")
    boundary = _boundary(request.headers["content-type"])
    if kind != _FORMS[0]:
        return await asyncio.to_thread(_fields_of_urlencoded, await request.body(), most_field_bytes)
    from starlette.requests import Request as WholeRequest

    tail = _Tail(request.receive)
    fields = await _form_fields(WholeRequest(request.scope, tail.receive), most_field_bytes, most_files)
    if b"--" + boundary + b"--" not in tail.kept:
        # The parser takes a form that was cut off between two parts for whole.
        raise BadForm("The form cannot be read: its end is missing.")
    return fields


def _boundary(content_type: str) -> bytes:
    """What parts a form, b"" where nothing does.

    Raises:
        BadForm: the type names a charset that forms do not have.
    """
    from python_multipart.multipart import parse_options_header

    _, told = parse_options_header(content_type)
    charset = told.get(b"charset", b"").decode("latin-1").strip().lower()
    if charset not in _CHARSETS:
        # Starlette would take any codec of Python's: decoding "punycode" takes hours for some megabytes.
        raise BadForm(f"The charset of a form must be UTF-8, but is {charset[:60]!r}.")
    return told.get(b"boundary", b"")


class _Tail:
    """Hands a body on, and keeps its end."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.kept = b""

    async def receive(self) -> Message:
        """The next piece."""
        message = await self._receive()
        piece = message.get("body", b"")
        self.kept = piece[-_TAIL_BYTES:] if len(piece) >= _TAIL_BYTES else (self.kept + piece)[-_TAIL_BYTES:]
        return message


async def _form_fields(request: Request, most_field_bytes: int, most_files: int) -> Fields:
    from starlette.datastructures import UploadFile
    from starlette.exceptions import HTTPException

    values: dict[str, Any] = {}
    files: dict[str, Upload] = {}
    try:
        form = request.form(max_files=most_files, max_fields=MOST_FIELDS, max_part_size=most_field_bytes)
        async with form as parts:
            for name, value in parts.multi_items():
                if name in values or name in files:
                    raise BadForm(f"The field {name[:60]!r} was given twice.", option=name[:60])
                if isinstance(value, UploadFile):
                    files[name] = Upload(value.filename or "", await value.read())
                else:
                    values[name] = value
    except HTTPException as error:
        # Starlette's words for a damaged form, or for one with too many parts.
        raise BadForm(f"The form cannot be read: {error.detail}") from error
    except (ValueError, UnicodeError) as error:
        raise BadForm("The form cannot be read: it is damaged.") from error
    return Fields(values, files)


def _fields_of_urlencoded(body: bytes, most_field_bytes: int) -> Fields:
    if body.count(b"%") > _MOST_ESCAPES:
        raise BadForm(f"The form has more than {_MOST_ESCAPES:,} escapes.", "Send it as multipart/form-data.")
    try:
        pairs = parse_qsl(body.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise BadForm(f"The form cannot be read: it has more than {MOST_FIELDS} fields.") from error
    values = dict(pairs)
    if len(values) < len(pairs):
        name = next(name for place, (name, _) in enumerate(pairs) if name in dict(pairs[:place]))
        raise BadForm(f"The field {name[:60]!r} was given twice.", option=name[:60])
    if any(len(value) > most_field_bytes for value in values.values()):
        raise BadForm(f"A field of the form has more than {most_field_bytes:,} letters.")
    return Fields(values)


def _fields_of_json(body: bytes) -> Fields:
    if sum(map(body.count, (b"[", b"{", b","))) > _MOST_JSON_VALUES:
        raise BadForm(f"The body's JSON has more than {_MOST_JSON_VALUES:,} values.")
    try:
        told = json.loads(body, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise BadForm("The body's JSON is nested too deeply.") from error
    except ValueError as error:
        raise BadForm(f"The body is no JSON: {str(error)[:100]}.") from error
    if not isinstance(told, dict):
        raise BadForm(f"The body must be a JSON object, but got {shown(told)}.")
    for name in told:
        if not name.isprintable():
            # Half a surrogate pair among them, which no answer could repeat.
            raise BadForm(f"A field's name must be printable, but got {shown(name)}.")
    return Fields(told, is_json=True)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")
