"""Tables: a request a row, from CSV as spreadsheets write it and from JSON lines; a bad row stops no other."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from cutsmith.batch.sources.finding import find_sources
from cutsmith.batch.sources.picture import SourcePicture
from cutsmith.batch.sources.rows import pictures_of_table
from cutsmith.batch.sources.tables import rows_of
from cutsmith.errors import BadOption, PictureIsFolder
from cutsmith.options import OPTIONS
from cutsmith.request import Request


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def table(text: str | bytes, name: str = "rows.csv") -> str:
    Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return name


def pictures(text: str | bytes, name: str = "rows.csv", request: Request | None = None) -> list[SourcePicture]:
    return list(pictures_of_table(table(text, name), request))


def test_a_row_is_a_picture_with_its_request() -> None:
    text = (
        "input,sku,folder,box,text,points,matting,band,invert,threads\n"
        'a.jpg,RING-1,rings/gold,"40,60,300,420",,,closed-form,"3,5",yes,2\n'
        "b.jpg,,,,red mug,,,,,\n"
        'c.jpg,,,,,"240,180 300,200,0",,,,\n'
    )
    first, second, third = pictures(text)
    assert (first.source, first.name, first.under, first.error) == ("a.jpg", "RING-1", "rings/gold", None)
    request = Request.from_fields(first.fields)
    assert request.given() == {
        "box": (40, 60, 300, 420),
        "matting": "closed-form",
        "band": (3, 5),
        "invert": True,
        "threads": 2,
    }
    assert (second.name, dict(second.fields)) == (None, {"text": "red mug"})
    assert Request.from_fields(third.fields).target.points == ((240, 180, 1), (300, 200, 0))
    assert pickle.loads(pickle.dumps(first)) == first  # noqa: S301 - workers are processes


@pytest.mark.parametrize("written", ["{0},{1}\n{2},{3}\n", "{0};{1}\r\n{2};{3}\r\n", "{0}\t{1}\n{2}\t{3}\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_the_delimiter_is_seen_in_the_columns(written, mark) -> None:
    text = written.format("Input", "Box Threshold", "a.jpg", "0.5")
    (row,) = rows_of(table(mark + text.encode()))
    assert dict(row.values) == {"input": "a.jpg", "box_threshold": "0.5"}
    assert row.line == 2


def test_what_excel_declares_and_a_suffix_says_of_the_delimiter_counts() -> None:
    (row,) = rows_of(table("sep=;\r\ninput;text\r\na.jpg;red, mug\r\n"))
    assert (row.line, dict(row.values)) == (3, {"input": "a.jpg", "text": "red, mug"})
    (row,) = rows_of(table("input\ttext\na,b.jpg\tx\n", "rows.tsv"))
    assert row.values["input"] == "a,b.jpg"


def test_quoted_cells_may_have_line_breaks_and_the_lines_are_counted() -> None:
    rows = list(rows_of(table('input,text\n\na.jpg,"red\nmug"\n"b ""1"".jpg",\n ,\n')))
    assert [(row.line, row.values["input"]) for row in rows] == [(3, "a.jpg"), (5, 'b "1".jpg')]


@pytest.mark.parametrize("name", ["input", "Image", "PATH", " file "])
def test_the_input_has_other_names(name) -> None:
    assert [each.source for each in pictures(f"{name},sku\na.jpg,X\n")] == ["a.jpg"]
    assert [each.source for each in pictures(json.dumps({name: "a.jpg"}), "rows.jsonl")] == ["a.jpg"]


def test_json_lines_take_values_of_both_forms() -> None:
    lines = [
        {"input": "a.jpg", "box": [1, 2, 3, 4], "text": None, "band": "2,3", "threads": "2"},
        {"input": "b.jpg", "box": "1,2,3,4", "points": [[5, 6], [7, 8, 0]], "invert": True, "name": ""},
        {"input": "c.jpg", "text": ["red mug", "spoon"], "looks": 3},
    ]
    first, second, third = pictures("\n\n".join(map(json.dumps, lines)), "rows.ndjson")
    assert dict(first.fields) == {"box": [1, 2, 3, 4], "band": [2, 3], "threads": 2}
    assert dict(second.fields) == {"box": [1, 2, 3, 4], "points": [[5, 6], [7, 8, 0]], "invert": True}
    assert Request.from_fields(third.fields).target.text == ["red mug", "spoon"]


def test_every_option_that_a_text_can_say_is_a_column() -> None:
    names = [name for name, option in OPTIONS.items() if option.kind != "array"]
    (row,) = rows_of(table(",".join(["input", *names]) + "\na.jpg" + "," * len(names) + "\n"))
    assert dict(row.values) == {"input": "a.jpg"}
    assert len(names) > 20


def test_a_named_row_goes_where_it_says_and_others_keep_their_folders() -> None:
    found = pictures("input,name,folder\nshop/a.jpg,SKU,\nshop/b.jpg,,\nshop/c.jpg,,x\\y\n")
    assert [(each.name, each.under) for each in found] == [("SKU", ""), (None, "shop"), (None, "x/y")]


BAD_ROWS = {
    "no input": ({"name": "x"}, "input must be the path or the address of a picture, but got nothing"),
    "a number": ({"input": 5}, "but got 5"),
    "a bad box": ({"input": "a.jpg", "box": "40,60"}, "four numbers X0,Y0,X1,Y1 in pixels, but got 40,60"),
    "a bad list": ({"input": "a.jpg", "box": [1, 2]}, "four numbers"),
    "a bad choice": ({"input": "a.jpg", "matting": "magic"}, "must be one of none, auto"),
    "a bad number": ({"input": "a.jpg", "box_threshold": 7}, "a number from 0 to 1"),
    "a bad flag": ({"input": "a.jpg", "invert": "perhaps"}, "true or false"),
    "other scripts": ({"input": "a.jpg", "text": "кружка"}, "not a Latin letter"),
    "an object": ({"input": "a.jpg", "text": {"x": 1}}, "a text, or a list of texts"),
    "a zero character": ({"input": "a\0.jpg"}, "zero character"),
    "upwards": ({"input": "a.jpg", "folder": "../x"}, "without .."),
    "upwards inside": ({"input": "a.jpg", "folder": "x\\..\\..\\y"}, "without .."),
    "absolute": ({"input": "a.jpg", "folder": "/etc"}, "not an absolute path"),
    "a drive": ({"input": "a.jpg", "folder": "C:/x"}, "not an absolute path"),
    "the batch's own": ({"input": "a.jpg", "folder": ".CutSmith/x"}, "the batch's own"),
    "a device": ({"input": "a.jpg", "name": "con"}, "Windows keeps con for a device"),
    "a device with a suffix": ({"input": "a.jpg", "name": "LPT1.x"}, "Windows keeps"),
    "a slash": ({"input": "a.jpg", "name": "a/b"}, "a name without a slash"),
    "dots": ({"input": "a.jpg", "name": ".."}, r"without \.\."),
    "a dot at the end": ({"input": "a.jpg", "name": "a."}, "without a dot or a blank at its end"),
    "a colon": ({"input": "a.jpg", "name": "a:b"}, "without ':'"),
    "a zero in the name": ({"input": "a.jpg", "name": "a\0b"}, "without"),
    "half a character": ({"input": "a.jpg", "name": "a\ud800"}, "surrogates"),
    "too long": ({"input": "a.jpg", "name": "ä" * 100}, "at most 180 bytes long; this has 200"),
    "a name that is no text": ({"input": "a.jpg", "name": [1]}, "the name of a file"),
    "a folder that is no text": ({"input": "a.jpg", "folder": 1}, "the name of a folder"),
    "a folder as a picture": ({"input": "."}, "must be a picture, but is a folder"),
}


@pytest.mark.parametrize("kind", BAD_ROWS)
def test_a_bad_row_is_an_error_with_its_line_and_the_others_go_on(kind) -> None:
    row, told = BAD_ROWS[kind]
    lines = [json.dumps({"input": "first.jpg"}), "", json.dumps(row), json.dumps({"input": "last.jpg"})]
    first, bad, last = pictures("\n".join(lines), "rows.jsonl")
    assert (first.error, last.error) == (None, None)
    assert isinstance(bad.error, BadOption | PictureIsFolder.__base__)
    assert bad.error.what.startswith("rows.jsonl, line 3: ")
    with pytest.raises(type(bad.error), match=told.replace("(", r"\(")):
        raise bad.error
    is_named = isinstance(row.get("input"), str)
    assert bad.source == (row["input"] if is_named else "rows.jsonl:3")
    assert "--" not in bad.error.remedy


BROKEN_LINES = {
    "{": "no JSON",
    '{"input": "a.jpg"': "no JSON",
    "input,name": "no JSON",
    "[1, 2]": "must be a JSON object",
    '{"input": "a.jpg", "box_threshold": NaN}': "NaN is no number",
    '{"input": "a.jpg", "image": "b.jpg"}': "two values for input",
    "[" * 100_000: "no JSON",
}


@pytest.mark.parametrize("line", BROKEN_LINES, ids=lambda line: line[:30])
def test_a_broken_line_of_json_is_an_error_of_its_own(line) -> None:
    bad, good = pictures(f'{line}\n{{"input": "b.jpg"}}\n', "rows.jsonl")
    assert BROKEN_LINES[line] in bad.error.what
    assert "line 1" in bad.error.what
    assert good.error is None


def test_a_cell_without_a_column_is_an_error_of_its_row() -> None:
    bad, good = pictures("input,box\na.jpg,40,60,300,420\nb.jpg,\n")
    assert "'60', which is in no column" in bad.error.what
    assert good.error is None
    assert [each.error for each in pictures("input,name,,\na.jpg,x,,\n")] == [None], "a spreadsheet's empty columns"


def test_options_that_exclude_those_of_the_call_are_errors_of_the_row() -> None:
    text = "input,text,objects\na.jpg,red mug,best\nb.jpg,,best\n"
    assert [each.error for each in pictures(text)] == [None, None], "the call may have the words"
    boxed = Request.of(box=(1, 2, 3, 4))
    first, second = pictures(text, request=boxed)
    assert "words and a box were given together" in first.error.what
    assert "there are no words" in second.error.what
    assert [each.error for each in pictures(text, request=Request.of(text="mug"))] == [None, None]


BAD_TABLES = {
    "missing": ("rows.csv", None, r"There is no list rows\.csv"),
    "missing JSON lines": ("rows.jsonl", None, "There is no list"),
    "empty": ("rows.csv", b"", "names no picture"),
    "a header alone": ("rows.csv", b"input,text\n", "names no picture"),
    "empty JSON lines": ("rows.jsonl", b"\n\n", "names no picture"),
    "no column for the input": ("rows.csv", b"name,text\na,b\n", r"line 1: there is no column input, but name, text"),
    "a list without a header": ("rows.csv", b"a.jpg\nb.jpg\n", r"line 1: there is no column 'a.jpg'"),
    "an unknown column": ("rows.csv", b"input,mating\na.jpg,none\n", "there is no column 'mating'"),
    "an array": ("rows.csv", b"input,mask\na.jpg,m.png\n", "there is no column 'mask'"),
    "an unknown key": (
        "rows.jsonl",
        b'{"input": "a"}\n{"input": "b", "colour": 1}\n',
        "line 2: there is no key 'colour'",
    ),
    "a column twice": ("rows.csv", b"input,text,Text\na,b,c\n", "two columns for text"),
    "two inputs": ("rows.csv", b"input,image\na,b\n", "two columns for input"),
    "an open quote": ("rows.csv", b'input,text\na.jpg,x\nb.jpg,"red\nc.jpg,\n', "line 3: the row cannot be read"),
    "text after a quote": ("rows.csv", b'input,text\na.jpg,"6" mug"\n', "line 2: the row cannot be read"),
    "Latin 1": ("rows.csv", "input,name\na.jpg,Größe\n".encode("latin-1"), "line 2 has the byte f6"),
    "UTF-16": ("rows.csv", "input\na.jpg\n".encode("utf-16"), "UTF-16"),
    "a workbook": ("rows.csv", b"PK\x03\x04\x14\0", "zero byte"),
}


@pytest.mark.parametrize("kind", BAD_TABLES)
def test_a_table_that_is_wrong_as_a_whole_is_refused_before_any_work(kind) -> None:
    name, data, told = BAD_TABLES[kind]
    if data is not None:
        table(data, name)
    with pytest.raises(BadOption, match=told) as caught:
        find_sources([name], "out")
    assert caught.value.remedy


def test_an_unknown_column_is_told_with_the_nearest_and_with_all() -> None:
    with pytest.raises(BadOption) as caught:
        pictures("input,mating\na.jpg,none\n")
    assert "Did you mean matting" in caught.value.remedy
    assert "box_threshold" in caught.value.remedy
    assert "mask," not in caught.value.remedy


def test_one_picture_in_two_rows_counts_once_and_is_told(here) -> None:
    table("input,name\na.jpg,x\n./a.jpg,y\nb.jpg,x\n")
    found = find_sources(["rows.csv", "@rows.csv"], "out")
    assert [(each.source, each.name) for each in found.found] == [("a.jpg", "x"), ("b.jpg", "x")]
    assert found.notices == [
        "4 pictures were named more than once and will be cut out once: ./a.jpg, a.jpg, ./a.jpg and 1 more.",
        "Of several rows about one picture the first counts.",
    ]
