"""Feeds damaged files to the picture reader: `python benchmarks/fuzz_reader.py --count 5000 --seed 0`.

Small valid files of every format and kind of pixel are mutated (flipped bits, truncation, spliced pieces, wrong length
fields, inflated dimensions, filled ends, bytes before the picture, damaged chunks) and read in worker processes with
2 GB of address space and a time limit for each file.
Each file must be read, or refused with a typed error. The exit code is 1 after any crash, hang or untyped exception,
or if a worker used more than 2 GB of memory. The folder that `--keep` names keeps the files that caused it.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import os
import random
import struct
import sys
import time
import zlib
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock, Thread
from typing import Any

import numpy as np
from fuzz_mutations import mutated

MEMORY_LIMIT = 2 * 1024**3
SECONDS_A_FILE = 20.0
HEIC_SAMPLES = Path(__file__).resolve().parent.parent / "tests" / "core" / "picture" / "heic"


def valid_files() -> dict[str, bytes]:
    """Name -> a small valid file, for every format and kind of pixel that the reader takes."""
    from PIL import Image, ImageCms

    rng = np.random.default_rng(0)
    colours = Image.fromarray(rng.integers(0, 256, (24, 32, 4), dtype=np.uint8)).resize((40, 30))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[274] = 6
    files: dict[str, bytes] = {}

    def add(name: str, mode: str, format_name: str, **options: Any) -> None:
        image = colours.convert("RGB").convert(mode) if mode != "RGBA" else colours
        stream = io.BytesIO()
        image.save(stream, format_name, **options)
        files[name] = stream.getvalue()

    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        if mode == "I;16":
            stream = io.BytesIO()
            Image.fromarray(rng.integers(0, 65536, (30, 40), dtype=np.uint16)).save(stream, "PNG")
            files["png I;16"] = stream.getvalue()
        else:
            add(f"png {mode}", mode, "PNG")
    add("png tRNS", "P", "PNG", transparency=bytes(range(256)))
    add("png key", "RGB", "PNG", transparency=(1, 2, 3))
    add("png icc exif", "RGB", "PNG", icc_profile=profile, exif=exif.tobytes(), dpi=(300, 300))
    add("apng", "RGBA", "PNG", save_all=True, append_images=[colours.rotate(90), colours.rotate(180)])
    for mode in ("L", "RGB", "CMYK"):
        add(f"jpeg {mode}", mode, "JPEG", icc_profile=profile, exif=exif.tobytes())
    add("jpeg progressive", "RGB", "JPEG", progressive=True, dpi=(72, 72))
    add("mpo", "RGB", "MPO", save_all=True, append_images=[colours.convert("RGB")])
    add("webp lossless", "RGBA", "WEBP", lossless=True)
    add("webp lossy", "RGB", "WEBP", icc_profile=profile, exif=exif.tobytes())
    add("webp animated", "RGBA", "WEBP", save_all=True, append_images=[colours.rotate(90)])
    add("avif", "RGBA", "AVIF", exif=exif.tobytes())
    add("gif", "P", "GIF", save_all=True, append_images=[colours.rotate(180).convert("P")], transparency=3)
    for mode in ("1", "L", "P", "RGB", "RGBA"):
        add(f"bmp {mode}", mode, "BMP")
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB"):
        add(f"tiff {mode}", mode, "TIFF")
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        add(f"tiff {compression}", "RGB", "TIFF", compression=compression, exif=exif, icc_profile=profile)
    add("tiff group4", "1", "TIFF", compression="group4")
    files |= _repaired_files(files)
    for mode in ("L", "P", "RGB", "RGBA"):
        add(f"tga {mode}", mode, "TGA", compression="tga_rle" if mode == "RGB" else None)
    for kind in ("png", "bmp"):
        add(f"ico {kind}", "RGBA", "ICO", sizes=[(16, 16), (30, 30)], bitmap_format=kind)
    for mode in ("L", "LA", "RGB", "RGBA"):
        add(f"jpeg 2000 {mode}", mode, "JPEG2000", no_jp2=mode == "RGB")
    for letter, mode in (("P4", "1"), ("P5", "L"), ("P6", "RGB")):
        add(f"netpbm {letter}", mode, "PPM")
    files["netpbm P3"] = b"P3\n4 4\n65535\n" + b" ".join(b"%d" % (777 * index) for index in range(48))
    files["netpbm PAM"] = b"P7\nWIDTH 8\nHEIGHT 8\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n" + bytes(
        range(256)
    )
    files["netpbm PFM"] = b"PF\n8 8\n-1.0\n" + rng.random((8, 8, 3), dtype=np.float32).tobytes()
    files |= _deep_files(rng)
    files |= {f"heic {path.stem}": path.read_bytes() for path in sorted(HEIC_SAMPLES.glob("*.heic"))}
    files |= _jpeg_xl_files(np.asarray(colours))
    return files


def _repaired_files(files: dict[str, bytes]) -> dict[str, bytes]:
    """Files that are read although something is wrong with them: mutations begin beyond their repair."""

    def chunk(kind: bytes, body: bytes, checksum: int | None = None) -> bytes:
        right = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", right if checksum is None else checksum)

    plain = files["png RGB"]
    extras = chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(range(256)) * 8000)) + chunk(b"tEXt", b"a\0b", 1)
    extras += chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(2_000_000))) + chunk(b"tRNS", b"\0") + chunk(b"pHYs", b"")
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    rows = packer.compress(bytes(30 * (1 + 40 * 4))) + packer.flush()
    header = struct.pack(">IIBBBBB", 40, 30, 8, 6, 0, 0, 0)
    apple = chunk(b"CgBI", b"\x50\0\x20\x02") + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return {
        "png with damaged chunks": plain[:33] + extras + plain[33:],
        "png apple": plain[:8] + apple,
        "png after blanks": b"\xef\xbb\xbf\r\n" + plain,
        "png 2000 texts": plain[:33] + chunk(b"tEXt", b"a\0b", 1) * 2000 + plain[33:],
        "apng damaged": files["apng"].replace(b"fcTL\0\0\0\0", b"fcTL\0\0\0\7"),
        "jpeg filled end": files["jpeg RGB"][:-2] + bytes(4096),
        "jpeg without end": files["jpeg RGB"][:-2],
        "jpeg progressive without end": files["jpeg progressive"][:-2],
    }


def _jpeg_xl_files(samples: np.ndarray[Any, Any]) -> dict[str, bytes]:
    """JPEG XL files, where the extra `[jxl]` is installed."""
    try:
        import pylibjxl
    except ImportError:
        return {}
    encode = pylibjxl.encode
    return {"jpeg xl": encode(samples[..., :3]), "jpeg xl lossless": encode(samples, lossless=True)}


def _deep_files(rng: np.random.Generator) -> dict[str, bytes]:
    """16-bit files, and TIFFs of kinds that only tifffile writes."""
    import tifffile

    from cutsmith.picture import Picture

    samples = rng.integers(0, 65536, (30, 40, 4), dtype=np.uint16)
    alpha = (samples[..., 3] / 65535).astype(np.float32)
    files = {
        "png RGB16": Picture(samples[..., :3]).encode(".png", metadata={"Software": "fuzz"}),
        "png RGBA16": Picture(samples[..., :3], alpha).encode(".png"),
        "tiff RGBA16 deflate": Picture(samples[..., :3], alpha).encode(".tif"),
    }
    for name, array, options in (
        ("tiff RGB16 big endian", samples[..., :3], {"photometric": "rgb", "byteorder": ">"}),
        ("tiff RGB16 tiled", np.tile(samples, (2, 2, 1))[..., :3], {"photometric": "rgb", "tile": (16, 16)}),
        ("tiff RGB16 planar", np.moveaxis(samples[..., :3], 2, 0), {"photometric": "rgb", "planarconfig": "separate"}),
        ("tiff RGBA16 premultiplied", samples, {"photometric": "rgb", "extrasamples": ["assocalpha"]}),
        ("tiff LA16", samples[..., :2], {"extrasamples": ["unassalpha"], "planarconfig": "contig"}),
        ("tiff L16", samples[..., 0], {}),
        ("tiff pages", np.stack([samples[..., 0]] * 3), {}),
        ("tiff big", samples[..., :3], {"photometric": "rgb", "bigtiff": True}),
        ("tiff float", (samples[..., 0] / 65535).astype(np.float32), {}),
        ("tiff float RGB", (samples[..., :3] / 65535).astype(np.float32), {"photometric": "rgb"}),
        ("tiff L32", samples[..., 0].astype(np.uint32) << 16, {}),
        ("tiff CMYKA", np.dstack([samples, samples[..., :1]]), {"photometric": "separated", "extrasamples": [2]}),
    ):
        stream = io.BytesIO()
        tifffile.imwrite(stream, array, **options)
        files[name] = stream.getvalue()
    return files


def worker(connection: Connection, max_pixels: int) -> None:
    """Reads what comes through `connection` and answers (outcome, detail, peak bytes), until it is closed."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    except (ImportError, ValueError):  # Windows has no such limit
        resource = None  # type: ignore[assignment]
    from cutsmith.errors import CutsmithError
    from cutsmith.picture import Picture

    while True:
        try:
            data = connection.recv_bytes()
        except EOFError:
            return
        try:
            picture = Picture.read(data, max_pixels=max_pixels)
            picture.srgb()
            answer = ("read", "")
        except CutsmithError as error:
            answer = (f"refused: {type(error).__name__}", error.what)
        except BaseException as error:  # noqa: BLE001 - an untyped exception is what is looked for
            answer = ("UNTYPED", f"{type(error).__name__}: {error}")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 if resource else 0
        connection.send((*answer, peak))


@dataclass
class Tally:
    """What came out of all files, gathered from several threads."""

    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    peak: int = 0
    slowest: tuple[float, str] = (0.0, "")
    lock: Lock = field(default_factory=Lock)


def drive(cases: list[tuple[int, str, bytes]], tally: Tally, max_pixels: int, keep: Path | None) -> None:
    """Feed `cases` (number, name, file) to one worker after the other: a new one replaces each that dies or hangs."""
    context = multiprocessing.get_context("spawn")
    process: Any = None
    connection: Any = None
    for number, name, data in cases:
        if process is None:
            connection, child = context.Pipe()
            process = context.Process(target=worker, args=(child, max_pixels), daemon=True)
            process.start()
            child.close()
        start = time.perf_counter()
        peak = 0
        try:
            connection.send_bytes(data)
            if connection.poll(SECONDS_A_FILE):
                outcome, detail, peak = connection.recv()
            else:
                outcome, detail = "HUNG", f"over {SECONDS_A_FILE:.0f} s"
        except (EOFError, OSError):
            process.join(5)
            outcome, detail = "CRASHED", f"exit code {process.exitcode}"
        if outcome in ("HUNG", "CRASHED"):
            process.kill()
            process.join()
            process = None
        with tally.lock:
            tally.outcomes[outcome] += 1
            tally.peak = max(tally.peak, peak)
            tally.slowest = max(tally.slowest, (time.perf_counter() - start, f"file {number}, {name}, {outcome}"))
            if outcome in ("HUNG", "CRASHED", "UNTYPED"):
                tally.faults.append(f"{outcome} file {number} ({name}): {detail}")
                if keep is not None:
                    keep.mkdir(parents=True, exist_ok=True)
                    (keep / f"{number}.bin").write_bytes(data)
    if process is not None:
        connection.close()
        process.join(10)


def main() -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--max-pixels", type=int, default=100_000_000)
    parser.add_argument("--keep", type=Path, help="folder for the files that made the reader fail")
    options = parser.parse_args()

    rng = random.Random(options.seed)
    originals = valid_files()
    names, others = list(originals), list(originals.values())
    cases = []
    for number in range(options.count):
        name = names[number % len(names)]
        cases.append((number, name, mutated(originals[name], rng, others)))
    tally, untouched = Tally(), Tally()
    drive([(index, name, originals[name]) for index, name in enumerate(names)], untouched, options.max_pixels, None)
    start = time.perf_counter()
    threads = [
        Thread(target=drive, args=(cases[index :: options.workers], tally, options.max_pixels, options.keep))
        for index in range(options.workers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    print(f"{len(names)} valid files, before mutation: {dict(untouched.outcomes)}")
    print(f"{options.count} mutated files, seed {options.seed}, {time.perf_counter() - start:.0f} s")
    for outcome, count in tally.outcomes.most_common():
        print(f"  {count:6d}  {outcome}")
    print(f"slowest {tally.slowest[0]:.1f} s ({tally.slowest[1]}), peak memory of a worker {tally.peak / 1e6:.0f} MB")
    for fault in tally.faults:
        print(fault)
    return 1 if tally.faults or untouched.faults or tally.peak > MEMORY_LIMIT else 0


if __name__ == "__main__":
    sys.exit(main())
