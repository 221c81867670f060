import shutil
import sys
from pathlib import Path

import pytest

from installer.environment import python_facts
from installer.environment.interpreter import ask, running_interpreter
from installer.environment.python_facts import is_own_environment
from installer.failure import InstallFailed
from installer.folders import Clone
from tests.installer.stand_ins import add_distribution, make_python, site_packages


def test_virtual_conda_and_embedded_pythons_are_environments_and_a_systems_is_not(tmp_path):
    python = tmp_path / "python.exe"
    assert is_own_environment("/venv", "/usr", python)
    assert not is_own_environment(str(tmp_path), str(tmp_path), python)
    (tmp_path / "python311._pth").touch()
    assert is_own_environment(str(tmp_path), str(tmp_path), python)
    conda = tmp_path / "conda"
    (conda / "conda-meta").mkdir(parents=True)
    assert is_own_environment(str(conda), str(conda), conda / "bin" / "python")


def test_a_real_interpreter_tells_what_it_has(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "torch.py").touch()  # not one of its modules, though it lies where it is run
    python = make_python(tmp_path / "an environment é")
    assert not ask(python).has_torch
    packages = site_packages(python)
    add_distribution(packages, "torch", "2.9.0+cu128", module="torch")
    add_distribution(packages, "Odd_Name.x", "1.0")
    add_distribution(packages, "cutsmith", "0.1.0", source=tmp_path / "clone é")
    found = ask(python)
    assert found.has_torch
    assert found.is_environment
    assert found.version == tuple(sys.version_info[:3])
    assert found.cutsmith_source == tmp_path / "clone é"
    assert found.installed == {"torch": "2.9.0+cu128", "odd-name-x": "1.0", "cutsmith": "0.1.0"}


@pytest.mark.parametrize("program", ["true", "false", None])
def test_what_does_not_answer_is_no_python(tmp_path, program):
    found = shutil.which(program) if program else None
    with pytest.raises(InstallFailed, match="does not answer"):
        ask(Path(found) if found else tmp_path / "nowhere")


# The quick tier hides PyTorch from this process, and not from the one that is started.
@pytest.mark.torch
def test_the_running_one_says_the_same_without_being_started(monkeypatch):
    # Ray, which other tests import into this process, puts packages of its own on the path.
    monkeypatch.setattr(sys, "path", [each for each in sys.path if Path(each).name != "thirdparty_files"])
    assert running_interpreter() == ask(Path(sys.executable))


def test_cutsmith_counts_only_in_this_version_and_from_this_very_clone(tmp_path):
    clone = Clone(tmp_path / "clone é")
    clone.root.mkdir()
    clone.project.write_text('[project]\nversion = "0.2.0"\n')
    python = make_python(tmp_path / "an environment é")
    assert not ask(python).has_cutsmith_from(clone)
    add_distribution(site_packages(python), "cutsmith", "0.2.0", source=clone.root)
    assert ask(python).has_cutsmith_from(clone)
    other = Clone(tmp_path / "other")
    shutil.copytree(clone.root, other.root)
    assert not ask(python).has_cutsmith_from(other)
    clone.project.write_text('[project]\nversion = "0.3.0"\n')
    assert not ask(python).has_cutsmith_from(clone)


def test_what_other_pythons_run_parses_on_python_3_8():
    import ast

    ast.parse(Path(python_facts.__file__).read_text(encoding="utf-8"), feature_version=(3, 8))
