"""What install.py copies beside a plug-in needs nothing but Python: no cutsmith, no numpy, no network, no pickle."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cutsmith.worker import protocol
from tests.core.worker.conftest import COMMAND, environment

ROOM = Path(protocol.__file__).parent
COPIED = ("../options.py", "protocol.py", "rendezvous.py", "session.py", "client.py")


def imported(tree: ast.Module) -> set[str]:
    modules = set()
    # What only type checkers see is at the top, under TYPE_CHECKING.
    run = [each for each in tree.body if not (isinstance(each, ast.If) and ast.unparse(each.test) == "TYPE_CHECKING")]
    for node in (inner for each in run for inner in ast.walk(each)):
        if isinstance(node, ast.Import):
            modules |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            modules.add(str(node.module).partition(".")[0])
    return modules


@pytest.mark.parametrize("name", COPIED)
def test_it_imports_the_standard_library_alone(name) -> None:
    siblings = {Path(each).stem for each in COPIED}
    used = imported(ast.parse((ROOM / name).read_text(encoding="utf-8"))) - {"__future__"}
    others = used - set(sys.stdlib_module_names)
    # Its siblings, by the one name or the other.
    assert others <= siblings | ({"cutsmith"} if name in ("session.py", "client.py") else set())
    assert not used & {"pickle", "marshal", "shelve"}


@pytest.mark.parametrize("name", sorted(path.name for path in ROOM.glob("*.py")))
def test_nothing_is_pickled(name) -> None:
    """`send` and `recv` of multiprocessing's connections pickle."""
    for node in ast.walk(ast.parse((ROOM / name).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr == "send":
                assert ast.unparse(node.func.value) in ("self", "self._session"), "a session's own send, of a frame"
            assert node.func.attr not in ("recv", "loads") or ast.unparse(node.func) == "json.loads"


def run_alone(folder: Path, code: str) -> str:
    """What `code` prints in an isolated Python in which the copied files are all that there is of Cutsmith."""
    for name in COPIED:
        shutil.copy(ROOM / name, folder)
    # As in GIMP: the plug-in's own file has the name of the package.
    (folder / "cutsmith.py").write_text("raise ImportError('the plug-in itself was imported for the package')\n")
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(folder)!r})\n{code}"],
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_alone_it_starts_a_worker_and_has_a_mask_refined(workers, tmp_path) -> None:
    printed = run_alone(
        workers.home,
        "import client, protocol, pathlib\n"
        f"session = client.connect({COMMAND!r}, folder=pathlib.Path({str(workers.folder)!r}), client='GIMP',\n"
        f"                         environment={environment(workers.home)!r}, idle_exit=30)\n"
        "pixels = protocol.Array('uint8', (8, 8, 3), bytes(range(192)))\n"
        "mask = protocol.Array('uint8', (8, 8), bytes(range(64)))\n"
        "job = session.submit('refine', {'matting': 'none'}, {'pixels': pixels, 'mask': mask})\n"
        "assert [each.stage for each in job.follow() if each][0] == 'read'\n"
        "assert bytes(job.result().arrays['alpha'].data) == bytes(range(64))\n"
        "assert not {'numpy', 'cutsmith', 'pickle5'} & set(sys.modules)\n"
        "session.run('stop')\n"
        "print(session.welcome.pid)\n",
    )
    assert int(printed) > 0


def test_alone_the_options_are_the_engines(tmp_path) -> None:
    from cutsmith.options import OPTIONS

    code = "import options; print([tuple(each) for each in options.OPTIONS.values()])"
    assert run_alone(tmp_path, code) == str([tuple(each) for each in OPTIONS.values()])


def test_alone_the_folder_is_the_same(tmp_path) -> None:
    from cutsmith.worker import rendezvous

    code = "import rendezvous; print(rendezvous.worker_folder())"
    assert run_alone(tmp_path, code) == str(rendezvous.worker_folder())
