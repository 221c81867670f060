"""`cutsmith calibrate`: fits what Cutsmith's doubts are worth to pictures with a true alpha."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from cutsmith.evaluation.calibrating import Calibrated


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="DIR...")
@click.option("--model", metavar="NAME|PATH", help="The removal model. [default: IS-Net]")
@click.option("--save", is_flag=True, help="Use this calibration from now on, instead of the one that Cutsmith ships.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Write the calibration to a file.")  # fmt: skip
@click.option("--json", "in_json", is_flag=True, help="Print the figures as JSON.")
def calibrate(folders: tuple[Path, ...], model: str | None, save: bool, output: Path | None, in_json: bool) -> None:
    """Fit the quality score to the pictures in DIR that have a true alpha, and judge it on subjects it has not seen.

    DIR holds NAME.png with NAME_alpha.png, or the folders images/ and alpha/. What stands before the first dash of a
    name is its subject: all pictures of a subject are left out together.
    """
    from cutsmith.cli.json_output import echo_json
    from cutsmith.evaluation.calibrating import calibrated
    from cutsmith.picture import write_bytes_atomically
    from cutsmith.quality.calibration import own_calibration_file

    found = calibrated(folders, model, lambda name: click.echo(f"cutsmith: {name}", err=True))
    if in_json:
        echo_json({"calibration": found.calibration.to_json(), **_figures(found)})
    else:
        _print_tables(found)
    data = (json.dumps(found.calibration.to_json(), indent=1) + "\n").encode()
    for path in ([own_calibration_file()] if save else []) + ([output] if output is not None else []):
        write_bytes_atomically(data, path, overwrite=True)
        click.echo(f"cutsmith: the calibration is {path}", err=True)


def _figures(found: Calibrated) -> dict[str, Any]:
    from cutsmith.evaluation.calibration_figures import figures

    return figures(found)


def _print_tables(found: Calibrated) -> None:
    told = _figures(found)
    for kind, part in told["rankings"].items():
        click.echo(f"\n{kind}: {part['pictures']} pictures")
        click.echo("  coverage   risk   perfect      (risk: the mean share of the subject that is wrong)")
        for coverage, risk, perfect in part["risks"]:
            click.echo(f"  {coverage:7.0%} {risk:7.3f} {perfect:8.3f}")
        single = part["best_signal"]
        click.echo(
            f"  area under the risks over that of a perfect ranking: {part['ratio']:.2f}; "
            f"best single signal ({single['name']}) {single['ratio']:.2f}; by chance {part['chance']:.1f}"
        )
        of_mean = part["ratio_of_mean_error"]
        click.echo(f"  the same of the mean |alpha - truth|, by the uncertainty times the area: {of_mean:.2f}")
    click.echo("\n  said   true   pictures     (taken masks, from the surest fifth to the most doubtful)")
    for said, true, count in told["reliability"]:
        click.echo(f"  {said:5.3f}  {true:5.3f}  {count}")
    click.echo(f"\nA result with an uncertainty of {found.calibration.threshold:.3f} or more goes to review:")
    click.echo(f"  {told['good_in_review']:.1%} of the good ones (less than 5% wrong)")
    for way, (share, count) in told["broken_in_review"].items():
        click.echo(f"  {share:.1%} of {count} masks broken on purpose: {way}")
