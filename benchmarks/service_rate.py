"""Pictures a second of `cutsmith serve` against `rembg s`: `python benchmarks/service_rate.py [--rounds 3]`.

Eight clients send a photograph of 1.5 megapixels as JPEG and take a PNG with transparency, from both servers in turn
and several times, because other work on the machine disturbs them. Both have the same IS-Net weights and the same
number of threads; rembg refines nothing unless it is asked to, and leaves the old background's colour in the edge, so
Cutsmith is asked for `looks=1`, `matting=none` and `foreground=none`. Then the rates with clean colours, and as it is
set. The engine's own rate, which no server can exceed, is that of the network alone in this
process, one picture after another. `against_rembg.py --prepare` makes rembg's environment. Exit code 1: a target is
missed.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, perf_counter, sleep

import numpy as np
import requests
from interleaved_runs import machine
from rembg_environment import default_environment, rembg_command
from second_look import photograph, read

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.core.service.servers import serving

CLIENTS, SIZE = 8, (1500, 1000)
AS_REMBG = {"looks": "1", "matting": "none", "foreground": "none"}
CLEAN = {"looks": "1", "matting": "none"}
OF_REMBG, OF_ENGINE = 2.5, 0.9
THEIR_MODEL = "isnet-general-use"


def photo() -> bytes:
    """A photograph of 1.5 megapixels as a JPEG."""
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(read(photograph("astronaut"))).resize(SIZE).save(stream, "JPEG", quality=92)
    return stream.getvalue()


def engine_rate(data: bytes, count: int) -> float:
    """Pictures a second of the network alone."""
    from cutsmith.options import Runtime
    from cutsmith.picture import Picture
    from cutsmith.pipeline.loading import POOL

    remover, _ = POOL.remover(Runtime())
    image = Picture.read(data).for_models()
    remover.soft_mask(image)
    began = perf_counter()
    for _ in range(count):
        remover.soft_mask(image)
    return count / (perf_counter() - began)


def served_rate(address: str, field: str, data: bytes, options: Mapping[str, str], count: int) -> float:
    """Pictures a second that `CLIENTS` clients get together, `count` in all; each answer is checked to be a picture."""
    left = iter(range(count))
    lock = threading.Lock()
    failures: list[str] = []

    def work() -> None:
        with requests.Session() as session:
            while True:
                with lock:
                    if next(left, None) is None:
                        return
                answer = session.post(address, files={field: ("photo.jpg", data)}, data=options, timeout=600)
                if answer.status_code != 200 or answer.content[:4] != b"\x89PNG":
                    failures.append(f"{answer.status_code}: {answer.text[:200]}")

    clients = [threading.Thread(target=work) for _ in range(CLIENTS)]
    began = perf_counter()
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    if failures:
        sys.exit(f"{len(failures)} of {count} requests to {address} failed, the first: {failures[0]}")
    return count / (perf_counter() - began)


@contextmanager
def rembg_server(rembg: Path, weights: Path, threads: int, folder: Path) -> Iterator[str]:
    """The address of a `rembg s` with our weights."""
    import socket

    home = folder / "rembg"
    home.mkdir()
    (home / f"{THEIR_MODEL}.onnx").symlink_to(weights)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "U2NET_HOME": str(home),
        "MODEL_CHECKSUM_DISABLED": "1",
        "OMP_NUM_THREADS": str(threads),
    }
    command = [str(rembg), "s", "--host", "127.0.0.1", "--port", str(port), "--log_level", "error"]
    with (folder / "rembg.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        _wait_for(f"http://127.0.0.1:{port}/api", process)
        yield f"http://127.0.0.1:{port}/api/remove"
    finally:
        process.terminate()
        process.wait(60)


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    end = monotonic() + 180
    while monotonic() < end and process.poll() is None:
        try:
            requests.get(address, timeout=5)
        except requests.ConnectionError:
            sleep(0.5)
        else:
            return
    sys.exit(f"rembg's server did not start: exit code {process.poll()}")


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pictures", type=int, default=24, help="requests a round to each server")
    parser.add_argument("--rembg", type=Path, default=rembg_command(default_environment()))
    arguments = parser.parse_args()
    from cutsmith.machine.threads import thread_count
    from cutsmith.removal.loading import default_weights

    data, weights = photo(), default_weights()
    print(machine())
    print(f"{SIZE[0]} x {SIZE[1]} JPEG of {len(data) / 1000:.0f} KB in, PNG out, {CLIENTS} clients, {weights.name}")
    rates: dict[str, list[float]] = {"engine": [], "cutsmith": [], "clean colours": [], "as it is set": [], "rembg": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with serving(folder / "service", "--most-waiting", str(CLIENTS)) as ours:
            address = f"{ours.address}v1/cut"
            served_rate(address, "image", data, AS_REMBG, CLIENTS)
            for number in range(arguments.rounds):
                rates["engine"].append(engine_rate(data, arguments.pictures))
                rates["cutsmith"].append(served_rate(address, "image", data, AS_REMBG, arguments.pictures))
                rates["clean colours"].append(served_rate(address, "image", data, CLEAN, arguments.pictures))
                if number == 0:
                    rates["as it is set"].append(served_rate(address, "image", data, {}, arguments.pictures))
                if arguments.rembg is not None:
                    with rembg_server(arguments.rembg, weights, thread_count(None), _fresh(folder, number)) as theirs:
                        options = {"model": THEIR_MODEL}
                        served_rate(theirs, "file", data, options, 1)
                        rates["rembg"].append(
                            served_rate(theirs, "file", data, options, max(arguments.pictures // 2, CLIENTS))
                        )
    _tell(rates)


def _fresh(folder: Path, number: int) -> Path:
    made = folder / f"round-{number}"
    made.mkdir()
    return made


def _tell(rates: Mapping[str, list[float]]) -> None:
    for name, each in rates.items():
        if each:
            print(f"{name:14} {statistics.median(each):.2f} pictures/s   {' '.join(f'{rate:.2f}' for rate in each)}")
    of_engine = [ours / engine for ours, engine in zip(rates["cutsmith"], rates["engine"], strict=True)]
    is_met = _told("of the engine's own rate", of_engine, OF_ENGINE)
    clean = [ours / engine for ours, engine in zip(rates["clean colours"], rates["engine"], strict=True)]
    print(f"{float(np.median(clean)):.2f} of it with clean colours")
    if rates["rembg"]:
        of_rembg = [ours / theirs for ours, theirs in zip(rates["cutsmith"], rates["rembg"], strict=True)]
        is_met = _told("times rembg's rate", of_rembg, OF_REMBG) and is_met
    else:
        print("rembg is not installed for comparisons: benchmarks/against_rembg.py --prepare")
    sys.exit(0 if is_met else 1)


def _told(what: str, ratios: list[float], wanted: float) -> bool:
    ratio = float(np.median(ratios))
    print(f"{ratio:.2f} {what} (wanted: {wanted:g} or more)   {' '.join(f'{each:.2f}' for each in ratios)}")
    return ratio >= wanted


if __name__ == "__main__":
    main()
