"""Runs in a network of its own: the service, behind TLS at the name that remove.bg's clients have built in.

Started by `unshare`, so that nothing outside can be reached and no other program sees the names and the port. Reads
what to run from standard input, a JSON object a line, and answers with what came of it.
"""

import contextlib
import fcntl
import json
import os
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading

NAME = "api.remove.bg"
_PIECE = 1 << 16
_SECONDS = 120


def main() -> None:
    told = json.loads(sys.argv[1])
    bring_loopback_up()
    # This process, and what it starts, see other names; the system's own file is left as it is.
    subprocess.run(["mount", "--bind", told["hosts"], "/etc/hosts"], check=True)
    service = subprocess.Popen(told["service"], stdout=subprocess.PIPE, text=True)
    try:
        port = int(service.stdout.readline().strip().rstrip("/").rpartition(":")[2])
        threading.Thread(target=serve_tls, args=(told["certificate"], told["key"], port), daemon=True).start()
        say("ready")
        for line in sys.stdin:
            say(json.dumps(ran(json.loads(line))))
    finally:
        service.send_signal(signal.SIGTERM)
        service.wait(30)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def ran(told: dict) -> dict:
    """Run a command with these variables, in a folder; what it said, and how it ended."""
    without = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run(
        told["command"],
        env=without | told["environment"],
        cwd=told["folder"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    return {"returncode": done.returncode, "stdout": done.stdout, "stderr": done.stderr}


def bring_loopback_up() -> None:
    set_flags, is_up = 0x8914, 1  # SIOCSIFFLAGS and IFF_UP of Linux
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sh", b"lo", is_up))


def serve_tls(certificate: str, key: str, port: int) -> None:
    """Take what comes for port 443 out of TLS, and hand it to the service."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 443), backlog=64)
    while True:
        plain, _ = listener.accept()
        threading.Thread(target=handle, args=(context, plain, port), daemon=True).start()


def handle(context: ssl.SSLContext, plain: socket.socket, port: int) -> None:
    try:
        with (
            context.wrap_socket(plain, server_side=True) as client,
            socket.create_connection(("127.0.0.1", port)) as service,
        ):
            back = threading.Thread(target=pump, args=(service, client), daemon=True)
            back.start()
            pump(client, service)
            back.join()
    except OSError:
        pass  # the client does not trust the certificate, or has hung up


def pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(_PIECE):
            target.sendall(piece)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    main()
