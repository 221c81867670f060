from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cutsmith.errors import BadOption, OutputRefused
from cutsmith.service.keys import KeyRing, add_key, default_keys_file, revoke_key, stored_keys


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "own" / "keys.json"


def test_a_key_is_long_random_and_stored_as_its_hash_alone(path) -> None:
    key, other = add_key("Anna's shop", path), add_key("B", path)
    assert key != other
    assert key.startswith("cs_")
    assert len(key) == 3 + 43
    text = path.read_text()
    assert key not in text
    assert key[8:] not in text
    (first, _) = stored_keys(path)
    assert (first.name, first.start) == ("Anna's shop", key[:7])
    assert first.sha256 == hashlib.sha256(key.encode()).hexdigest()


@pytest.mark.skipif(os.name == "nt", reason="modes of files")
def test_only_this_user_can_read_the_file_after_every_change(path) -> None:
    add_key("A", path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    add_key("B", path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.skipif(sys.platform != "linux", reason="folders of Linux")
def test_the_file_is_this_users_unless_another_is_named(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    key = add_key("A")
    assert default_keys_file() == tmp_path / "cutsmith" / "service-keys.json"
    assert KeyRing().check(key) == "A"


def test_a_key_is_known_by_its_name_and_no_other_text_is(path) -> None:
    keys = {name: add_key(name, path) for name in ("A", "B", "C")}
    ring = KeyRing(path)
    assert {ring.check(key) for key in keys.values()} == {"A", "B", "C"}
    for wrong in ("", "cs_", keys["A"][:-1], keys["A"] + "x", keys["A"].lower(), "ä\udcff", "\0", "A"):
        assert ring.check(wrong) is None
    (stored, *_) = stored_keys(path)
    assert ring.check(stored.sha256) is None


def test_every_key_is_compared_in_constant_time(path, monkeypatch) -> None:
    import hmac

    compared = []
    keys = [add_key(name, path) for name in "ABC"]
    ring = KeyRing(path)
    monkeypatch.setattr(hmac, "compare_digest", lambda a, b: compared.append(b) or a == b)
    for key in (*keys, "none"):
        compared.clear()
        ring.check(key)
        assert len(compared) == 3


def test_a_ring_takes_a_new_key_and_refuses_a_revoked_one_at_once(path) -> None:
    ring = KeyRing(path)
    assert ring.names() == ()
    key = add_key("A", path)
    assert ring.check(key) == "A"
    other = add_key("B", path)
    revoke_key("A", path)
    assert ring.check(key) is None
    assert ring.check(other) == "B"
    assert ring.names() == ("B",)
    path.unlink()
    assert ring.check(other) is None


def test_a_file_that_is_damaged_meanwhile_opens_to_nobody_and_is_told_once(path, caplog) -> None:
    key = add_key("A", path)
    ring = KeyRing(path)
    good = path.read_text()
    path.write_text("{")
    assert ring.check(key) is None
    assert ring.check(key) is None
    assert len(caplog.records) == 1
    path.write_text(good)
    assert ring.check(key) == "A"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"keys": 3}',
        '{"keys": [1]}',
        '{"keys": [{"name": "A"}]}',
        '{"keys": [{"name": 1, "start": "", "created": "", "sha256": ""}]}',
        '{"keys": [{"name": "A", "start": "", "created": "", "sha256": "ä"}]}',
        "[" * 100_000,
    ],
)
def test_a_file_that_holds_no_keys_is_refused_and_kept(path, text) -> None:
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    for use in (lambda: KeyRing(path), lambda: add_key("A", path), lambda: revoke_key("A", path)):
        with pytest.raises(BadOption, match="must be a file of keys"):
            use()
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("name", ["", " ", " a", "a ", "a\nb", "\x1b[2J", "x" * 65])
def test_a_name_that_cannot_be_shown_is_refused(path, name) -> None:
    with pytest.raises(BadOption, match="name must be 1 to 64 letters"):
        add_key(name, path)
    assert not path.exists()


def test_a_name_has_one_key(path) -> None:
    key = add_key("A", path)
    with pytest.raises(BadOption, match="already"):
        add_key("A", path)
    assert KeyRing(path).check(key) == "A"


def test_a_key_that_does_not_exist_cannot_be_revoked(path) -> None:
    with pytest.raises(BadOption, match="no key called 'A'"):
        revoke_key("A", path)


def test_a_folder_that_cannot_be_written_is_told(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputRefused, match="cannot be written"):
        add_key("A", tmp_path / "file" / "keys.json")


def test_a_change_that_fails_leaves_the_old_file_and_nothing_beside_it(path, monkeypatch) -> None:
    add_key("A", path)
    before = path.read_text()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputRefused, match="No space left"):
        add_key("B", path)
    assert path.read_text() == before
    assert {each.name for each in path.parent.iterdir()} <= {"keys.json", "keys.json.lock"}


@pytest.mark.skipif(os.name == "nt", reason="links")
def test_a_link_to_the_file_stays_a_link(path, tmp_path) -> None:
    add_key("A", path)
    link = tmp_path / "link.json"
    link.symlink_to(path)
    add_key("B", link)
    assert link.is_symlink()
    assert KeyRing(path).names() == ("A", "B")


def test_processes_that_add_keys_at_once_lose_none(path) -> None:
    code = (
        "import sys; from pathlib import Path; from cutsmith.service.keys import add_key\n"
        "for number in range(20): add_key(f'{sys.argv[2]}-{number}', Path(sys.argv[1]))"
    )
    started = [subprocess.Popen([sys.executable, "-c", code, str(path), each]) for each in "abcd"]
    assert [each.wait(60) for each in started] == [0, 0, 0, 0]
    told = json.loads(path.read_text())["keys"]
    assert {each["name"] for each in told} == {f"{who}-{number}" for who in "abcd" for number in range(20)}
    assert len(told) == 80
