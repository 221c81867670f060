"""The protocol between the worker and its clients: frames of a JSON header and raw arrays, and the handshake.

This file uses only the standard library and imports nothing else from cutsmith: install.py copies it beside a host's
plug-in. docs/worker-protocol.md describes the protocol in words.

A frame begins with 4 bytes of `MAGIC`, the length of the header (4 bytes) and the length of the payload (8 bytes), both
big-endian. The header follows (a JSON object in UTF-8), then the payload (the bytes of all arrays, little-endian, in C
order).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import secrets
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, Protocol

PROTOCOL_VERSION = 1
MAGIC = b"CSW\n"
MAX_HEADER = 1 << 20
MAX_PAYLOAD = 2 << 30
MAX_HANDSHAKE_HEADER = 1 << 12
ITEM_SIZES = {"uint8": 1, "uint16": 2, "float32": 4}

_PREFIX = struct.Struct("!4sIQ")
# A payload's memory grows by this much at most before the bytes for it have come.
_GROWTH = 1 << 22
_MAX_ARRAYS, _MAX_DIMENSIONS = 16, 4
# Each array begins at a multiple of this, so that the reader can use it in place.
_ALIGNMENT = 16
_NONCE_BYTES = 32


class ProtocolError(Exception):
    """Base class for everything that can be wrong with what the other side sent."""


class ConnectionEnded(ProtocolError):
    """The other side closed the connection between two frames."""


class FrameTruncated(ProtocolError):
    """The other side closed the connection in the middle of a frame."""


class FrameInvalid(ProtocolError):
    """The bytes are not a frame of this protocol, or the header does not match the payload."""


class FrameTooLarge(ProtocolError):
    """A frame announces more bytes than the reader accepts; its header and payload were not read."""


class WrongKey(ProtocolError):
    """The other side does not know the key."""


class HandshakeRefused(ProtocolError):
    """The worker refused the handshake and gave a reason, such as that it has too many clients."""


class VersionMismatch(ProtocolError):
    """Two versions are incompatible; `ours` and `theirs` name them."""

    def __init__(self, what: str, *, ours: str, theirs: str) -> None:
        super().__init__(f"{what}: ours is {ours}, theirs is {theirs}")
        self.ours = ours
        self.theirs = theirs


class ByteStream(Protocol):
    """A stream for frames, such as a raw file, `socket.makefile("rwb", 0)` or a pipe."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill at least one byte of `buffer`; -> the number of bytes, 0 at the end."""

    def write(self, data: memoryview, /) -> int | None:
        """Write at least one byte of `data`; -> the number of bytes, None for all of them."""


@dataclass(frozen=True)
class Array:
    """An array in the wire format.

    Attributes:
        dtype: one of `ITEM_SIZES`, little-endian.
        shape: one to four sizes, each at least 1.
        data: the bytes in C order.
    """

    dtype: str
    shape: tuple[int, ...]
    data: bytes | bytearray | memoryview


@dataclass(frozen=True)
class Message:
    """A frame: its header, a JSON object with a "kind", and its arrays by name."""

    header: Mapping[str, Any]
    arrays: Mapping[str, Array] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The kind of the message."""
        return str(self.header["kind"])


def write_message(stream: ByteStream, message: Message) -> None:
    """Send `message`.

    Raises:
        ValueError: the header has no "kind", is too large or cannot be written as JSON, or the size of an array's data
            does not match its dtype and shape.
        OSError: the other side is gone.
    """
    described, pieces, end = [], [], 0
    for name, array in message.arrays.items():
        view = memoryview(array.data).cast("B")
        if view.nbytes != _byte_count(array.dtype, array.shape):
            wanted = _byte_count(array.dtype, array.shape)
            raise ValueError(
                f"the array {name} ({array.dtype} {array.shape}) must have {wanted} bytes, but got {view.nbytes}"
            )
        padding = -end % _ALIGNMENT
        pieces += [memoryview(bytes(padding)), view]
        described.append({"name": name, "dtype": array.dtype, "shape": list(array.shape), "offset": end + padding})
        end += padding + view.nbytes
    if not isinstance(message.header.get("kind"), str):
        raise ValueError('the header of a message must have a "kind"')
    header = json.dumps({**message.header, "arrays": described}, allow_nan=False).encode()
    if len(header) > MAX_HEADER or len(described) > _MAX_ARRAYS:
        raise ValueError(f"a header of {len(header):,} bytes with {len(described)} arrays is too large to send")
    _write_all(stream, memoryview(_PREFIX.pack(MAGIC, len(header), end) + header))
    for piece in pieces:
        _write_all(stream, piece)


def read_message(stream: ByteStream, *, max_payload: int = MAX_PAYLOAD, max_header: int = MAX_HEADER) -> Message:
    """Read the next message. Its arrays are views of one buffer, which grows as its bytes come.

    Raises:
        ConnectionEnded, FrameTruncated: the other side is gone.
        FrameTooLarge: the frame announces more than `max_header` or `max_payload` bytes; none of them was read.
        FrameInvalid: the bytes are not a frame, the header is not a JSON object, or the arrays do not fit the payload.
    """
    prefix = bytearray(_PREFIX.size)
    _read_all(stream, memoryview(prefix), at_start=True)
    magic, header_size, payload_size = _PREFIX.unpack(prefix)
    if magic != MAGIC:
        raise FrameInvalid(f"a frame must begin with {MAGIC!r}, but got {magic!r}")
    if header_size > max_header:
        raise FrameTooLarge(f"the header must have at most {max_header:,} bytes, but got {header_size:,}")
    if payload_size > max_payload:
        raise FrameTooLarge(f"the payload must have at most {max_payload:,} bytes, but got {payload_size:,}")
    encoded = bytearray(header_size)
    _read_all(stream, memoryview(encoded))
    header = _parsed(bytes(encoded))
    places = _array_places(header.pop("arrays", []), payload_size)
    payload = bytearray()
    while (begun := len(payload)) < payload_size:
        payload += bytes(min(_GROWTH, payload_size - begun))
        _read_all(stream, memoryview(payload)[begun:])
    whole = memoryview(payload)
    arrays = {
        name: Array(dtype, shape, whole[offset : offset + _byte_count(dtype, shape)])
        for name, dtype, shape, offset in places
    }
    return Message(header, arrays)


def _write_all(stream: ByteStream, data: memoryview) -> None:
    while data.nbytes:
        taken = stream.write(data)
        data = data[data.nbytes if taken is None else taken :]


def _read_all(stream: ByteStream, left: memoryview, *, at_start: bool = False) -> None:
    """Fill `left`. The end is an orderly one if it comes before the first byte of a frame (`at_start`)."""
    while left.nbytes:
        count = stream.readinto(left)
        if not count:
            if at_start and left.nbytes == _PREFIX.size:
                raise ConnectionEnded("the other side closed the connection")
            raise FrameTruncated(f"the connection ended with at least {left.nbytes:,} bytes missing")
        left = left[count:]


def _parsed(encoded: bytes) -> dict[str, Any]:
    """Parse a header. Refuse what JSON does not allow (NaN) and what Python cannot hold."""
    try:
        header = json.loads(encoded.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise FrameInvalid(f"the header must be JSON in UTF-8: {error}") from error
    if not isinstance(header, dict) or not isinstance(header.get("kind"), str):
        raise FrameInvalid('the header must be a JSON object with a "kind"')
    return header


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not valid JSON")


def _array_places(described: object, payload_size: int) -> list[tuple[str, str, tuple[int, ...], int]]:
    """The (name, dtype, shape, offset) of each array. Every array must lie inside the `payload_size` bytes."""
    if not isinstance(described, list) or len(described) > _MAX_ARRAYS:
        raise FrameInvalid(f'"arrays" must be a list of at most {_MAX_ARRAYS}')
    places: dict[str, tuple[str, str, tuple[int, ...], int]] = {}
    for each in described:
        if not isinstance(each, dict):
            raise FrameInvalid('an entry of "arrays" must be an object')
        name, dtype, shape, offset = (each.get(key) for key in ("name", "dtype", "shape", "offset"))
        if not isinstance(name, str) or name in places:
            raise FrameInvalid("each array must have a name of its own")
        if not isinstance(dtype, str) or dtype not in ITEM_SIZES:
            raise FrameInvalid(f"the dtype of array {name!r} must be one of {', '.join(ITEM_SIZES)}, but got {dtype!r}")
        if not isinstance(shape, list) or not 1 <= len(shape) <= _MAX_DIMENSIONS or not all(map(_is_size, shape)):
            raise FrameInvalid(f"the shape of array {name!r} must be 1 to 4 sizes of at least 1, but got {shape!r}")
        if type(offset) is not int or offset < 0 or offset + _byte_count(dtype, tuple(shape)) > payload_size:
            raise FrameInvalid(f"the array {name!r} ({dtype} {shape}, offset {offset!r}) must lie inside the payload")
        places[name] = (name, dtype, tuple(shape), offset)
    return list(places.values())


def _is_size(value: object) -> bool:
    return type(value) is int and value >= 1


def _byte_count(dtype: str, shape: tuple[int, ...]) -> int:
    return ITEM_SIZES[dtype] * math.prod(shape)


@dataclass(frozen=True)
class Welcome:
    """What a worker says about itself at the end of the handshake.

    Attributes:
        worker: its version, which is that of cutsmith.
        pid: its process ID.
        log: the path of its log file.
        max_payload: how many bytes of arrays it accepts in one message.
    """

    worker: str
    pid: int
    log: str
    max_payload: int


def greet_client(stream: ByteStream, key: bytes, welcome: Welcome) -> str:
    """Do the worker's side of the handshake: both sides prove that they know `key`, without sending it.

    -> what the client calls itself.

    Raises:
        VersionMismatch, WrongKey: the client does not fit. It was told why; close the connection.
        ProtocolError: the client sent something that is not a handshake, or is gone.
    """
    nonce = secrets.token_hex(_NONCE_BYTES)
    hello = {"kind": "hello", "protocol": PROTOCOL_VERSION, "worker": welcome.worker, "nonce": nonce}
    write_message(stream, Message(hello))
    answer = _greeting(stream, "hello")
    try:
        _require_same_protocol(answer, f"of worker {welcome.worker}", "of the client")
        client_nonce = _nonce_of(answer)
        if not _is_proof(answer, key, b"client", nonce, client_nonce):
            raise WrongKey("the client does not know this worker's key")
    except ProtocolError as error:
        refuse(stream, type(error).__name__, str(error), welcome.worker)
        raise
    told = {"kind": "welcome", "proof": _proof(key, b"worker", nonce, client_nonce), "pid": welcome.pid}
    write_message(stream, Message({**told, "log": welcome.log, "max_payload": welcome.max_payload}))
    return str(answer.header.get("client"))[:40]


def introduce(stream: ByteStream, key: bytes, client: str) -> Welcome:
    """Do the client's side of the handshake. `client` is the caller's name, such as "GIMP 3.0.4".

    Raises:
        VersionMismatch: the worker speaks another version of the protocol.
        WrongKey: the worker does not know `key`, or says that its key is a different one.
        HandshakeRefused: the worker refuses for another reason.
        ProtocolError: the worker sent something that is not a handshake, or is gone.
    """
    hello = _greeting(stream, "hello")
    worker = str(hello.header.get("worker"))
    _require_same_protocol(hello, "of the client", f"of worker {worker}")
    nonce, own = _nonce_of(hello), secrets.token_hex(_NONCE_BYTES)
    answer = {"kind": "hello", "protocol": PROTOCOL_VERSION, "client": client, "nonce": own}
    write_message(stream, Message({**answer, "proof": _proof(key, b"client", nonce, own)}))
    told = _greeting(stream, "welcome")
    if not _is_proof(told, key, b"worker", nonce, own):
        raise WrongKey("the process at the worker's address does not know the worker's key")
    pid, log, max_payload = (told.header.get(name) for name in ("pid", "log", "max_payload"))
    if type(pid) is not int or not isinstance(log, str) or type(max_payload) is not int:
        raise FrameInvalid("the worker's welcome must have pid, log and max_payload")
    return Welcome(worker, pid, log, max_payload)


def refuse(stream: ByteStream, kind: str, what: str, worker: str) -> None:
    """Tell a client at any point of the handshake why it is refused: `kind` is the error's name."""
    told = {"kind": "refused", "type": kind, "what": what, "protocol": PROTOCOL_VERSION, "worker": worker}
    write_message(stream, Message(told))


def _greeting(stream: ByteStream, kind: str) -> Message:
    """The next message of the handshake, which must be of this `kind`."""
    message = read_message(stream, max_payload=0, max_header=MAX_HANDSHAKE_HEADER)
    if message.kind == "refused":
        error = WrongKey if message.header.get("type") == "WrongKey" else HandshakeRefused
        raise error(f"the worker refused: {message.header.get('what')}")
    if message.kind != kind:
        raise FrameInvalid(f"the handshake message must be {kind}, but got {message.kind!r}")
    return message


def _require_same_protocol(message: Message, us: str, them: str) -> None:
    theirs = message.header.get("protocol")
    if theirs != PROTOCOL_VERSION:
        raise VersionMismatch(
            "The worker and the client speak different versions of the worker protocol",
            ours=f"version {PROTOCOL_VERSION} ({us})",
            theirs=f"version {theirs} ({them})",
        )


def _nonce_of(message: Message) -> str:
    nonce = message.header.get("nonce")
    if not isinstance(nonce, str) or len(nonce) != 2 * _NONCE_BYTES:
        raise FrameInvalid("the handshake message must have a nonce")
    return nonce


def _proof(key: bytes, who: bytes, worker_nonce: str, client_nonce: str) -> str:
    """The proof that a side knows `key`. `who` stops a side from sending the other's proof back to it."""
    told = b"\0".join((b"cutsmith", who, worker_nonce.encode(), client_nonce.encode()))
    return hmac.new(key, told, hashlib.sha256).hexdigest()


def _is_proof(message: Message, key: bytes, who: bytes, worker_nonce: str, client_nonce: str) -> bool:
    given, wanted = message.header.get("proof"), _proof(key, who, worker_nonce, client_nonce)
    return isinstance(given, str) and hmac.compare_digest(given.encode(errors="replace"), wanted.encode())
