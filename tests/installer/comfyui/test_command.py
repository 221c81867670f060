import json
import subprocess
import sys

import pytest

from installer.comfyui.command import install_into_comfyui
from installer.comfyui.removal import planned_comfyui_removals, take_out
from installer.environment.requirements import name_of
from installer.failure import InstallFailed
from installer.folders import Clone
from installer.host_memory import remembered_hosts
from tests.installer.stand_ins import ROOT, add_distribution, make_clone, make_comfyui, make_python, site_packages

# Stands in for the plain install, of which tests/installer/test_host_environment.py and the slow test below are.
INSTALLS = """
import sysconfig
from pathlib import Path
Path(__file__).with_name("arguments.txt").write_text("\\n".join(sys.argv[1:]))
for name in ("cutsmith", "loky"):
    folder = Path(sysconfig.get_path("purelib")) / (name + "-1.0.dist-info")
    folder.mkdir(exist_ok=True)
    (folder / "METADATA").write_text(f"Name: {name}\\nVersion: 1.0")
"""


@pytest.fixture
def comfyui(tmp_path, own_folders):
    """A ComfyUI with an environment of its own, which has a torch."""
    folder = make_comfyui(tmp_path / "my ComfyUI é")
    python = make_python(folder / "venv")
    add_distribution(site_packages(python), "torch", "2.9.0", module="torch")
    return folder


def arguments_of(clone):
    return (clone.root / "arguments.txt").read_text().splitlines()


def test_it_installs_with_comfyuis_python_links_the_pack_and_remembers_both(comfyui, tmp_path, capsys):
    clone = make_clone(tmp_path / "clone", INSTALLS)
    pins = tmp_path / "pins.txt"
    install_into_comfyui(clone, comfyui, extras=["sam2", "text"], constraint_files=[pins])
    assert arguments_of(clone) == ["--with", "sam2,text", "--constraint", str(pins)]
    pack = comfyui / "custom_nodes" / "ComfyUI-Cutsmith"
    assert pack.resolve() == clone.root.resolve()
    assert str(pack) in capsys.readouterr().out
    (host,) = remembered_hosts()
    assert (host.folder, host.clone, host.pack, host.added) == (str(comfyui), str(clone.root), str(pack), ("loky",))
    assert host.python.startswith(str(comfyui / "venv"))


def test_a_second_run_says_nothing_if_it_is_to_be_quiet_and_forgets_nothing(comfyui, tmp_path, capfd):
    clone = make_clone(tmp_path / "clone", INSTALLS)
    install_into_comfyui(clone, comfyui)
    first = remembered_hosts()
    capfd.readouterr()
    install_into_comfyui(clone, comfyui, quiet=True)
    assert capfd.readouterr() == ("", "")
    assert arguments_of(clone) == ["--quiet"]
    assert remembered_hosts() == first


def test_another_clone_takes_its_place_and_what_pip_added_is_still_known(comfyui, tmp_path):
    install_into_comfyui(make_clone(tmp_path / "clone", INSTALLS), comfyui)
    other = make_clone(tmp_path / "other", INSTALLS)
    install_into_comfyui(other, comfyui)
    assert (comfyui / "custom_nodes" / "ComfyUI-Cutsmith").resolve() == other.root.resolve()
    (host,) = remembered_hosts()
    assert (host.clone, host.added) == (str(other.root), ("loky",))


def test_a_failed_installation_links_nothing_and_what_it_added_is_known(comfyui, tmp_path):
    clone = make_clone(tmp_path / "clone", INSTALLS + "sys.exit(5)")
    with pytest.raises(InstallFailed) as stopped:
        install_into_comfyui(clone, comfyui)
    assert stopped.value.exit_code == 5
    assert list((comfyui / "custom_nodes").iterdir()) == []
    (host,) = remembered_hosts()
    assert (host.pack, host.added) == ("", ("loky",))


def test_nothing_is_installed_where_something_else_stands_in_the_packs_place(comfyui, tmp_path):
    clone = make_clone(tmp_path / "clone", INSTALLS)
    (comfyui / "custom_nodes" / "ComfyUI-Cutsmith").mkdir()
    with pytest.raises(InstallFailed, match="did not make it"):
        install_into_comfyui(clone, comfyui)
    assert not (clone.root / "arguments.txt").exists()
    assert remembered_hosts() == []


def test_a_clone_in_custom_nodes_stays_what_it_is(comfyui):
    clone = make_clone(comfyui / "custom_nodes" / "Cutsmith", INSTALLS)
    install_into_comfyui(clone, comfyui)
    assert [path.name for path in (comfyui / "custom_nodes").iterdir()] == ["Cutsmith"]
    assert remembered_hosts()[0].pack == ""


def freeze(python):
    command = [python, "-m", "pip", "freeze", "--all", "--exclude-editable"]
    return set(subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout.splitlines())


@pytest.mark.slow
def test_a_comfyui_with_older_packages_gets_the_product_and_keeps_each_of_them(tmp_path, own_folders, monkeypatch):
    """The command itself, with the real pip; what is fetched has the tests' versions, which pip has at hand."""
    comfyui = make_comfyui(tmp_path / "ComfyUI é")
    python = make_python(comfyui / ".venv", pip=True)
    add_distribution(site_packages(python), "torch", "2.9.0", module="torch")
    subprocess.run([python, "-m", "pip", "install", "-q", "numpy==2.2.6"], check=True)
    before = freeze(python)
    assert {"numpy==2.2.6", "torch==2.9.0"} <= before
    pins = tmp_path / "pins.txt"
    lines = (ROOT / "constraints-test.txt").read_text(encoding="utf-8").splitlines()
    pins.write_text("\n".join(line for line in lines if name_of(line) not in ("numpy", "torch")))

    def start(*arguments):
        command = [sys.executable, str(ROOT / "install.py"), *arguments]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8")

    run = start("comfyui", str(comfyui), "--constraint", str(pins))
    assert run.returncode == 0, run.stdout + run.stderr
    assert before < freeze(python)
    where = "import cutsmith, cv2, json, numpy; print(json.dumps([cutsmith.__file__, numpy.__version__]))"
    said = subprocess.run([python, "-c", where], cwd=tmp_path, capture_output=True, encoding="utf-8", check=True)
    assert json.loads(said.stdout) == [str(ROOT / "core" / "cutsmith" / "__init__.py"), "2.2.6"]
    pack = comfyui / "custom_nodes" / "ComfyUI-Cutsmith"
    assert pack.is_symlink()
    assert pack.resolve() == ROOT

    with_product = freeze(python)
    again = start("comfyui", str(comfyui), "--constraint", str(pins), "--quiet")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert freeze(python) == with_product

    added = remembered_hosts()[0].added
    assert "tifffile" in added
    assert not {"pymatting", "numba"} & set(added)
    assert "numpy" not in added
    clone = Clone(ROOT)
    take_out(planned_comfyui_removals(clone, []), clone)
    assert not pack.is_symlink()
    assert subprocess.run([python, "-c", "import cutsmith"], cwd=tmp_path, capture_output=True).returncode == 1
    assert freeze(python) == with_product
    assert remembered_hosts() == []
