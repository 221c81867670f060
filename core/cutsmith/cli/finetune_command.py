"""`cutsmith finetune`: a SAM 2 that knows one's own products, and whether it is better."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cutsmith.cli.finetune_progress import FinetuneProgress
from cutsmith.cli.telling import print_warning
from cutsmith.options import OPTIONS

if TYPE_CHECKING:
    from cutsmith.finetuning.estimate import Estimate
    from cutsmith.finetuning.finetune import Finished, Prepared, Wanted

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_GIGABYTE = 1_000_000_000
_FILE = click.Path(path_type=Path)


class _Duration(click.ParamType):  # type: ignore[type-arg]
    """A time such as 90s, 30m or 2h, as seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The seconds of `value`."""
        found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", str(value).strip())
        if found is None or not float(found[1]):
            self.fail(f"{value!r} is no time. Wanted: a number with s, m or h, such as 30m.", param, ctx)
        return float(found[1]) * _UNITS[found[2]]


@click.command()
@click.argument("pictures", type=_FILE)
@click.argument("masks", type=_FILE, required=False)
@click.option("-o", "--output", type=_FILE, required=True, metavar="NAME.pt", help="The result.")
@click.option("--base", metavar="NAME|PATH", help="The SAM 2 to begin with. [default: the best one here]")
@click.option(
    "--group", metavar="PATTERN", help="What in a picture's name is the product. [default: before the number]"
)
@click.option("--val", type=_FILE, metavar="FOLDER", help="Hold out what lies here, in pictures/ and masks/.")
@click.option("--epochs", type=click.IntRange(1), default=40, show_default=True, help="At most.")
@click.option("--batch", type=click.IntRange(1), help="Objects a step. [default: what suits the machine]")
@click.option("--learning-rate", type=click.FloatRange(0, 1, min_open=True), default=1e-4, show_default=True,
              help="Of the first epochs.")  # fmt: skip
@click.option("--patience", type=click.IntRange(1), default=10, show_default=True,
              help="End after so many epochs without gain.")  # fmt: skip
@click.option("--time-budget", type=_Duration(), metavar="TIME", help="End the training after this time, such as 30m.")
@click.option("--augment", is_flag=True, help="Learn from mirrored and smaller pictures, too.")
@click.option("--lora", "rank", type=click.IntRange(0, 256), default=0, metavar="RANK",
              help="Tune the image encoder, too, by low-rank weights. For graphics cards.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of all that is drawn.")
@click.option("--device", type=click.Choice(OPTIONS["device"].choices), default="auto", help=OPTIONS["device"].help)
@click.option("--threads", type=click.IntRange(1), help=OPTIONS["threads"].help)
@click.option("--embeddings-limit", type=click.FloatRange(0), default=20, show_default=True, metavar="GB",
              help="What is computed once per picture may take this much of the disk.")  # fmt: skip
@click.option("--no-matting", is_flag=True, help="Judge the masks alone. That is faster.")
@click.option("--untouched", type=_FILE, metavar="FOLDER", help="Photographs of other things: is anything forgotten?")
@click.option("--keep", is_flag=True, help="Keep the result even if it is not better.")
@click.option("--overwrite", is_flag=True, help="Replace a result that is there.")
@click.option("--restart", is_flag=True, help="Throw an interrupted run away, and begin again.")
@click.option("--dry-run", is_flag=True, help="Tell pictures, products, memory and time. Nothing is trained.")
@click.option("--json", "in_json", is_flag=True, help="Print the outcome as JSON.")
def finetune(dry_run: bool, in_json: bool, **given: Any) -> None:
    """Tune SAM 2 on PICTURES and their MASKS, and say whether it is better on products that it has not seen.

    \b
    cutsmith finetune pictures/ masks/ -o mugs.pt
    cutsmith finetune pictures/ annotations.json -o mugs.pt       COCO: polygons or RLE
    cutsmith finetune batch-results/ -o mugs.pt                   what a reviewer accepted

    A mask has the stem of its picture: 0 and 255, one value per object, or a cut-out with alpha. Products are held
    out, never single photos. An interrupted run goes on where it was. Exit code 1: it is not better, and not kept.
    """
    from cutsmith.finetuning.estimate import estimate
    from cutsmith.finetuning.finetune import finetune as run
    from cutsmith.finetuning.finetune import prepare

    wanted = _wanted(given)
    with FinetuneProgress() as progress:
        prepared = prepare(wanted, progress.pictures("checking"))
    is_first = prepared.team.is_first
    if is_first:
        for notice in prepared.notices:
            print_warning(notice)
        _show_plan(prepared)
    if dry_run:
        if is_first:
            _show_estimate(estimate(wanted, prepared), prepared.base.device)
        return
    with FinetuneProgress(shown=is_first) as progress:
        finished = run(wanted, prepared, progress, progress, progress.pictures("encoding"))
    if finished is None:
        return
    if in_json:
        from cutsmith.cli.json_output import echo_json

        echo_json(_as_json(finished))
    else:
        _show(finished)
    if finished.path is None:
        click.echo(
            "Nothing was kept. To keep it nevertheless, run this again with --keep: nothing is trained anew.",
            err=in_json,
        )
        sys.exit(1)


def _wanted(given: dict[str, Any]) -> Wanted:
    from cutsmith.finetuning.finetune import Wanted
    from cutsmith.finetuning.training import TrainingSettings

    settings = TrainingSettings(
        epochs=given.pop("epochs"),
        learning_rate=given.pop("learning_rate"),
        patience=given.pop("patience"),
        seed=given.pop("seed"),
        augment=given.pop("augment"),
        seconds=given.pop("time_budget"),
    )
    limit = round(given.pop("embeddings_limit") * _GIGABYTE)
    with_matting = not given.pop("no_matting")
    return Wanted(**given, settings=settings, embeddings_limit=limit, with_matting=with_matting)


def _show_plan(prepared: Prepared) -> None:
    parts = prepared.split
    groups = [len({example.group for example in part}) for part in (parts.training, parts.held_out)]
    size = prepared.team.size
    where = prepared.base.device if size == 1 else f"{prepared.base.device}, in each of {size} processes"
    click.echo(
        f"{len(parts.training)} pictures of {groups[0]} products to learn from, {len(parts.held_out)} of {groups[1]} "
        f"held out; base {prepared.base.name}; {prepared.settings.batch} objects a step on {where}.",
        err=True,
    )


def _show_estimate(found: Estimate, device: str) -> None:
    from cutsmith.cli.batch_progress import in_words
    from cutsmith.models.store import size_text

    if found.pictures:
        click.echo(
            f"Encoding {found.pictures} pictures once takes about {in_words(found.encoding_seconds)}, and "
            f"{size_text(found.disk)} of disk."
        )
    click.echo(
        f"An epoch takes about {in_words(max(1.0, found.epoch_seconds))}; {found.epochs} epochs at most "
        f"{in_words(found.epoch_seconds * found.epochs)}."
    )
    click.echo(f"It takes about {size_text(found.memory)} of memory on {device}.")


def _show(finished: Finished) -> None:
    from rich.console import Console
    from rich.table import Table

    verdict = finished.verdict
    if finished.trained.went_wrong:
        print_warning(finished.trained.ended)
    else:
        click.echo(finished.trained.ended)
    table = Table("held out", "before", "tuned", "difference", "95 % interval")
    rows = (
        ("IoU", verdict.iou),
        ("boundary IoU", verdict.boundary_iou),
        ("SAD after matting", verdict.sad),
        ("error of the predicted IoU", verdict.calibration_error),
    )
    for name, row in rows:
        if row is not None:
            between = "" if row.interval is None else f"{row.interval.low:+.3f} to {row.interval.high:+.3f}"
            table.add_row(name, f"{row.before:.3f}", f"{row.after:.3f}", f"{row.difference:+.3f}", between)
    Console().print(table)
    for sentence in (*verdict.reasons, *finished.forgetting.told):
        click.echo(sentence)
    for warning in verdict.warnings:
        print_warning(warning)
    click.echo(f"The worst pictures: {finished.sheet}")
    if finished.path is not None:
        click.echo(f"The tuned network: {finished.path}. Use it: cutsmith cut PICTURE --segmenter {finished.path} ...")


def _as_json(finished: Finished) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "ended": finished.trained.ended,
        "epochs": [asdict(report) for report in finished.trained.reports],
        "best_epoch": finished.trained.best.epoch,
        "verdict": finished.verdict.to_json(),
        "forgetting": finished.forgetting.to_json(),
        "sheet": str(finished.sheet),
        "output": None if finished.path is None else str(finished.path),
    }
