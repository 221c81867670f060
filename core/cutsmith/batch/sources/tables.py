"""Tables: CSV and JSON lines -> rows with their line numbers."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from cutsmith.batch.sources.text_files import lines_of, names_nothing, read_text
from cutsmith.cures import advise
from cutsmith.errors import BadOption, CutsmithError, shown
from cutsmith.options import OPTIONS

CSV_SUFFIXES = frozenset({".csv", ".tsv"})
JSON_LINES_SUFFIXES = frozenset({".jsonl", ".ndjson"})
TABLE_SUFFIXES = CSV_SUFFIXES | JSON_LINES_SUFFIXES

INPUT, NAME, FOLDER = "input", "name", "folder"
_ALSO_CALLED = {"image": INPUT, "path": INPUT, "file": INPUT, "sku": NAME, "point": "points"}
_DELIMITERS = (",", ";", "\t")
_DECLARED_DELIMITER = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table.

    Attributes:
        line: the number, from 1, of the line that it begins in.
        values: column -> value, without those that are not given. Texts in CSV, JSON's values in JSON lines.
        error: why the row cannot be read.
    """

    line: int
    values: Mapping[str, Any]
    error: CutsmithError | None = None


def rows_of(path: str) -> Iterator[Row]:
    """The rows of the table at `path`; its suffix says whether it is CSV or JSON lines.

    Columns are `input` (also called image, path, file), `name` (also sku), `folder`, and options of a request. Case,
    blanks and hyphens in their names are no matter. Empty cells and nulls are not given; blank rows are left out.

    Raises:
        BadOption: see `read_text`; the table has no row, or no column for the input, or a column that is unknown or
            there twice; or its quotes do not close. The message names the line.
    """
    text = read_text(path)
    is_csv = path.lower().endswith(tuple(CSV_SUFFIXES))
    is_empty = True
    for row in _csv_rows(path, text) if is_csv else _json_rows(path, text):
        is_empty = False
        yield row
    if is_empty:
        raise names_nothing(path)


def _csv_rows(path: str, text: str) -> Iterator[Row]:
    offset = 0
    declared = _DECLARED_DELIMITER.match(text)  # as Excel writes it
    if declared:
        text, offset = text[declared.end() :], 1
    delimiter = declared[1] if declared else "\t" if path.lower().endswith(".tsv") else _sniffed(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True)
    header: list[str] = []
    line = offset + 1
    try:
        for cells in reader:
            begins, line = line, reader.line_num + offset + 1
            if not any(cell.strip() for cell in cells):
                continue
            if header:
                yield _csv_row(begins, header, cells)
            else:
                header = _checked_header(path, begins, cells)
    except csv.Error as error:
        raise BadOption(
            f"{path}, line {line}: the row cannot be read ({error}).",
            'Put a cell with a quote, a delimiter or a line break into quotes, and write a quote twice: "6"" mug".',
        ) from error


def _csv_row(line: int, header: Sequence[str], cells: Sequence[str]) -> Row:
    told = dict(enumerate(cell.strip() for cell in cells))
    beyond = [cell for at, cell in told.items() if cell and (at >= len(header) or not header[at])]
    values = {column: told[at] for at, column in enumerate(header) if column and told.get(at)}
    if beyond:
        what = f"The row has the cell {shown(beyond[0])}, which is in no column."
        return Row(line, values, BadOption(what, "Put a cell that has the delimiter in it into quotes."))
    return Row(line, values)


def _sniffed(text: str) -> str:
    """The delimiter by which the first row splits into the most columns that are known, else into the most."""
    first = next((line for line in lines_of(text) if line.strip()), "")

    def knows(delimiter: str) -> tuple[int, int]:
        names = [each.strip(' "') for each in first.split(delimiter)]
        return sum(_column(each) in _columns(in_json=False) for each in names), len(names)

    return max(_DELIMITERS, key=knows)


def _checked_header(path: str, line: int, cells: Sequence[str]) -> list[str]:
    header: list[str] = []
    for cell in cells:
        column = _known_column(path, line, cell, in_json=False) if cell.strip() else ""
        if column and column in header:
            raise BadOption(
                f"{path}, line {line}: there are two columns for {column}.", "Leave one of them out.", found=shown(cell)
            )
        header.append(column)
    if INPUT not in header:
        raise BadOption(
            f"{path}, line {line}: there is no column {INPUT}, but {', '.join(filter(None, header))}.",
            f"Its first row must name the columns, and one of them must be {INPUT} (or image, path, file).",
            found=shown(list(cells)),
            wanted=f"a column {INPUT}",
        )
    return header


def _json_rows(path: str, text: str) -> Iterator[Row]:
    for line, written in enumerate(lines_of(text), start=1):
        if not written.strip():
            continue
        try:
            told = json.loads(written, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            what = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
            yield Row(line, {}, BadOption(f"The line is no JSON: {what}.", "Write one JSON object a line."))
            continue
        if not isinstance(told, dict):
            yield Row(line, {}, BadOption(f"The line must be a JSON object, but is {shown(told)}."))
            continue
        values: dict[str, Any] = {}
        twice = None
        for key, value in told.items():
            column = _known_column(path, line, key, in_json=True)
            twice = column if column in values else twice
            if value is not None and value != "":
                values[column] = value
        yield Row(line, values, BadOption(f"The line has two values for {twice}.") if twice else None)


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


def _column(name: str) -> str:
    plain = re.sub(r"[\s-]+", "_", name.strip().casefold())
    return _ALSO_CALLED.get(plain, plain)


def _columns(*, in_json: bool) -> list[str]:
    """The columns of a table. No cell of a CSV holds an array."""
    return [INPUT, NAME, FOLDER, *(name for name, option in OPTIONS.items() if in_json or option.kind != "array")]


def _known_column(path: str, line: int, name: str, *, in_json: bool) -> str:
    column = _column(name)
    known = _columns(in_json=in_json)
    if column in known:
        return column
    from difflib import get_close_matches

    near = get_close_matches(column, [*known, *_ALSO_CALLED], n=2)
    meant = f"Did you mean {' or '.join(near)}?" if near else "Leave it out, or rename it."
    raise BadOption(
        f"{path}, line {line}: there is no {'key' if in_json else 'column'} {shown(name)}.",
        advise(meant),
        advise(f"Known are {', '.join(known)}."),
        found=shown(name),
        wanted=f"one of {', '.join(known)}",
    )
