"""`cutsmith cut`: pictures in, cut-outs out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from cutsmith.cli.outputs import plan_jobs
from cutsmith.engines.choice import ENGINE_NAMES
from cutsmith.errors import BadBox, BadOption


def parse_box(text: str) -> tuple[float, float, float, float]:
    """`X0,Y0,X1,Y1` as four numbers.

    Raises:
        BadBox: not four numbers.
    """
    try:
        x0, y0, x1, y1 = (float(part) for part in text.split(","))
    except ValueError as error:
        raise BadBox(
            f"--box {text}: wanted four numbers X0,Y0,X1,Y1 in pixels.", "Example: --box 40,60,300,420"
        ) from error
    return x0, y0, x1, y1


def parse_band(text: str) -> tuple[int, int]:
    """`IN,OUT` as two numbers of pixels.

    Raises:
        BadOption: not two whole numbers of 0 or more.
    """
    parts = text.split(",")
    if len(parts) != 2 or not all(part.strip().isdecimal() for part in parts):
        raise BadOption(f"--band {text}: wanted IN,OUT, two whole numbers of pixels.", "Example: --band 3,3")
    return int(parts[0]), int(parts[1])


def _option(*names: str, **settings: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(*names, show_default=settings.pop("show_default", False), **settings)


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@_option("-o", "--output", metavar="OUT", help="File or folder; - is standard output. [default: INPUT-cut.png]")
@_option("--model", metavar="NAME|PATH", help="From `cutsmith models list`, an ONNX file, or rembg:NAME.")
@_option("--box", metavar="X0,Y0,X1,Y1", help="Cut out the subject in this box, in pixels of the upright picture.")
@_option("--matting", type=click.Choice(["none", "closed-form"]), default="none", show_default=True,
         help="How the soft mask becomes alpha; closed-form refines hair and fur.")  # fmt: skip
@_option("--band", metavar="IN,OUT", help="Pixels by which the uncertain band reaches into subject and background.")
@_option("--foreground", type=click.Choice(["blur-fusion", "multilevel", "none"]), default="blur-fusion",
         show_default=True, help="How the old background's colour is taken out of the edges.")  # fmt: skip
@_option("--background", metavar="COLOUR|IMAGE|blur", default="transparent", show_default=True,
         help="What is laid behind the subject.")  # fmt: skip
@_option("--mask-only", is_flag=True, help="Write the alpha alone, as a gray picture.")
@_option("--preview", metavar="OUT", help="Also write before, mask and after side by side.")
@_option("--json", "as_json", is_flag=True, help="Print one JSON object a picture.")
@_option("--overwrite", is_flag=True, help="Replace files that are there already.")
@_option("--quality", type=click.IntRange(1, 100), help="For JPEG (default 95) and AVIF; makes WebP lossy.")
@_option("--provenance", is_flag=True, help="Write model, engine and options into the file's metadata.")
@_option("--engine", type=click.Choice(ENGINE_NAMES), default="auto", show_default=True, help="What runs the model.")
@_option(
    "--threads", type=int, metavar="N", help="Threads of the model, at most the cores. [default: all that may be used]"
)
@_option("--max-pixels", type=click.IntRange(min=1), metavar="N", default=100_000_000, show_default=True,
         help="Refuse larger pictures.")  # fmt: skip
@_option("--timings", is_flag=True, help="Tell what each stage took.")
@_option("-y", "--yes", is_flag=True, help="Download missing weights without asking.")
@_option("--accept-licence", is_flag=True, help="Accept weights that may not be used commercially.")
@click.pass_context
def cut(ctx: click.Context, /, **options: Any) -> None:
    """Cut the subject out of each INPUT (- is standard input).

    \b
    cutsmith cut photo.jpg -o cut.png
    cutsmith cut photo.jpg --background white -o cut.jpg
    cutsmith cut photo.jpg --box 40,60,300,420 --matting closed-form
    cutsmith cut photos/*.jpg -o cut-outs/ --preview previews/
    """
    from cutsmith.background import TRANSPARENT, ready_background
    from cutsmith.cli.cutting import Settings, cut_all
    from cutsmith.pipeline import check_options

    box = None if options["box"] is None else parse_box(options["box"])
    band = None if options["band"] is None else parse_band(options["band"])
    check_options(options["matting"], band, options["foreground"])
    background = ready_background(options["background"])
    if options["mask_only"] and background != TRANSPARENT:
        raise BadOption("--mask-only writes no background: give one of --mask-only and --background.")
    if options["threads"] is not None and options["threads"] < 1:
        raise BadOption(f"--threads {options['threads']}: wanted 1 or more.")
    jobs = plan_jobs(
        options["inputs"],
        options["output"],
        options["preview"],
        suffix=".png",
        ending="mask" if options["mask_only"] else "cut",
    )
    if options["as_json"] and any("-" in (job.output, job.preview) for job in jobs):
        raise BadOption("--json and the picture cannot both go to standard output.", "Give a file: -o cut.png")
    settings = Settings(
        engine_options={
            "model": options["model"],
            "box": box,
            "matting": options["matting"],
            "band": band,
            "foreground": options["foreground"],
            "engine": options["engine"],
            "threads": options["threads"],
            "max_pixels": options["max_pixels"],
        },
        background=background,
        mask_only=options["mask_only"],
        overwrite=options["overwrite"],
        quality=options["quality"],
        provenance=options["provenance"],
        as_json=options["as_json"],
        timings=options["timings"],
        fetch=options["yes"],
        accept_licence=options["accept_licence"],
        interactive=sys.stdin.isatty() and sys.stderr.isatty(),
    )
    ctx.exit(cut_all(jobs, settings))
