from contextlib import suppress

from tests.hosts.preparation.scratch_folder import scratch_folder


def test_a_scratch_folder_begins_empty_and_goes_whatever_happens(tmp_path):
    folder = tmp_path / "not there" / "scratch"
    with suppress(KeyboardInterrupt), scratch_folder(folder):
        (folder / "half-written").touch()
        raise KeyboardInterrupt
    assert not folder.exists()
    folder.mkdir()
    (folder / "left by a killed run").touch()
    with scratch_folder(folder) as made:
        assert list(made.iterdir()) == []
