"""`cutsmith evaluate`: cut-outs measured against pictures whose true alpha is known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cutsmith.cli.telling import print_warning
from cutsmith.errors import BadOption, OutputExists, OutputRefused
from cutsmith.evaluation.configurations import PEERS
from cutsmith.options import OPTIONS
from cutsmith.output import OUTPUT_OPTIONS

if TYPE_CHECKING:
    from cutsmith.evaluation.configurations import Configuration
    from cutsmith.evaluation.measuring import Row
    from cutsmith.evaluation.summary import Summary
    from cutsmith.evaluation.worst import Worst

_FILES = ("results.csv", "summary.md", "summary.csv", "contact-sheet.jpg")


@click.command()
@click.argument("folder", metavar="DIR")
@click.option("-o", "--output", metavar="OUT", help=f"Folder for {', '.join(_FILES)}.")
@click.option("--model", multiple=True, metavar="MODEL", help="A removal model; may be repeated, as all these.")
@click.option("--looks", multiple=True, type=click.Choice(OPTIONS["looks"].choices), help="How often the model looks.")
@click.option("--matting", multiple=True, type=click.Choice(OPTIONS["matting"].choices), help="How alpha is made.")
@click.option("--segmenter", multiple=True, metavar="MODEL", help="SAM 2, prompted with the box of the true subject.")
@click.option("--peer", multiple=True, type=click.Choice(list(PEERS)), help="Another program.")
@click.option("--comparison", is_flag=True, help="Compare what the documentation compares.")
@click.option("--baseline", metavar="NAME", help="The row the others are compared with. [default: the first plain one]")
@click.option("--worst", type=click.IntRange(0, 100), default=8, show_default=True, help="Results on the sheet.")
@click.option("--threads", type=click.IntRange(1), help=OPTIONS["threads"].help)
@click.option("--overwrite", is_flag=True, help=OUTPUT_OPTIONS["overwrite"].help)
def evaluate(folder: str, output: str | None, overwrite: bool, baseline: str | None, worst: int, **given: Any) -> None:
    """Measure cut-outs of the pictures in DIR, whose true alpha lies beside them.

    \b
    cutsmith evaluate pictures/ -o measured/ --matting none --matting closed-form
    cutsmith evaluate pictures/ -o measured/ --comparison

    DIR holds NAME.png with NAME_alpha.png (and NAME_trimap.png), or the folders images/, alpha/ (and trimap/). Every
    combination of models, looks and mattings is a row. Nothing is downloaded: a row whose weights are missing says so.
    """
    from cutsmith.evaluation.measuring import read_truths
    from cutsmith.evaluation.samples import find_samples
    from cutsmith.evaluation.summary import baseline_of, summarized
    from cutsmith.evaluation.worst import Worst

    configurations = _configurations(given)
    if output is not None:
        for name in _FILES:
            _check_free(Path(output) / name, overwrite=overwrite)
    _check_baseline(configurations, baseline)
    found = find_samples(folder)
    if found.without_truth:
        names = ", ".join(found.without_truth[:5]) + (", ..." if len(found.without_truth) > 5 else "")
        print_warning(f"{len(found.without_truth)} pictures have no true alpha and are left out: {names}.")
    truths = read_truths(found.samples)
    kept = Worst(worst if output is not None else 0)
    rows = _measured(configurations, found.samples, truths, kept, given["threads"])
    lines = summarized(rows, baseline_of(rows, baseline))
    for row in rows:
        for each in row.pictures:
            if each.failure:
                print_warning(f"{each.sample.name}, {each.configuration}: {each.failure}")
    _show(lines)
    if output is not None:
        _write(Path(output), rows, lines, kept, truths, overwrite=overwrite)


def _configurations(given: dict[str, Any]) -> list[Configuration]:
    from cutsmith.evaluation.configurations import comparison, crossed, peer_configuration

    made: list[Configuration] = comparison() if given["comparison"] else []
    values = {name: given[name] for name in ("model", "looks", "matting")}
    # Segmenters and peers alone ask for no remover.
    if any(values.values()) or not (made or given["segmenter"] or given["peer"]):
        made += crossed(values, given["segmenter"])
    elif given["segmenter"]:
        made += [each for each in crossed(values, given["segmenter"]) if each.box_of_truth]
    made += [peer_configuration(name) for name in given["peer"]]
    return list({each.name: each for each in made}.values())


def _check_free(path: Path, *, overwrite: bool) -> None:
    if path.parent.exists() and not path.parent.is_dir():
        raise OutputRefused(f"{path.parent} is a file. The results need a folder.")
    if path.exists() and not overwrite:
        raise OutputExists(f"{path} exists already.", "To replace it: --overwrite")


def _check_baseline(configurations: list[Configuration], baseline: str | None) -> None:
    """Refuse a wrong name before the work, not after it."""
    names = [each.name for each in configurations]
    if baseline is not None and baseline not in names:
        raise BadOption(f"No configuration is called {baseline!r}. They are called: {'; '.join(names)}.")


def _measured(configurations: Any, samples: Any, truths: Any, worst: Worst, threads: int | None) -> list[Row]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from cutsmith.evaluation.measuring import measure

    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    rows = []
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=len(configurations) * len(samples))
        for done, configuration in enumerate(configurations):
            bar.update(task, description=configuration.name, completed=done * len(samples))

            def advance(measured: Any, alpha: Any) -> None:
                worst.offer(measured, alpha)
                bar.advance(task)

            rows.append(measure(configuration, samples, truths, threads, advance))
    return rows


def _show(lines: list[Summary]) -> None:
    """The table by rich, turned: a configuration is a column, so that it fits a terminal."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from cutsmith.evaluation.tables import HEADINGS, shown_cells

    good = [shown_cells(line) for line in lines if not line.not_measured]
    table = Table("")
    for cells in good:
        table.add_column(escape(cells[0]), justify="right")
    for heading, *cells in zip(HEADINGS[1:], *(each[1:] for each in good), strict=True):
        table.add_row(heading, *cells)
    console = Console()
    if good:
        console.print(table)
    for line in lines:
        if line.not_measured:
            console.print(f"{line.name}: not measured: {line.not_measured}", markup=False)


def _write(folder: Path, rows: list[Row], lines: list[Summary], worst: Worst, truths: Any, *, overwrite: bool) -> None:
    from cutsmith.evaluation.contact_sheet import contact_sheet
    from cutsmith.evaluation.tables import markdown, results_csv, summary_csv
    from cutsmith.picture import write_bytes_atomically

    texts = results_csv(rows), markdown(lines), summary_csv(lines)
    contents = dict(zip(_FILES, (each.encode() for each in texts), strict=False))
    strips = worst.strips(truths)
    if strips:
        contents[_FILES[-1]] = contact_sheet(strips)
    for name, data in contents.items():
        write_bytes_atomically(data, folder / name, overwrite=overwrite)
