"""What all tests share: the quick tier, tests in two processes, and a cache that is not the user's."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder
from pathlib import Path

import pytest
from filelock import ReadWriteLock
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from cutsmith.machine.threads import spin_briefly

# Every test in this folder itself runs in a host program; those in folders below it do not.
HOSTS = Path(__file__).parent / "hosts"
BETWEEN_PROCESSES = pytest.StashKey[ReadWriteLock]()
SLOW_MARKERS = ("slow", "torch", "weights")

# What stands on PyTorch or takes seconds to import. The quick tier runs as if none of it were installed.
HEAVY_PACKAGES = frozenset(
    {"groundingdino", "pycocotools", "rembg", "sam2", "timm", "tokenizers", "torch", "torchvision", "transformers"}
)
# Fixtures that build networks with PyTorch, or read a vocabulary with transformers' tokenizers.
HEAVY_FIXTURES = frozenset({"random_dino", "random_sam2", "tiny_folder", "vocabulary"})


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--quick",
        action="store_true",
        help="leave out the tests that are slow or need weights, PyTorch or a host program; see CONTRIBUTING.md",
    )


class WithoutHeavyPackages(PathFinder):
    """Finds modules as usual, except for the heavy packages: a quick test that imports one fails on any machine."""

    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        if fullname.partition(".")[0] in HEAVY_PACKAGES:
            return None
        return super().find_spec(fullname, path, target)


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        # pytest-xdist gives each process a folder within one that is theirs together.
        lock = Path(config.option.basetemp).parent / "running-tests.lock"
        config.stash[BETWEEN_PROCESSES] = ReadWriteLock(lock)
        # As the command line does: tests with PyTorch in two processes would take twice as long.
        spin_briefly()
    if config.getoption("--quick"):
        sys.meta_path[sys.meta_path.index(PathFinder)] = WithoutHeavyPackages


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """The quick tier cannot even import a module that imports PyTorch at its head."""
    if not config.getoption("--quick") or collection_path.suffix != ".py":
        return None
    return bool(re.search(r"^(import|from) torch\b", collection_path.read_text(encoding="utf-8"), re.MULTILINE)) or None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if HEAVY_FIXTURES.intersection(item.fixturenames):
            item.add_marker(pytest.mark.torch)
    if BETWEEN_PROCESSES in config.stash:
        # They take longest, so they begin.
        items.sort(key=lambda item: item.path.parent != HOSTS)
    if config.getoption("--quick"):
        config.hook.pytest_deselected(items=[item for item in items if not _is_quick(item)])
        items[:] = [item for item in items if _is_quick(item)]


class HostsTogether(LoadFileScheduling):
    """Files go to processes as a whole. Those of GIMP go to one, those of other hosts to one: each host starts once."""

    def _split_scope(self, nodeid: str) -> str:
        file = Path(super()._split_scope(nodeid))
        if file.parent.parts[-2:] != HOSTS.parts[-2:]:
            return str(file)
        return "GIMP" if "gimp" in file.name else "other hosts"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    return HostsTogether(config, log) if config.option.dist == "loadfile" else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Where several processes run tests, one that is marked `alone` waits until the others have ended theirs."""
    lock = item.config.stash.get(BETWEEN_PROCESSES, None)
    if lock is None:
        return (yield)
    with lock.write_lock() if item.get_closest_marker("alone") else lock.read_lock():
        return (yield)


def _is_quick(item: pytest.Item) -> bool:
    needs_a_host = item.path.parent == HOSTS
    return not needs_a_host and not any(item.get_closest_marker(name) for name in SLOW_MARKERS)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUTSMITH_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
