"""The figures as CSV (full precision) and as tables for people (rounded)."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from cutsmith.evaluation.measuring import Row
from cutsmith.evaluation.summary import Summary

_SHOWN = (
    ("SAD", 2, 1), ("MSE", 1, 1000), ("Grad", 2, 1), ("Conn", 2, 1),
    ("SAD unknown", 2, 1), ("MSE unknown", 1, 1000), ("Grad unknown", 2, 1), ("Conn unknown", 2, 1),
    ("MAE", 4, 1), ("S", 3, 1), ("F", 3, 1), ("boundary IoU", 3, 1), ("found: SAD", 2, 1), ("found: MSE", 1, 1000),
)  # fmt: skip
HEADINGS = (
    "configuration", "pictures",
    *(f"{name} (e-3)" if factor == 1000 else name for name, _, factor in _SHOWN),
    "worse", "seconds", "peak MB",
)  # fmt: skip


def shown_cells(line: Summary) -> list[str]:
    """The texts of one line under `HEADINGS`; if it was not measured, the name and the reason alone."""
    if line.not_measured:
        return [line.name, f"not measured: {line.not_measured}"]
    figures = [
        f"{line.means[name] * factor:.{digits}f}" if name in line.means else "-" for name, digits, factor in _SHOWN
    ]
    pictures = f"{line.measured} of {line.measured + line.failures}" if line.failures else str(line.measured)
    worse = "-" if line.worse is None else str(line.worse)
    return [line.name, pictures, *figures, worse, f"{line.seconds:.2f}", f"{line.peak_megabytes:.0f}"]


def markdown(lines: Sequence[Summary]) -> str:
    """The table in Markdown, one line per configuration."""
    rule = ["---", *["---:"] * (len(HEADINGS) - 1)]
    cells = [[*shown_cells(line), *[""] * len(HEADINGS)][: len(HEADINGS)] for line in lines]
    rows = [[each.replace("|", "\\|").replace("\n", " ") for each in row] for row in (list(HEADINGS), rule, *cells)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def summary_csv(lines: Sequence[Summary]) -> str:
    """One line per configuration."""
    metrics = list(dict.fromkeys(name for line in lines for name in line.means))
    head = ["configuration", "measured", "failures", "found", *metrics, "worse", "seconds", "peak MB", "not measured"]
    body = [
        [line.name, line.measured, line.failures, line.found, *(line.means.get(name, "") for name in metrics),
         "" if line.worse is None else line.worse,
         *((line.seconds, line.peak_megabytes) if line.measured else ("", "")), line.not_measured]
        for line in lines
    ]  # fmt: skip
    return _csv([head, *body])


def results_csv(rows: Sequence[Row]) -> str:
    """One line per picture and configuration; a row that was not measured has one line with its reason."""
    pictures = [each for row in rows for each in row.pictures]
    metrics = list(dict.fromkeys(name for each in pictures for name in each.metrics))
    stages = list(dict.fromkeys(name for each in pictures for name in each.seconds))
    head = [
        "picture",
        "configuration",
        *metrics,
        "raw MSE",
        *(f"seconds {name}" for name in stages),
        "peak MB",
        "failure",
    ]
    body: list[list[object]] = []
    for row in rows:
        if row.not_measured and not row.pictures:
            reason = f"not measured: {row.not_measured}"
            body.append(["", row.configuration.name, *[""] * (len(head) - 3), reason])
        for each in row.pictures:
            figures = [each.metrics.get(name, "") for name in metrics]
            times = [each.seconds.get(name, "") for name in stages]
            raw = "" if each.raw_mse is None else each.raw_mse
            peak = each.peak_megabytes or ""
            body.append([each.sample.name, each.configuration, *figures, raw, *times, peak, each.failure])
    return _csv([head, *body])


def _csv(rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
