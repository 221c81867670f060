"""The extras of the package: those that `--with` accepts, and the size of each.

Their requirements are in pyproject.toml; what pip cannot install together with them is in separate_steps.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

CHOOSABLE = (
    "gcs", "groundingdino", "heic", "jxl", "pymatting", "ray", "rembg", "s3", "sam2", "service", "text", "watch",
)  # fmt: skip
UNTESTED = ("gcs",)
"""What the tests do without: no server of Google's stores can be had for tests from the package index."""
TEST = "test"


@dataclass(frozen=True)
class Size:
    """The size of a download, and of what it becomes on the disk (Python 3.11, Linux x86_64; MB = 1e6 bytes)."""

    download_megabytes: int
    disk_megabytes: int

    def __str__(self) -> str:
        return f"{self.download_megabytes} MB of packages, {self.disk_megabytes} MB of disk"

    @property
    def at_once(self) -> int:
        """The megabytes that must be free: pip keeps its downloads until all of them are unpacked."""
        return self.download_megabytes + self.disk_megabytes

    def __add__(self, other: Size) -> Size:
        return Size(self.download_megabytes + other.download_megabytes, self.disk_megabytes + other.disk_megabytes)

    def __sub__(self, other: Size) -> Size:
        return Size(self.download_megabytes - other.download_megabytes, self.disk_megabytes - other.disk_megabytes)


NOTHING = Size(0, 0)

# Measured, November 2026: the sizes of the files that pip fetches, and of what it makes of them. What two extras share
# counts for both, so that sums are upper bounds (everything, before there was an S3 server for the tests: 3690 and 7950
# MB); torch, most of it, counts once.
PRODUCT_ALONE = Size(214, 728)
TORCH = Size(3025, 5750)  # with the CUDA libraries that its wheel for Linux requires
TORCH_USERS = ("groundingdino", "sam2", "text")
EXTRA_SIZES = {
    "gcs": Size(22, 77),
    "groundingdino": Size(49, 290),
    "heic": Size(2, 5),
    "jxl": Size(3, 8),
    "pymatting": Size(61, 222),
    "ray": Size(208, 714),
    "rembg": Size(17, 62),
    "s3": Size(19, 50),
    "sam2": Size(3, 13),
    "service": Size(2, 9),
    "text": Size(28, 185),
    "watch": Size(1, 4),
    TEST: Size(222, 561),
}

# The host programs of the tests; each of tests/hosts/preparation says its own size, and a test adds them up.
TEST_HOSTS = Size(4300, 9100)


def size_of(extras: Iterable[str]) -> Size:
    """The size of the package together with `extras`."""
    chosen = set(extras)
    total = PRODUCT_ALONE
    if chosen.intersection(TORCH_USERS):
        total += TORCH
    for extra in chosen:
        total += EXTRA_SIZES.get(extra, NOTHING)  # an environment may hold one of another version's
    return total
