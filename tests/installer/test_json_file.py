import pytest

from installer.json_file import read_fields, write_fields


def test_what_was_written_is_read_and_nothing_else_is_left_there(tmp_path):
    write_fields(tmp_path / "a.json", {"é": ["/x", 1, None]})
    assert read_fields(tmp_path / "a.json") == {"é": ["/x", 1, None]}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_file_that_is_not_there_is_told_from_one_that_is_not_understood(tmp_path):
    assert read_fields(tmp_path / "a.json") is None
    assert read_fields(tmp_path / "no folder" / "a.json") is None
    (tmp_path / "a file").touch()
    assert read_fields(tmp_path / "a file" / "a.json") is None
    assert read_fields(tmp_path / "a file") == {}


@pytest.mark.parametrize("content", [b"{", b"[]", b"3", b"null", b"\xff"])
def test_what_holds_no_fields_has_none(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    assert read_fields(tmp_path / "a.json") == {}


def test_where_the_writing_fails_the_old_file_stays(tmp_path):
    write_fields(tmp_path / "a.json", {"a": 1})
    with pytest.raises(TypeError):
        write_fields(tmp_path / "a.json", {"a": object()})
    assert read_fields(tmp_path / "a.json") == {"a": 1}
