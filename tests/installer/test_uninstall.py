import pytest

from installer.demo import contact_sheet_of, cutouts_of, photographs_of, previews_of
from installer.folders import Clone, user_cache, user_data
from installer.stamp import Stamp, write_stamp
from installer.uninstall import uninstall


def put(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"something")
    return path


@pytest.fixture
def user(tmp_path, monkeypatch):
    """User's folders of their own; returns the file of another program's weights."""
    for variable in ("HOME", "USERPROFILE", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home/cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home/data"))
    monkeypatch.setenv("CUTSMITH_MODELS", str(tmp_path / "my models"))
    return tmp_path / "home"


@pytest.fixture
def clone(tmp_path):
    """A clone after `demo`, with files of the user's own among what the demo wrote."""
    made = Clone(tmp_path / "clone é 1")
    for path in (*photographs_of(made), *cutouts_of(made), *previews_of(made), contact_sheet_of(made)):
        put(path)
    put(made.environment / "bin" / "python")
    write_stamp(made.environment, Stamp("", "", ""))
    return made


def files_under(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def test_it_removes_its_own_and_keeps_everything_else(clone, user, tmp_path, capsys):
    put(user_cache() / "compiled" / "model.blob")
    ours = put(user_data() / "models" / "isnet-general-use.onnx")
    theirs = put(user / ".u2net" / "isnet-general-use.onnx")
    named = put(tmp_path / "my models" / "isnet-general-use.onnx")
    notes = put(clone.demo / "my notes.txt")
    source = put(clone.root / "install.py")

    uninstall(clone, weights=False, yes=True)

    assert files_under(clone.root) == {"demo/my notes.txt", "install.py"}
    assert not user_cache().exists()
    assert all(path.exists() for path in (ours, theirs, named, notes, source))
    said = capsys.readouterr().out
    assert str(clone.environment) in said
    assert str(contact_sheet_of(clone)) in said
    assert "--weights" in said

    uninstall(clone, weights=True, yes=True)

    assert not user_data().exists()
    assert all(path.exists() for path in (theirs, named, notes, source))


def test_a_demo_folder_that_is_empty_afterwards_goes_too(clone, user):
    uninstall(clone, weights=False, yes=True)
    assert not any(clone.root.iterdir())


def test_where_nothing_is_there_it_says_so(tmp_path, user, capsys):
    uninstall(Clone(tmp_path), weights=True, yes=True)
    assert capsys.readouterr().out == "Nothing to remove.\n"


def test_weights_behind_a_link_lose_the_link_only(clone, user, tmp_path):
    elsewhere = put(tmp_path / "large disk" / "isnet-general-use.onnx")
    user_data().mkdir(parents=True)
    (user_data() / "models").symlink_to(elsewhere.parent)
    uninstall(clone, weights=True, yes=True)
    assert elsewhere.exists()
    assert not (user_data() / "models").exists()
