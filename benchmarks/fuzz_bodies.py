"""Requests whose bodies are malformed, for benchmarks/service_fuzz.py."""

from __future__ import annotations

import base64
import io
import json
import struct
import zipfile
import zlib
from typing import Any
from urllib.parse import urlencode

from fuzz_case import Case, Maker, Target


class Bodies(Maker):
    """Forms, JSON and pictures that are wrong."""

    def _make_wrong_boundary(self, target: Target) -> Case:
        body, _ = self._form([self._image(target)])
        told = self._picked(
            b"multipart/form-data",
            b"multipart/form-data; boundary=",
            b"multipart/form-data; boundary=other",
            b"multipart/form-data; boundary=" + b"y" * 20_000,
            b"multipart/form-data; boundary=\xc3\xa4\xff",
            b'multipart/form-data; boundary="',
            b"multipart/form-data; boundary=a; boundary=b",
        )
        return self._case("wrong boundary", target.path, body, told)

    def _make_cut_off_form(self, target: Target) -> Case:
        body, told = self._form([self._image(target), (b"x", None, b"y")])
        return self._case("form cut off", target.path, body[: self._rng.randrange(len(body) - 60)], told)

    def _make_damaged_form(self, target: Target) -> Case:
        body, told = self._form([self._image(target)])
        head, blank, rest = body.partition(b"\r\n\r\n")
        damaged = bytearray(head)
        for _ in range(self._rng.randint(1, 6)):
            damaged[self._rng.randrange(len(damaged))] = self._rng.randrange(256)
        return self._case("damaged part", target.path, bytes(damaged) + blank + rest, told, may_pass=True)

    def _make_part_headers(self, target: Target) -> Case:
        line = self._picked(
            b"X: " + b"y" * 200_000,
            b"\r\n".join(b"X%d: y" % number for number in range(5000)),
            b"Content-Disposition: form-data",
            b"Content-Disposition: form-data; name=",
            b'Content-Disposition: attachment; name="' + b"n" * 100_000 + b'"',
            b"no header at all",
            b"",
        )
        body = b"--b\r\n" + line + b"\r\n\r\nvalue\r\n--b--\r\n"
        return self._case("headers of a part", target.path, body, "multipart/form-data; boundary=b")

    def _make_many_fields(self, target: Target) -> Case:
        count = self._rng.randint(200, 4000)
        if self._rng.random() < 0.5:
            body = urlencode([(f"f{number}", "x") for number in range(count)]).encode()
            return self._case("thousands of fields", target.path, body, "application/x-www-form-urlencoded")
        body, told = self._form([(b"f%d" % number, None, b"x") for number in range(count)])
        return self._case("thousands of fields", target.path, body, told)

    def _make_many_files(self, target: Target) -> Case:
        count = self._rng.randint(50, 2000)
        body, told = self._form([(b"f%d" % number, b"a.png", b"x") for number in range(count)])
        return self._case("thousands of files", target.path, body, told)

    def _make_wrong_type(self, target: Target) -> Case:
        told = self._picked(
            None,
            "",
            "text/plain",
            "image/png",
            "application/jso",
            "multipart/mixed; boundary=x",
            "application/json",
            "application/x-www-form-urlencoded",
            "application/octet-stream",
            "\x01",
            "a/b/c;;;=",
            "x" * 3000,
        )
        return self._case("wrong content type", target.path, self._picture, told)

    def _make_no_utf_8(self, target: Target) -> Case:
        bad = self._picked(b"\xff\xfe", b"\xc3(", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\x80")
        kind = "not UTF-8"
        match self._rng.randrange(4):
            case 0:
                body, told = self._form([self._image(target), (b"format", None, bad)])
            case 1:
                body, told = self._form([(bad, b"a" + bad + b".png", self._picture)])
            case 2:
                body, told = b"format=%ff%fe&" + bad + b"=1", "application/x-www-form-urlencoded"
            case _:
                body, told = b'{"format": "' + bad + b'"}', "application/json"
        return self._case(kind, target.path, body, told)

    def _make_deep_json(self, target: Target) -> Case:
        depth = self._rng.choice([1000, 20_000, 500_000])
        name = json.dumps(self._rng.choice([target.image, "points", "format", "x"])).encode()
        opened, closed = self._picked((b"[", b"]"), (b'{"a":', b"}"), (b"[", b""))
        inner = opened * depth + (b"1" if opened != b"[" else b"") + closed * depth
        body = self._picked(inner, b"{" + name + b":" + inner + b"}")
        return self._case("deep JSON", target.path, body, "application/json")

    def _make_json_numbers(self, target: Target) -> Case:
        number = self._picked("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 10_000, "0" * 9, "1e-999999999")
        names = [name for name in target.wrong if name not in ("quality",)] or ["x"]
        name = self._rng.choice(names)
        value = self._picked(number, f"[{number},{number},{number},{number}]", f'{{"a":{number}}}')
        whole = json.dumps(self._json_image(target))[:-1] + f", {json.dumps(name)}: {value}}}"
        return self._case("numbers of JSON", target.path, whole.encode(), "application/json", may_pass=True)

    def _make_wide_json(self, target: Target) -> Case:
        piece = self._picked(b"[],", b"{},", b"1,", b'"",', b'{"a":[]},')
        body = b'{"points":[' + piece * self._rng.choice([300_000, 1_000_000]) + b"1]}"
        return self._case("wide JSON", target.path, body, "application/json")

    def _make_charset(self, target: Target) -> Case:
        charset = self._picked("punycode", "idna", "undefined", "hex", "zlib", "utf-7", "x", "unicode_escape")
        body, told = self._form([(b"text", None, b"ba" * 2_000_000), self._image(target)])
        return self._case("charset", target.path, body, f"{told}; charset={charset}")

    def _make_json_kinds(self, target: Target) -> Case:
        value = self._picked([], {}, [[[]]], {"a": [1]}, "\x00", "\ud800", True, [None], "x" * 100_000, {"": ""})
        told: Any = self._picked(
            None,
            [],
            "text",
            3,
            True,
            {},
            {target.image: value},
            {target.image: 5},
            {"\x00": value},
            {**self._json_image(target), self._rng.choice(list(target.wrong)): [value]},
        )
        return self._case("kinds of JSON", target.path, json.dumps(told).encode(), "application/json")

    def _make_damaged_json(self, target: Target) -> Case:
        whole = json.dumps(self._json_image(target)).encode()
        body = self._picked(
            whole[: self._rng.randrange(1, len(whole))], whole + b"}", b"\xef\xbb\xbf" + whole[:-9], b""
        )
        return self._case("damaged JSON", target.path, body, "application/json")

    def _make_wrong_base64(self, target: Target) -> Case:
        (name,) = self._json_image(target)
        value = self._picked(
            "A",
            "====",
            "!!!!",
            "data:image/png;base64",
            "data:image/png;base64,",
            "data:,A===",
            "AAAA" * 50,
            "Ä" * 40,
            "data:" + "x" * 50_000,
            base64.b64encode(b"text").decode(),
            " ",
            "\x00AAA",
        )
        return self._case("wrong Base64", target.path, json.dumps({name: value}).encode(), "application/json")

    def _make_no_picture(self, target: Target) -> Case:
        data = self._picked(
            b"",
            b"\x00" * 1000,
            b"GIF89a",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"%PDF-1.7\n",
            b"<html>",
            self._rng.randbytes(5000),
            self._picture[: self._rng.randrange(60)],
            b"\x89PNG\r\n\x1a\n" + bytes(50),
            b"\xff\xd8\xff\xe0" + bytes(200),
            b"RIFF\xff\xff\xff\xffWEBPVP8 ",
            b"II*\x00" + b"\xff" * 100,
            b"BM" + bytes(60),
        )
        body, told = self._form([(target.image.encode(), b"a.png", data)])
        return self._case("no picture", target.path, body, told)

    def _make_damaged_picture(self, target: Target) -> Case:
        data = bytearray(self._picture)
        for _ in range(self._rng.randint(1, 20)):
            data[self._rng.randrange(len(data))] = self._rng.randrange(256)
        body, told = self._form([(target.image.encode(), b"a.png", bytes(data))])
        return self._case("damaged picture", target.path, body, told, may_pass=True)

    def _make_bomb(self, target: Target) -> Case:
        data = self._picked(
            png(30_000, 30_000, bytes(30_000 * 3751)),
            png(65_000, 65_000, b""),
            png(2**31 - 1, 2**31 - 1, b""),
            b"II*\x00\x08\x00\x00\x00\x02\x00"
            + struct.pack("<HHIIHHII", 256, 4, 1, 400_000, 257, 4, 1, 400_000)
            + bytes(4),
            b"GIF89a"
            + struct.pack("<HH", 65_535, 65_535)
            + b"\x80\x00\x00"
            + bytes(20)
            + b",\x00\x00\x00\x00\xff\xff\xff\xff",
            b"P6\n99999 99999\n255\n",
            b"BM" + struct.pack("<IIIIIiHHIIIIII", 99, 0, 54, 40, 2**30, 2**30, 1, 24, 0, 0, 0, 0, 0, 0),
        )
        body, told = self._form([(target.image.encode(), b"a.png", data)])
        return self._case("picture that swells", target.path, body, told)

    def _make_hidden_bomb(self, target: Target) -> Case:
        packed = zlib.compress(bytes(100_000_000), 1)
        kind, start = self._picked((b"iCCP", b"p\0\0"), (b"zTXt", b"k\0\0"), (b"iTXt", b"k\0\x01\0\0\0"))
        data = self._picture[:33] + chunk(kind, start + packed) + self._picture[33:]
        body, told = self._form([(target.image.encode(), b"a.png", data)])
        return self._case("text that swells", target.path, body, told, may_pass=True)

    def _make_zip(self, target: Target) -> Case:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
            match self._rng.randrange(4):
                case 0:
                    packed.writestr("a.png", bytes(100_000_000))
                case 1:
                    packed.writestr("../../../../tmp/evil.png", self._picture)
                case 2:
                    for number in range(300):
                        packed.writestr(f"{number}.png", b"")
                case _:
                    packed.writestr("a.txt", b"no picture")
        data = stream.getvalue()
        data = data if self._rng.random() < 0.6 else data[: self._rng.randrange(len(data))]
        body, told = self._form([(b"zip", b"a.zip", data)])
        return self._case("zip", "/v1/jobs", body, told, may_pass=True)

    def _make_nul(self, target: Target) -> Case:
        body, told = self._picked(
            self._form([(b"\0", b"\0", self._picture)]),
            self._form([self._image(target), (b"format\0", None, b"png")]),
            self._form([self._image(target), (b"format", None, b"p\0ng")]),
            (b"format=%00&%00=1", "application/x-www-form-urlencoded"),
            (b'{"\\u0000": "\\u0000"}', "application/json"),
        )
        return self._case("NUL", target.path, body, told, may_pass=not target.is_strict)

    def _make_wrong_value(self, target: Target) -> Case:
        name = self._rng.choice(list(target.wrong))
        value = self._rng.choice(target.wrong[name])
        lenient = name in target.lenient
        if target.has_json and self._rng.random() < 0.3 and value != "AAAA":
            body = json.dumps({**self._json_image(target), name: value}).encode()
            return self._case(f"wrong value: {name}", target.path, body, "application/json", may_pass=lenient)
        extra: list[tuple[bytes, bytes | None, bytes]] = [(b"crop", None, b"true")] if name == "crop_margin" else []
        if target.path == "/v1/refine":
            extra.append((b"mask", b"mask.png", self._picture))
        body, told = self._form([self._image(target), *extra, (name.encode(), None, value.encode())])
        return self._case(f"wrong value: {name}", target.path, body, told, may_pass=lenient)

    def _make_form_shape(self, target: Target) -> Case:
        image = self._image(target)
        body, told = self._picked(
            self._form([image, image]),
            self._form([(target.image.encode(), None, b"text")]),
            self._form([(b"format", b"a.png", b"png"), image]),
            self._form([(b"format", None, b"png")]),
            self._form([]),
            (b"", "multipart/form-data; boundary=b"),
            (b"", "application/x-www-form-urlencoded"),
            (urlencode({target.image: "x" * 100_000}).encode(), "application/x-www-form-urlencoded"),
        )
        return self._case("shape of a form", target.path, body, told)


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, rows: bytes) -> bytes:
    """A PNG of black and white that says it has this size, with `rows` packed in it."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    packed = chunk(b"IDAT", zlib.compress(rows, 9))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + packed + chunk(b"IEND", b"")
