"""A network of a test's own, in which `api.remove.bg` is the service, with a certificate that its clients trust."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.hosts.inside.client_network import NAME

_INSIDE = Path(__file__).parent / "inside" / "client_network.py"


class Ran(NamedTuple):
    """How a client ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


def why_not() -> str:
    """Why there can be no such network here; "" where there can."""
    if shutil.which("unshare") is None:
        return "there is no unshare on the path"
    run = subprocess.run([*_unshare(), "true"], capture_output=True, text=True, check=False)
    return run.stderr.strip() if run.returncode else ""


class ClientNetwork:
    """The network; `folder` takes its certificates.

    Args:
        folder: a folder of the test's own.
        options: those of `cutsmith serve`.
    """

    def __init__(self, folder: Path, options: Sequence[str]) -> None:
        self._authority = folder / "authority.pem"
        certificate, key, hosts = folder / "certificate.pem", folder / "key.pem", folder / "hosts"
        make_certificates(self._authority, certificate, key)
        hosts.write_text(f"127.0.0.1 localhost {NAME}\n", encoding="utf-8")
        told = {
            "hosts": str(hosts),
            "certificate": str(certificate),
            "key": str(key),
            "service": [sys.executable, "-m", "cutsmith", "serve", "--port", "0", "--host-name", NAME, *options],
        }
        self._process = subprocess.Popen(
            [*_unshare(), sys.executable, str(_INSIDE), json.dumps(told)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        ready = self._process.stdout.readline().strip()
        assert ready == "ready", f"the service has not started: {ready!r}"

    def run(self, *command: str, folder: Path, **environment: str) -> Ran:
        """Run a client in `folder`, with further variables; it trusts the test's own authority."""
        trust = dict.fromkeys(("REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE"), str(self._authority))
        told = {"command": command, "environment": {**trust, **environment}, "folder": str(folder)}
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()
        return Ran(**json.loads(self._process.stdout.readline()))

    def stop(self) -> None:
        """End the service and the network."""
        self._process.stdin.close()
        try:
            self._process.wait(60)
        finally:
            self._process.kill()


def _unshare() -> list[str]:
    own = ["unshare", "--net", "--mount"]
    return own if os.geteuid() == 0 else [*own, "--map-root-user"]


def make_certificates(authority: Path, certificate: Path, key: Path) -> None:
    """Write an authority's certificate, and the certificate and key of the service, which it has signed."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    now = datetime.datetime.now(datetime.UTC)

    def named(name: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])

    def certified(name: str, own: ec.EllipticCurvePrivateKey, by: ec.EllipticCurvePrivateKey, *, is_authority: bool):
        usage = dict.fromkeys(
            (
                "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
                "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
            ),
            False,
        )  # fmt: skip
        usage["key_cert_sign" if is_authority else "digital_signature"] = True
        builder = (
            x509.CertificateBuilder()
            .subject_name(named(name))
            .issuer_name(named("Cutsmith's tests"))
            .public_key(own.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(**usage), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
        )
        if not is_authority:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        return builder.sign(by, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    root, leaf = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority.write_bytes(certified("Cutsmith's tests", root, root, is_authority=True))
    certificate.write_bytes(certified(NAME, leaf, root, is_authority=False))
    key.write_bytes(
        leaf.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
