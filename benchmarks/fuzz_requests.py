"""All malformed requests of benchmarks/service_fuzz.py: those with wrong bodies, and those that are no good HTTP."""

from __future__ import annotations

from fuzz_bodies import Bodies
from fuzz_case import HOST, Case, Target


class Requests(Bodies):
    """Lengths, chunks, hosts, origins, paths and methods that are wrong, beside all wrong bodies."""

    def _make_hung_up(self, target: Target) -> Case:
        body, told = self._form([self._image(target)])
        part = body[: self._rng.randrange(len(body))]
        return self._case(
            "body cut off, hung up", target.path, part, told, b"Content-Length: %d" % len(body), hangs_up=True
        )

    def _make_huge_headers(self, target: Target) -> Case:
        more = self._picked(
            [b"X-Long: " + b"y" * 30_000],
            [b"X-Long: " + b"y" * 200_000],
            [b"X-%d: y" % number for number in range(1500)],
            [b"X-%d: y" % number for number in range(20_000)],
            [b"Cookie: " + b"a=b; " * 5000],
            [b"Authorization: Bearer " + b"\xff" * 5000],
        )
        is_no_http = sum(map(len, more)) > 50_000
        return self._case("huge headers", target.path, b"", None, *more, is_no_http=is_no_http)

    def _make_method(self, target: Target) -> Case:
        method = self._picked(b"PUT", b"DELETE", b"PATCH", b"TRACE", b"OPTIONS", b"BREW", b"get", b"PROPFIND", b"GET")
        data = method + b" " + target.path.encode() + b" HTTP/1.1\r\nHost: " + HOST + b"\r\nConnection: close\r\n\r\n"
        return Case("method", data, target.path)

    def _make_traversal(self, target: Target) -> Case:
        start = self._picked("/page/", "/v1/sessions/", "/v1/jobs/", "/", target.path + "/")
        rest = self._picked(
            "../../../../etc/passwd",
            "..%2f..%2f..%2fetc%2fpasswd",
            "%2e%2e/%2e%2e/etc/passwd",
            "%00",
            "..%5c..%5cx",
            "....//....//etc/passwd",
            "/etc/passwd",
            "%c0%ae%c0%ae/etc/passwd",
            "a" * 5000,
            "%ff%fe",
            "%",
            "a%0d%0aX:%20y",
        )
        data = f"GET {start}{rest} HTTP/1.1\r\nHost: ".encode() + HOST + b"\r\nConnection: close\r\n\r\n"
        return Case("path", data, f"{start}{rest}")

    def _make_host(self, target: Target) -> Case:
        hosts = self._picked(
            [b"evil.example"],
            [b"127.0.0.1.evil.example"],
            [b""],
            [b"a" * 5000],
            [b"[::1"],
            [b"127.0.0.1:x"],
            [b"evil.example:80"],
            [b"169.254.169.254"],
            [b"\xff\xfe"],
            [b"localhost@evil.example"],
            [b"127.1"],
        )
        lines = [b"GET /v1/models HTTP/1.1", *(b"Host: " + host for host in hosts), b"Connection: close", b"", b""]
        return Case("Host", b"\r\n".join(lines), "/v1/models", is_no_http=b"\xff" in hosts[0])

    def _make_origin(self, target: Target) -> Case:
        header = self._picked(
            b"Origin: https://evil.example",
            b"Origin: null",
            b"Origin: http://[",
            b"Sec-Fetch-Site: cross-site",
            b"Sec-Fetch-Site: same-site",
            b"Origin: http://127.0.0.1:1",
            b"Origin: \xff",
        )
        body, told = self._form([self._image(target)])
        return self._case("origin", target.path, body, told, header)

    def _make_length(self, target: Target) -> Case:
        header = self._picked(
            b"Content-Length: -1",
            b"Content-Length: x",
            b"Content-Length: 1e3",
            b"Content-Length: 99999999999999999999999",
            b"Content-Length: 5\r\nContent-Length: 6",
            b"Content-Length: 5\r\nTransfer-Encoding: chunked",
            b"Transfer-Encoding: gzip",
            b"Transfer-Encoding: chunked, chunked",
            b"Transfer-Encoding: \x0bchunked",
        )
        return self._case(
            "length", target.path, b"zz\r\nabc", "application/json", header, is_no_http=True, hangs_up=True
        )

    def _make_too_long(self, target: Target) -> Case:
        # The bytes themselves need not be sent: the header says enough.
        header = b"Content-Length: %d" % (self._most_bytes * self._rng.randint(2, 1000))
        return self._case("too long", target.path, b"--b\r\n", "multipart/form-data; boundary=b", header)

    def _make_chunks(self, target: Target) -> Case:
        body = self._picked(
            b"zz\r\n",
            b"-1\r\n",
            b"ffffffffffffffffff\r\nx",
            b"5;" + b"x" * 100_000 + b"\r\nabcde\r\n0\r\n\r\n",
            b"5\r\nabc",
            b"1\r\na\r\n" * 2000 + b"0\r\n\r\n",
            b"0\r\nX: y\r\n" * 3,
        )
        return self._case(
            "chunks",
            target.path,
            body,
            "application/json",
            b"Transfer-Encoding: chunked",
            is_no_http=True,
            hangs_up=True,
        )

    def _make_session(self, target: Target) -> Case:
        identity = self._picked("none", "0" * 32, "%00", "..", "a" * 4000, "%ff", "1;drop", "-1", "%2e%2e%2f")
        path = f"/v1/sessions/{identity}" + self._picked("/mask", "/cut", "/refine")
        body = self._picked(b'{"box": [1, 2, 30, 40]}', b'{"points": [[1, 2, 9]]}', b"{", b"[]", b'{"box": "NaN"}')
        return self._case("session", path, body, "application/json")

    def _make_garbage(self, target: Target) -> Case:
        data = self._picked(
            self._rng.randbytes(self._rng.randint(1, 5000)),
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"GET /\r\n\r\n",
            b"\r\n" * 5000,
            b"\0" * 5000,
            b"\x05\x01\x00",
            b"SSH-2.0-x\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"GET  /  HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\n: x\r\n\r\n",
            b"POST",
            b"GET / HTTP/1.1\r\nHo\0st: x\r\n\r\n",
            b"GET /\0 HTTP/1.1\r\nHost: " + HOST + b"\r\n\r\n",
            b"GET " + b"/" * 300_000 + b" HTTP/1.1\r\n\r\n",
            b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
            b"CONNECT evil.example:80 HTTP/1.1\r\nHost: evil.example\r\n\r\n",
            b"* / HTTP/1.1\r\n\r\n",
        )
        return Case("no HTTP", data, "/", is_no_http=True, hangs_up=True)
