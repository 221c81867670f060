"""`cutsmith batch`: thousands of pictures into one folder, which knows what is done."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cutsmith.cli.output_options import output_of, output_options
from cutsmith.cli.request_options import OFFERED, request_fields, request_options
from cutsmith.cli.telling import print_warning
from cutsmith.cures import leave_out
from cutsmith.errors import BadOption

if TYPE_CHECKING:
    from cutsmith.batch.catalogue import Catalogue

_NOT_FOR_A_BATCH = ("detections_only", "skip_existing")
_ENGINE = OFFERED["engine"]
_RAY = "ray"
_ENGINE_OR_RAY = _ENGINE._replace(
    choices=(*_ENGINE.choices, _RAY),
    help=f"{_ENGINE.help.removesuffix('.')}; ray spreads the pictures over processes with Ray, and chooses as auto.",
)


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
              help="The folder of results, of the manifest and of the report.")  # fmt: skip
@click.option("--include", multiple=True, metavar="PATTERN",
              help='Of the pictures in folders only those that match: "*.jpg". May be repeated.')  # fmt: skip
@click.option("--retry-failed", is_flag=True, help="Try again what failed, and where nothing was found.")
@click.option("--redo", type=click.Choice(["rejected"]), help="Cut out again what you rejected in the review.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Cut out at most N pictures now.")
@click.option("--dry-run", is_flag=True, help="Say what would be done and how long it would take, and write nothing.")
@click.option("--watch", is_flag=True, help="When all is done, wait for new pictures and cut them out too.")
@click.option("--workers", type=click.IntRange(min=1), metavar="N",
              help="Pictures at a time. [default: 2; with Ray one for every four cores, and at least 2]")  # fmt: skip
@click.option("--same-scale", type=click.Choice(["folder", "all"]),
              help="On their canvases, lay the pictures of each folder of results, or all, at one scale.")  # fmt: skip
@click.option("--ray-address", metavar="auto|HOST:PORT",
              help="Spread the pictures over the machines of this Ray cluster.")  # fmt: skip
@partial(request_options, instead={"engine": _ENGINE_OR_RAY})
@output_options
@click.option("--json", "in_json", is_flag=True, help="Print the manifest's row of each picture.")
@click.option("-y", "--yes", is_flag=True, help="Download missing weights without asking.")
@click.option("--accept-licence", is_flag=True, help="Accept weights that may not be used commercially.")
@click.pass_context
def batch(ctx: click.Context, /, **options: Any) -> None:
    """Cut thousands of pictures out into one folder, and tell which results are doubtful.

    \b
    cutsmith batch shop/ -o cut-outs/
    cutsmith batch products.csv -o cut-outs/ --background white
    cutsmith batch "s3://bucket/shop/**/*.jpg" -o cut-outs/

    INPUT is a folder with all below it, a picture, a pattern in quotes, a URI, a table (.csv, .tsv, .jsonl) with a
    picture and its own options in each row, or @FILE, a list. Run the same command again to go on where it ended.
    FOLDER/report.html shows all results, the doubtful ones first; cutsmith review FOLDER keeps what you decide.
    """
    from cutsmith.cli.batch_loop import cut_catalogue, tell_plan
    from cutsmith.cli.cutting import Telling

    catalogue = _catalogue(options)
    telling = Telling(
        in_json=options["in_json"],
        fetch=options["yes"],
        accept_licence=options["accept_licence"],
        interactive=sys.stdin.isatty() and sys.stderr.isatty(),
    )
    if options["dry_run"]:
        tell_plan(catalogue, telling)
        return
    ctx.exit(cut_catalogue(catalogue, telling, watch=options["watch"]))


def _catalogue(options: dict[str, Any]) -> Catalogue:
    """What the options ask for, checked."""
    from cutsmith.batch.catalogue import Catalogue
    from cutsmith.batch.cutting import Cutter
    from cutsmith.batch.on_ray.cluster import LOCAL
    from cutsmith.batch.writing import Writing, checked_output
    from cutsmith.cli.cut_command import also_read
    from cutsmith.request import Request
    from cutsmith.result.background import ready_background

    if options["redo"] and (options["retry_failed"] or options["watch"]):
        raise click.UsageError("--redo does nothing but what you rejected: leave --retry-failed and --watch out.")
    if options["watch"] and options["limit"]:
        raise click.UsageError("--watch goes on until all is done and after it: leave --limit out.")
    ray = options["ray_address"]
    if options["engine"] == _RAY:
        ray = ray or LOCAL
        options = {**options, "engine": _ENGINE.default}
    request = Request().updated(request_fields(options)).checked()
    output = checked_output(output_of(options))
    for name in _NOT_FOR_A_BATCH:
        if getattr(output, name):
            raise BadOption(
                "A batch writes a result for each picture, and leaves out what is done by itself.",
                leave_out(name),
                option=name,
            )
    behind = ready_background(output.background)
    is_picture = not isinstance(behind, str)
    writing = Writing(output, None if isinstance(behind, str) else behind)
    if writing.frame is not None and writing.frame.notice:
        print_warning(writing.frame.notice)
    cutter = Cutter(options["output"], writing, Path(output.background).read_bytes() if is_picture else None)
    return Catalogue(
        options["inputs"],
        request,
        cutter,
        retry_failed=options["retry_failed"],
        redo_rejected=options["redo"] == "rejected",
        limit=options["limit"],
        workers=options["workers"],
        ray=ray,
        include=options["include"],
        also_read=also_read(request, output),
        same_scale=options["same_scale"],
    )
