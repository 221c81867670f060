"""`cutsmith cut`: pictures in, cut-outs out."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from cutsmith.cli.output_options import output_of, output_options
from cutsmith.cli.request_options import request_fields, request_options
from cutsmith.cli.telling import print_warning
from cutsmith.cures import give
from cutsmith.errors import BadOption
from cutsmith.machine.files import is_file
from cutsmith.options import MODEL_OPTIONS
from cutsmith.output import Output

if TYPE_CHECKING:
    from cutsmith.batch.plan import Plan
    from cutsmith.request import Request


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("-o", "--output", metavar="OUT", help="File or folder; - is standard output. [default: INPUT-cut.png]")
@click.option("--preview", metavar="OUT", help="Also write before (with boxes), mask and after side by side.")
@request_options
@output_options
@click.option("--json", "in_json", is_flag=True, help="Print one JSON object per picture.")
@click.option("--timings", is_flag=True, help="Print how long each stage took.")
@click.option("-y", "--yes", is_flag=True, help="Download missing weights without asking.")
@click.option("--accept-licence", is_flag=True, help="Accept weights that may not be used commercially.")
@click.pass_context
def cut(ctx: click.Context, /, **options: Any) -> None:
    """Cut the subject out of each INPUT: a picture, - for standard input, or a folder with all below it.

    \b
    cutsmith cut photo.jpg -o cut.png
    cutsmith cut photo.jpg --background white -o cut.jpg
    cutsmith cut photo.jpg --box 40,60,300,420 --matting closed-form
    cutsmith cut photo.jpg --text "red mug" --preview found.png
    cutsmith cut photos/ -o cut-outs/ --preview previews/ --skip-existing

    OUT is a folder if it is one, ends in a slash or has no suffix. Results in it are called as their pictures, and
    those of a folder keep its sub-folders. Names that would be the same take more in: a.jpg and a.png become a-jpg and
    a-png.
    """
    from cutsmith.batch.plan import plan_jobs
    from cutsmith.batch.run import Batch
    from cutsmith.batch.writing import Writing, checked_output
    from cutsmith.cli.cutting import Telling, cut_all
    from cutsmith.cli.standard_streams import StandardStream
    from cutsmith.request import Request
    from cutsmith.result.background import ready_background

    request = Request().updated(request_fields(options)).checked()
    output = checked_output(output_of(options))
    if output.detections_only and not request.phrases:
        raise BadOption("Only detections were asked for, but no words were given.", give("text", '"red mug"'))
    background = ready_background(output.background)
    plan = plan_jobs(
        options["inputs"],
        options["output"],
        options["preview"],
        output,
        numbered=request.target.objects == "each",
        also_read=also_read(request, output),
    )
    _refuse_mixed_streams(options, plan)
    for notice in plan.notices:
        print_warning(notice)
    writing = Writing(output, None if isinstance(background, str) else background, plan.originals, StandardStream())
    if writing.frame is not None and writing.frame.notice:
        print_warning(writing.frame.notice)
    telling = Telling(
        in_json=options["in_json"],
        timings=options["timings"],
        fetch=options["yes"],
        accept_licence=options["accept_licence"],
        interactive=sys.stdin.isatty() and sys.stderr.isatty(),
    )
    ctx.exit(cut_all(plan.jobs, Batch(request, writing), telling))


def also_read(request: Request, output: Output) -> list[str]:
    """The files that the call reads besides its pictures: the background, a preset, and models given by their paths."""
    models = [request.value(name) for name in MODEL_OPTIONS]
    return [path for path in (output.background, output.preset, *models) if path is not None and is_file(path)]


def _refuse_mixed_streams(options: Mapping[str, Any], plan: Plan) -> None:
    """Reject a call that would write two things to standard output, or a picture to the end of its own file."""
    from cutsmith.batch.plan import STANDARD

    to_standard = any(job.output == STANDARD for job in plan.jobs) and not options["detections_only"]
    if not to_standard:
        return
    if options["in_json"]:
        raise BadOption("--json and the picture cannot both go to standard output.", "Give a file: -o cut.png")
    if options["objects"] == "each":
        raise BadOption("One picture per object cannot go to standard output.", "Give a file: -o cut.png")
    original = plan.originals.behind(1)
    if original is not None:
        raise BadOption(f"Standard output is {original}, one of the inputs.", "Send it to another file.")
