"""Two hundred clients at once for three minutes: `python benchmarks/service_load.py [--clients 200] [--seconds 180]`.

Each client has a picture of its own: a red box whose place and size nobody else's has. A stand-in network takes what is
red for the subject, so that the service, not the network, is what is loaded; `--isnet` runs the real one. A client that
is refused with 429 or 503 waits as long as Retry-After says, but two seconds at most. Every request must be answered by
200, 429 or 503, and every picture must be the client's own, by the box of its alpha. Printed are the counts, the rate,
latencies, and the server's resident memory after the first minute and at the end. Exit code 1: a target is missed.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

import numpy as np
import psutil
import requests
from interleaved_runs import machine

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.core.red_network import write_red_network
from tests.core.service.servers import serving

ANSWERS = (200, 429, 503)
GROWTH = 1.05
SIZE = (240, 320)
_STEP = 6


class Client(threading.Thread):
    """Sends one picture again and again until `end`, and checks every answer."""

    def __init__(self, number: int, address: str, end: float) -> None:
        super().__init__(daemon=True)
        self.answers: Counter[str] = Counter()
        self.seconds: list[float] = []
        self._address = address
        self._end = end
        self._rows, self._columns = _box_of(number)
        self._picture = _picture(self._rows, self._columns)

    def run(self) -> None:
        """Send until the time is over."""
        with requests.Session() as session:
            while monotonic() < self._end:
                began = monotonic()
                try:
                    answer = session.post(
                        self._address,
                        files={"image": ("own.png", self._picture)},
                        data={"matting": "none", "looks": "1"},
                        timeout=120,
                    )
                except requests.RequestException as error:
                    self.answers[f"lost: {type(error).__name__}"] += 1
                    continue
                self.seconds.append(monotonic() - began)
                self._take(answer)

    def _take(self, answer: requests.Response) -> None:
        if answer.status_code == 200:
            self.answers["200" if self._is_own(answer.content) else "mixed up"] += 1
            return
        self.answers[str(answer.status_code)] += 1
        sleep(min(float(answer.headers.get("Retry-After", 1)), 2.0))

    def _is_own(self, data: bytes) -> bool:
        from PIL import Image

        alpha = np.asarray(Image.open(io.BytesIO(data)))[..., 3] > 127
        rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
        if not rows.size:
            return False
        found = (rows[0], rows[-1] + 1, columns[0], columns[-1] + 1)
        wanted = (self._rows.start, self._rows.stop, self._columns.start, self._columns.stop)
        # The network sees the picture smaller, so the edge moves a little; boxes are further apart than that.
        return all(abs(int(a) - b) <= _STEP // 2 for a, b in zip(found, wanted, strict=True))


def _box_of(number: int) -> tuple[slice, slice]:
    """The box of a client's subject: no two clients' boxes are within `_STEP` pixels of each other on all sides."""
    top, rest = divmod(number, 15)
    left, wide = divmod(rest, 3)
    rows = slice(20 + _STEP * 2 * top, 20 + _STEP * 2 * top + 50)
    columns = slice(20 + _STEP * 4 * left, 20 + _STEP * 4 * left + 80 + 30 * wide)
    return slice(min(rows.start, SIZE[0] - 60), min(rows.start, SIZE[0] - 60) + 50), columns


def _picture(rows: slice, columns: slice) -> bytes:
    from PIL import Image

    pixels = np.full((*SIZE, 3), (20, 40, 200), np.uint8)
    pixels[rows, columns] = (220, 30, 20)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def resident(process: psutil.Process) -> int:
    """The resident memory of a process and its children, in bytes."""
    total = 0
    for each in (process, *process.children(recursive=True)):
        with suppress(psutil.Error):
            total += each.memory_info().rss
    return total


def main() -> None:
    """Load, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--isnet", action="store_true", help="the real network; a client's own box is then not checked")
    arguments = parser.parse_args()
    print(machine())
    boxes = {str(_box_of(number)) for number in range(arguments.clients)}
    assert len(boxes) == arguments.clients, "every client needs a picture of its own"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        network = write_red_network(folder / "red.onnx", 256)
        model = () if arguments.isnet else ("--model", str(network))
        with serving(folder / "service", *model, "--workers", str(arguments.workers)) as server:
            process = psutil.Process(server.process.pid)
            end = monotonic() + arguments.seconds
            clients = [Client(number, f"{server.address}v1/cut", end) for number in range(arguments.clients)]
            for client in clients:
                client.start()
            sleep(arguments.seconds / 3)
            early = resident(process)
            for client in clients:
                client.join()
            late = resident(process)
            assert server.process.poll() is None
    sys.exit(0 if _tell(clients, arguments.seconds, early, late, is_checked=not arguments.isnet) else 1)


def _tell(clients: list[Client], seconds: float, early: int, late: int, *, is_checked: bool) -> bool:
    answers: Counter[str] = sum((client.answers for client in clients), Counter())
    if not is_checked:
        answers["200"] += answers.pop("mixed up", 0)
    wrong = {name: count for name, count in answers.items() if name not in map(str, ANSWERS)}
    waits = sorted(each for client in clients for each in client.seconds)
    never = sum(not client.answers["200"] for client in clients)
    rate = answers["200"] / seconds
    print(f"{len(clients)} clients for {seconds:g} s: {answers.total()} requests, {rate:.1f} pictures/s")
    print("  " + ", ".join(f"{name}: {count}" for name, count in sorted(answers.items())))
    print(f"  seconds: median {waits[len(waits) // 2]:.2f}, 99 of 100 within {waits[int(len(waits) * 0.99)]:.2f}")
    print(f"  clients that never got a picture: {never}")
    print(f"  lost, mixed up, or answered otherwise: {sum(wrong.values())} {wrong or ''}")
    print(f"  resident memory: {early / 1e6:.0f} MB after a third, {late / 1e6:.0f} MB at the end: {late / early:.3f}x")
    return not wrong and late / early <= GROWTH


if __name__ == "__main__":
    main()
