"""`cutsmith cut`: pictures in, cut-outs out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from cutsmith.cli.outputs import STANDARD, Job, plan_jobs
from cutsmith.engines.choice import ENGINE_NAMES
from cutsmith.engines.torch_device import DEVICE_NAMES
from cutsmith.errors import BadBox, BadOption, BadPoint
from cutsmith.protocols import BOX_THRESHOLD, TEXT_THRESHOLD


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


def parse_point(text: str) -> tuple[float, float, float]:
    """`X,Y` or `X,Y,LABEL` as three numbers; the label is 1 where it is left out.

    Raises:
        BadPoint: not two or three numbers.
    """
    try:
        x, y, label = (float(part) for part in (text.split(",") + ["1"] * (text.count(",") == 1)))
    except ValueError as error:
        raise BadPoint(
            f"--point {text}: wanted X,Y or X,Y,LABEL in pixels; LABEL is 1 on the subject, 0 on what is not.",
            "Example: --point 240,180 --point 30,40,0",
        ) from error
    return x, y, label


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
@_option("--text", metavar="PHRASES", help='Cut out what these English words name, such as "red mug, spoon".')
@_option("--box", metavar="X0,Y0,X1,Y1", help="Cut out the subject in this box, in pixels of the upright picture.")
@_option("--point", "points", metavar="X,Y[,0|1]", multiple=True,
         help="A click on the subject (1), or on what is not the subject (0); may be repeated.")  # fmt: skip
@_option("--model", metavar="NAME|PATH", help="From `cutsmith models list`, an ONNX file, or rembg:NAME.")
@_option("--segmenter", metavar="NAME|PATH",
         help="SAM 2, or subject-in-box (--model on each box). [default: the best SAM 2 that is here]")  # fmt: skip
@_option("--detector", metavar="NAME|PATH", help="Grounding DINO, for --text. [default: one that is here]")
@_option("--box-threshold", type=float, default=BOX_THRESHOLD, show_default=True, metavar="0-1",
         help="Drop boxes with a lower score.")  # fmt: skip
@_option("--text-threshold", type=float, default=TEXT_THRESHOLD, show_default=True, metavar="0-1",
         help="Drop boxes none of whose words reaches this.")  # fmt: skip
@_option("--max-detections", type=int, metavar="N", help="At most N boxes, the best. [default: all]")
@_option("--objects", type=click.Choice(["all", "best", "each"]), default="all", show_default=True,
         help="Of what --text found: all in one, the most confident, or a file each.")  # fmt: skip
@_option("--detections-only", is_flag=True, help="Tell what --text finds and cut nothing out; with --json as JSON.")
@_option("--matting", type=click.Choice(["none", "closed-form"]), default="none", show_default=True,
         help="How the soft mask becomes alpha; closed-form refines hair and fur.")  # fmt: skip
@_option("--band", metavar="IN,OUT", help="Pixels by which the uncertain band reaches into subject and background.")
@_option("--foreground", type=click.Choice(["blur-fusion", "multilevel", "none"]), default="blur-fusion",
         show_default=True, help="How the old background's colour is taken out of the edges.")  # fmt: skip
@_option("--background", metavar="COLOUR|IMAGE|blur", default="transparent", show_default=True,
         help="What is laid behind the subject.")  # fmt: skip
@_option("--mask-only", is_flag=True, help="Write the alpha alone, as a gray picture.")
@_option("--preview", metavar="OUT", help="Also write before (with boxes), mask and after side by side.")
@_option("--json", "as_json", is_flag=True, help="Print one JSON object a picture.")
@_option("--overwrite", is_flag=True, help="Replace files that are there already.")
@_option("--quality", type=click.IntRange(1, 100), help="For JPEG (default 95) and AVIF; makes WebP lossy.")
@_option("--provenance", is_flag=True, help="Write model, engine and options into the file's metadata.")
@_option("--engine", type=click.Choice(ENGINE_NAMES), default="auto", show_default=True, help="What runs --model.")
@_option("--device", type=click.Choice(DEVICE_NAMES), default="auto", show_default=True,
         help="Where Grounding DINO and SAM 2 run.")  # fmt: skip
@_option(
    "--threads", type=int, metavar="N", help="Threads of the models, at most the cores. [default: all that may be used]"
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
    cutsmith cut photo.jpg --text "red mug" --preview found.png
    cutsmith cut photos/*.jpg -o cut-outs/ --preview previews/
    """
    from cutsmith.cli.cutting import Settings, cut_all
    from cutsmith.pipeline.finishing import check_options
    from cutsmith.result.background import TRANSPARENT, ready_background

    engine_options = _engine_options(options)
    check_options(engine_options["matting"], engine_options["band"], engine_options["foreground"])
    background = ready_background(options["background"])
    if options["mask_only"] and background != TRANSPARENT:
        raise BadOption("--mask-only writes no background: give one of --mask-only and --background.")
    jobs = plan_jobs(
        options["inputs"],
        options["output"],
        options["preview"],
        suffix=".png",
        ending="mask" if options["mask_only"] else "cut",
    )
    _refuse_mixed_streams(options, jobs)
    settings = Settings(
        engine_options=engine_options,
        background=background,
        mask_only=options["mask_only"],
        detections_only=options["detections_only"],
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


def _engine_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """What the options say in keywords of `cut_out`, checked as far as that needs no picture."""
    from cutsmith.search import Search, check_search, phrases_of

    if options["threads"] is not None and options["threads"] < 1:
        raise BadOption(f"--threads {options['threads']}: wanted 1 or more.")
    if options["detections_only"] and options["text"] is None:
        raise BadOption("--detections-only tells what --text finds.", 'Add --text "red mug"')
    search = {
        "box": None if options["box"] is None else parse_box(options["box"]),
        "points": tuple(parse_point(point) for point in options["points"]),
        **{name: options[name] for name in _SEARCH_OPTIONS},
    }
    check_search(Search(phrases=phrases_of(options["text"]), **search))
    return {
        "text": options["text"],
        **search,
        "matting": options["matting"],
        "band": None if options["band"] is None else parse_band(options["band"]),
        "foreground": options["foreground"],
        "max_pixels": options["max_pixels"],
    }


# Options that have the name and the value of a keyword of `cut_out`.
_SEARCH_OPTIONS = (
    "model", "segmenter", "detector", "box_threshold", "text_threshold", "max_detections", "objects", "engine",
    "device", "threads",
)  # fmt: skip


def _refuse_mixed_streams(options: Mapping[str, Any], jobs: Sequence[Job]) -> None:
    """Refuse several things that would all go to standard output."""
    to_standard = any(STANDARD in (job.output, job.preview) for job in jobs) and not options["detections_only"]
    if options["as_json"] and to_standard:
        raise BadOption("--json and the picture cannot both go to standard output.", "Give a file: -o cut.png")
    if options["objects"] == "each" and to_standard:
        raise BadOption("A picture an object cannot all go to standard output.", "Give a file: -o cut.png")
