"""What the malformed requests of benchmarks/service_fuzz.py are made of, and wrong values of all fields."""

from __future__ import annotations

import base64
import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

HOST = b"{host}"
"""Stands for the server's address, which is known once it runs."""
EVEN_ROUNDS = 6


@dataclass(frozen=True)
class Case:
    """One request.

    Attributes:
        kind: what is wrong with it.
        data: the bytes, with `HOST` where the server's address belongs.
        path: what it is for, for the form of the answer.
        hangs_up: whether the client sends no more after `data`, so that no answer need come.
        is_no_http: whether the server cannot know what is wanted: it answers in no API's form, or hangs up.
        may_pass: whether it may be accepted all the same.
    """

    kind: str
    data: bytes
    path: str
    hangs_up: bool = False
    is_no_http: bool = False
    may_pass: bool = False


@dataclass(frozen=True)
class Target:
    """An address that takes pictures, and what it calls them.

    Attributes:
        path: of the address.
        image: the field of the picture.
        wrong: wrong values by the names of its fields.
        lenient: fields whose wrong values count as none, as remove.bg, which has no error for them, does it.
        is_strict: whether unknown fields are refused.
        has_json: whether JSON is taken.
    """

    path: str
    image: str
    wrong: dict[str, Sequence[str]] = field(default_factory=dict)
    lenient: Sequence[str] = ()
    is_strict: bool = True
    has_json: bool = True


REMOVE_BG_WRONG: dict[str, Sequence[str]] = {
    "size": ["huge", "-1", "0x0", "9" * 400, "\x00"],
    "type": ["ghost", "1", "\x1b[2J"],
    "type_level": ["3", "-1", "latest ;", "1.5"],
    "format": ["exe", "gif", "../png", "p\x00ng"],
    "channels": ["rgb", "alpha,rgba", "%00"],
    "roi": ["1 2 3", "0% 0% 0% 0%", "9999999 0 99999999 1", "NaN NaN NaN NaN", "1e999 0 1 1", "-5 -5 -1 -1", "a b c d"],
    "crop": ["maybe", "2", "truefalse"],
    "crop_margin": ["60%", "501px", "1 2 3", "1 2 3 4 5", "-1px", "NaN%", "1e400px", "x"],
    "scale": ["5%", "101%", "-10%", "NaN%", "1e999%", "half"],
    "position": ["left", "101%", "1% 2% 3%", "NaN%", "-1%", "inf% 5%"],
    "bg_color": ["#12345", "nocolour", "#gggggg", "/etc/passwd", "../../x.png", "rgb(1,2,3", "\xff"],
    "semitransparency": ["perhaps", "-"],
    "shadow_type": ["hard", "3D"],
    "shadow_opacity": ["101", "-1", "NaN", "1e999", "dark"],
}


def our_wrong_values() -> dict[str, Sequence[str]]:
    """Wrong values for every field of /v1/cut, by its declaration."""
    from cutsmith.options import OPTIONS
    from cutsmith.output import OUTPUT_OPTIONS
    from cutsmith.service import output_fields, request_fields

    by_kind = {
        "number": ["NaN", "-inf", "1e999", "x", "1,2", "--", "0x10", "9" * 5000],
        "count": ["1.5", "-3", "NaN", "9" * 5000, "1e9", "many"],
        "flag": ["maybe", "2", "[]"],
        "box": ["1,2,3", "NaN,0,1,1", "5,5,1,1", "1e999,0,1,1", "a,b,c,d", "-9,-9,-5,-5", "0,0,0,0"],
        "points": ["1", "1,2,3", "NaN,1", "1e999,1", "9999999,9999999", "1,1,2 3", "x y"],
        "band": ["x", "-3", "1,2,3", "NaN", "9" * 500],
        "model": ["../../etc/passwd", "/etc/passwd", "no-such-model", "rembg:../x", "\x00", "file:///etc/passwd"],
        "choice": ["no-such-choice", "../x", "\x00", "9" * 5000],
        "array": ["text", "AAAA"],
    }
    ours: dict[str, Sequence[str]] = {}
    known = {**{name: OPTIONS[name] for name in request_fields.CLIENTS}}
    known |= {name: OUTPUT_OPTIONS[name] for name in output_fields.CLIENTS}
    for name, option in known.items():
        kind = "choice" if option.choices else option.kind
        ours[name] = by_kind.get(kind, ["\x00\x1b[2J", "../../etc/passwd", "/etc/passwd"])
    # Any text is right for them.
    for name in ("text", "negative_text"):
        ours.pop(name, None)
    return ours


class Maker:
    """Makes cases, in turn of their kinds: each method whose name begins with `_make_` makes one kind.

    Args:
        rng: decides on all that is left to chance.
        targets: the addresses that take pictures.
        picture: a small picture that the service cuts out.
        most_bytes: that the service takes of a file.
    """

    def __init__(self, rng: random.Random, targets: Sequence[Target], picture: bytes, most_bytes: int) -> None:
        self._rng = rng
        self._targets = targets
        self._picture = picture
        self._most_bytes = most_bytes
        kinds = (name.removeprefix("_make_") for name in dir(self) if name.startswith("_make_"))
        self._makers: dict[str, Callable[[Target], Case]] = {name: getattr(self, f"_make_{name}") for name in kinds}

    def cases(self, count: int) -> Iterator[Case]:
        """`count` cases of all kinds, for every target."""
        kinds = list(self._makers.values())
        # There are hundreds of wrong values, and of other kinds a few. At first all are as frequent: by then the
        # service has seen the worst of each.
        rounds = itertools.chain(
            itertools.repeat(kinds, EVEN_ROUNDS), itertools.repeat([*kinds, *[self._makers["wrong_value"]] * 15])
        )
        for number, makers in enumerate(rounds):
            for maker in makers:
                if not count:
                    return
                count -= 1
                yield maker(self._targets[number % len(self._targets)])

    def _case(
        self, kind: str, path: str, body: bytes, content_type: str | bytes | None, *more: bytes, **about: Any
    ) -> Case:
        lines = [f"POST {path} HTTP/1.1".encode(), b"Host: " + HOST, b"Connection: close"]
        if content_type is not None:
            told = content_type if isinstance(content_type, bytes) else content_type.encode()
            lines.append(b"Content-Type: " + told)
        if not any(each.lower().startswith((b"content-length", b"transfer-encoding")) for each in more):
            lines.append(b"Content-Length: %d" % len(body))
        return Case(kind, b"\r\n".join([*lines, *more, b"", b""]) + body, path, **about)

    def _form(self, parts: Sequence[tuple[bytes, bytes | None, bytes]]) -> tuple[bytes, str]:
        """A multipart body of (name, file name or None, value), and its Content-Type."""
        boundary = f"x{self._rng.getrandbits(64):x}"
        body = b""
        for name, filename, value in parts:
            of_file = b"" if filename is None else b'; filename="' + filename + b'"'
            disposition = b'Content-Disposition: form-data; name="' + name + b'"' + of_file
            body += b"--" + boundary.encode() + b"\r\n" + disposition + b"\r\n\r\n" + value + b"\r\n"
        return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"

    def _image(self, target: Target) -> tuple[bytes, bytes, bytes]:
        return target.image.encode(), b"a.png", self._picture

    def _json_image(self, target: Target) -> dict[str, Any]:
        name = target.image if target.is_strict else f"{target.image}_b64"
        return {name: base64.b64encode(self._picture).decode()}

    def _picked(self, *choices: Any) -> Any:
        return self._rng.choice(choices)
