"""Frames and the handshake: what is sent arrives, and whatever else arrives is a typed error."""

from __future__ import annotations

import io
import json
import socket
import struct
import threading
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cutsmith.worker import protocol
from cutsmith.worker.protocol import (
    MAGIC,
    Array,
    ConnectionEnded,
    FrameInvalid,
    FrameTooLarge,
    FrameTruncated,
    Message,
    ProtocolError,
    VersionMismatch,
    Welcome,
    WrongKey,
    greet_client,
    introduce,
    read_message,
    write_message,
)

WELCOME = Welcome("1.2.3", 77, "/log/worker.log", 1000)
KEY = b"k" * 32


def encoded(message: Message) -> bytes:
    stream = io.BytesIO()
    write_message(stream, message)
    return stream.getvalue()


def decoded(data: bytes, **limits) -> Message:
    return read_message(io.BytesIO(data), **limits)


def frame(header: bytes, payload: bytes = b"") -> bytes:
    return struct.pack("!4sIQ", MAGIC, len(header), len(payload)) + header + payload


def described(**changes) -> bytes:
    """A frame with one array of 4 bytes, described with `changes`."""
    array = {"name": "a", "dtype": "uint8", "shape": [4], "offset": 0, **changes}
    return frame(json.dumps({"kind": "x", "arrays": [array]}).encode(), b"1234")


TWO_ARRAYS = Message(
    {"kind": "job", "id": 3, "options": {"text": "Häuschen"}},
    {"pixels": Array("uint16", (2, 1, 3), bytes(range(12))), "mask": Array("float32", (1, 2), bytes(range(8)))},
)


def same(one: Message, other: Message) -> bool:
    def plain(message: Message):
        arrays = {name: (each.dtype, tuple(each.shape), bytes(each.data)) for name, each in message.arrays.items()}
        return dict(message.header), arrays

    return plain(one) == plain(other)


def test_a_message_with_several_arrays_arrives_as_it_was_sent() -> None:
    assert same(decoded(encoded(TWO_ARRAYS)), TWO_ARRAYS)


def test_the_bytes_are_the_documented_ones() -> None:
    assert encoded(Message({"kind": "cancel", "id": 1})) == (
        b"CSW\n" + bytes([0, 0, 0, 41]) + bytes(8) + b'{"kind": "cancel", "id": 1, "arrays": []}'
    )
    frame_bytes = encoded(TWO_ARRAYS)
    _, header, payload = struct.unpack("!4sIQ", frame_bytes[:16])
    offsets = [each["offset"] for each in json.loads(frame_bytes[16 : 16 + header])["arrays"]]
    assert offsets == [0, 16]
    assert payload == 24


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def arrays(draw):
    dtype = draw(st.sampled_from(sorted(protocol.ITEM_SIZES)))
    shape = tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=4)))
    count = protocol.ITEM_SIZES[dtype]
    for size in shape:
        count *= size
    return Array(dtype, shape, draw(st.binary(min_size=count, max_size=count)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(st.text().filter(lambda name: name not in ("kind", "arrays")), json_values, max_size=4),
    st.dictionaries(st.text(), arrays(), max_size=4),
)
def test_whatever_is_sent_arrives(header, sent) -> None:
    message = Message({**header, "kind": "x"}, sent)
    twice = io.BytesIO(encoded(message) * 2)
    assert same(read_message(twice), message)
    assert same(read_message(twice), message)
    with pytest.raises(ConnectionEnded):
        read_message(twice)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_garbage_is_a_typed_error(data) -> None:
    for attempt in (data, MAGIC + data, frame(data), frame(b'{"kind":"x","arrays":' + data + b"}", b"1234")):
        try:
            decoded(attempt, max_payload=1000, max_header=1000)
        except ProtocolError:
            continue
        assert attempt.startswith(MAGIC)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(encoded(TWO_ARRAYS)) - 1), st.integers(1, 255))
def test_a_changed_byte_raises_nothing_but_a_typed_error_and_what_is_read_is_a_whole_message(place, change) -> None:
    data = bytearray(encoded(TWO_ARRAYS))
    data[place] ^= change
    try:
        message = decoded(bytes(data))
    except ProtocolError:
        return
    assert same(decoded(encoded(message)), message)


def test_a_frame_that_ends_at_any_byte_is_truncated() -> None:
    data = encoded(TWO_ARRAYS)
    with pytest.raises(ConnectionEnded):
        decoded(b"")
    for end in range(1, len(data)):
        with pytest.raises(FrameTruncated):
            decoded(data[:end])


@pytest.mark.parametrize(
    ("header", "payload"), [(1 << 20, 1 << 40), (10, (2 << 30) + 1), ((1 << 20) + 1, 0), (2**32 - 1, 2**64 - 1)]
)
def test_what_is_too_large_is_refused_before_anything_is_set_aside(header, payload) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(FrameTooLarge, match="at most"):
            decoded(struct.pack("!4sIQ", MAGIC, header, payload) + b"x" * 100)
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_a_payload_takes_no_memory_before_its_bytes_have_come() -> None:
    announced = struct.pack("!4sIQ", MAGIC, 14, 1 << 30) + b'{"kind":"job"}'
    tracemalloc.start()
    try:
        with pytest.raises(FrameTruncated, match="missing"):
            decoded(announced + b"x" * 10_000)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_the_reader_chooses_the_caps() -> None:
    data = encoded(TWO_ARRAYS)
    with pytest.raises(FrameTooLarge, match="payload must have at most 23 bytes, but got 24"):
        decoded(data, max_payload=23)
    with pytest.raises(FrameTooLarge, match="header"):
        decoded(data, max_header=20)
    assert same(decoded(data, max_payload=24), TWO_ARRAYS)


@pytest.mark.parametrize(
    "changes",
    [
        {"dtype": "object"}, {"dtype": "float64"}, {"dtype": None}, {"dtype": ["uint8"]}, {"shape": []}, {"shape": [0]},
        {"shape": [-4]}, {"shape": [True]}, {"shape": [4.0]}, {"shape": "4"}, {"shape": [5]}, {"shape": [1] * 5},
        {"shape": [10**30]}, {"shape": [2**62, 2**62]}, {"offset": 1}, {"offset": -1}, {"offset": True},
        {"offset": 10**30}, {"name": 3}, {"name": None}, {"dtype": "float32", "shape": [2]},
    ],
)  # fmt: skip
def test_an_array_that_does_not_fit_is_invalid(changes) -> None:
    assert bytes(decoded(described()).arrays["a"].data) == b"1234"
    with pytest.raises(FrameInvalid):
        decoded(described(**changes))


@pytest.mark.parametrize(
    "header",
    [
        b"", b"{", b"[]", b"null", b"3", b"{}", b'{"kind": 3}', b'{"kind": "x", "a": NaN}', b'{"kind": "\xff"}',
        b'{"kind": "x", "a": Infinity}', b'{"kind": "x", "a": ' + b"9" * 5000 + b"}", b"[" * 100_000,
        b'{"kind": "x", "arrays": {}}', b'{"kind": "x", "arrays": [3]}', b'{"kind": "x", "arrays": ' + b"[{},]",
        b'{"kind": "x", "arrays": [' + b",".join([b"{}"] * 17) + b"]}",
    ],
)  # fmt: skip
def test_a_header_that_is_none_is_invalid(header) -> None:
    with pytest.raises(FrameInvalid):
        decoded(frame(header))


def test_two_arrays_of_one_name_are_invalid() -> None:
    array = {"name": "a", "dtype": "uint8", "shape": [4], "offset": 0}
    with pytest.raises(FrameInvalid):
        decoded(frame(json.dumps({"kind": "x", "arrays": [array, array]}).encode(), b"1234"))


@pytest.mark.parametrize(
    "message",
    [
        Message({}),
        Message({"kind": "x", "a": float("nan")}),
        Message({"kind": "x", "a": "y" * (1 << 20)}),
        Message({"kind": "x"}, {"a": Array("uint8", (3,), b"1234")}),
    ],
)
def test_what_is_no_message_is_not_sent(message) -> None:
    stream = io.BytesIO()
    with pytest.raises(ValueError):
        write_message(stream, message)
    assert not stream.getvalue()


def test_a_socket_that_gives_a_byte_at_a_time_is_read_whole() -> None:
    class Slow(io.BytesIO):
        def readinto(self, buffer):
            return super().readinto(buffer[:1])

    assert same(read_message(Slow(encoded(TWO_ARRAYS))), TWO_ARRAYS)


def shake(worker_key: bytes = KEY, client_key: bytes = KEY):
    """A handshake over a socket; -> (what the client got, what the worker got), each a result or an error."""
    ends = socket.socketpair()
    results: dict[str, object] = {}

    def side(name, end, act):
        with end, end.makefile("rwb", buffering=0) as stream:
            try:
                results[name] = act(stream)
            except ProtocolError as error:
                results[name] = error

    worker = threading.Thread(target=side, args=("worker", ends[0], lambda it: greet_client(it, worker_key, WELCOME)))
    worker.start()
    side("client", ends[1], lambda it: introduce(it, client_key, "test"))
    worker.join(5)
    return results["client"], results["worker"]


def test_the_handshake_tells_which_worker_it_is() -> None:
    assert shake() == (WELCOME, "test")


def test_a_wrong_key_is_told_to_both() -> None:
    ours, theirs = shake(client_key=b"x" * 32)
    assert isinstance(ours, WrongKey)
    assert isinstance(theirs, WrongKey)


def test_another_version_of_the_protocol_is_named_with_ours(monkeypatch) -> None:
    hello = {"kind": "hello", "protocol": 7, "worker": "9.9", "nonce": "0" * 64}
    with pytest.raises(VersionMismatch, match=r"version 1 .*version 7 \(of worker 9.9\)") as caught:
        introduce(io.BytesIO(encoded(Message(hello))), KEY, "test")
    assert "7" in caught.value.theirs


def test_the_worker_tells_a_client_of_another_version_why_it_is_refused() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile("rwb", buffering=0) as stream, theirs.makefile("rwb", buffering=0) as other:
        write_message(other, Message({"kind": "hello", "protocol": 7, "nonce": "0" * 64, "proof": ""}))
        with pytest.raises(VersionMismatch):
            greet_client(stream, KEY, WELCOME)
        read_message(other)
        told = read_message(other).header
    assert told["kind"] == "refused"
    assert told["type"] == "VersionMismatch"
    assert "version 7" in told["what"]
    assert "version 1" in told["what"]


def test_a_worker_that_does_not_know_the_key_is_not_believed() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile("rwb", buffering=0) as stream, theirs.makefile("rwb", buffering=0) as other:
        nonce = "0" * 64
        write_message(other, Message({"kind": "hello", "protocol": 1, "worker": "1", "nonce": nonce}))
        write_message(other, Message({"kind": "welcome", "proof": "0" * 64, "pid": 1, "log": "", "max_payload": 1}))
        with pytest.raises(WrongKey, match="does not know the worker's key"):
            introduce(stream, KEY, "test")
        # Nor can it use the client's own proof.
        proof = read_message(other).header["proof"]
        write_message(other, Message({"kind": "hello", "protocol": 1, "worker": "1", "nonce": nonce}))
        write_message(other, Message({"kind": "welcome", "proof": proof, "pid": 1, "log": "", "max_payload": 1}))
        with pytest.raises(WrongKey):
            introduce(stream, KEY, "test")
