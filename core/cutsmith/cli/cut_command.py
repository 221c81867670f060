"""`cutsmith cut`: pictures in, cut-outs out."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from cutsmith.batch.plan import STANDARD, Job, plan_jobs
from cutsmith.cli.request_options import request_fields, request_options
from cutsmith.cures import give
from cutsmith.errors import BadOption


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("-o", "--output", metavar="OUT", help="File or folder; - is standard output. [default: INPUT-cut.png]")
@request_options
@click.option("--detections-only", is_flag=True, help="Print where the words are found, and cut nothing out.")
@click.option("--background", metavar="COLOUR|IMAGE|blur", default="transparent", show_default=True,
              help="What to put behind the subject.")  # fmt: skip
@click.option("--mask-only", is_flag=True, help="Write only the alpha, as a gray picture.")
@click.option("--preview", metavar="OUT", help="Also write before (with boxes), mask and after side by side.")
@click.option("--json", "in_json", is_flag=True, help="Print one JSON object per picture.")
@click.option("--overwrite", is_flag=True, help="Replace existing files.")
@click.option("--quality", type=click.IntRange(1, 100), help="For JPEG (default 95) and AVIF; makes WebP lossy.")
@click.option("--provenance", is_flag=True, help="Write model, engine and options into the file's metadata.")
@click.option("--timings", is_flag=True, help="Print how long each stage took.")
@click.option("-y", "--yes", is_flag=True, help="Download missing weights without asking.")
@click.option("--accept-licence", is_flag=True, help="Accept weights that may not be used commercially.")
@click.pass_context
def cut(ctx: click.Context, /, **options: Any) -> None:
    """Cut the subject out of each INPUT (- is standard input).

    \b
    cutsmith cut photo.jpg -o cut.png
    cutsmith cut photo.jpg --background white -o cut.jpg
    cutsmith cut photo.jpg --box 40,60,300,420 --matting closed-form
    cutsmith cut photo.jpg --text "red mug" --preview found.png
    cutsmith cut photos/*.jpg -o cut-outs/ --preview previews/
    """
    from cutsmith.batch.run import Batch, Writing
    from cutsmith.cli.cutting import Telling, cut_all
    from cutsmith.cli.standard_streams import StandardStream
    from cutsmith.request import Request
    from cutsmith.result.background import TRANSPARENT, ready_background

    request = Request().updated(request_fields(options)).checked()
    if options["detections_only"] and not request.phrases:
        raise BadOption("Only detections were asked for, but no words were given.", give("text", '"red mug"'))
    background = ready_background(options["background"])
    if options["mask_only"] and background != TRANSPARENT:
        raise BadOption("--mask-only writes no background: use either --mask-only or --background.")
    jobs = plan_jobs(
        options["inputs"],
        options["output"],
        options["preview"],
        suffix=".png",
        ending="mask" if options["mask_only"] else "cut",
    )
    _refuse_mixed_streams(options, jobs)
    writing = Writing(
        background,
        standard_output=StandardStream(),
        **{name: options[name] for name in ("mask_only", "detections_only", "overwrite", "quality", "provenance")},
    )
    telling = Telling(
        in_json=options["in_json"],
        timings=options["timings"],
        fetch=options["yes"],
        accept_licence=options["accept_licence"],
        interactive=sys.stdin.isatty() and sys.stderr.isatty(),
    )
    ctx.exit(cut_all(jobs, Batch(request, writing), telling))


def _refuse_mixed_streams(options: Mapping[str, Any], jobs: Sequence[Job]) -> None:
    """Reject a call that would write two things to standard output."""
    to_standard = any(STANDARD in (job.output, job.preview) for job in jobs) and not options["detections_only"]
    if options["in_json"] and to_standard:
        raise BadOption("--json and the picture cannot both go to standard output.", "Give a file: -o cut.png")
    if options["objects"] == "each" and to_standard:
        raise BadOption("One picture per object cannot go to standard output.", "Give a file: -o cut.png")
