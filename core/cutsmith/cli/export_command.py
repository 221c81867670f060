"""`cutsmith export`: a batch's results that count, as a zip."""

from __future__ import annotations

import os
from pathlib import Path

import click

from cutsmith.output import OUTPUT_OPTIONS


@click.command()
@click.argument("folder", metavar="OUT", type=click.Path(path_type=Path))
@click.option("-o", "--output", metavar="FILE.zip", type=click.Path(path_type=Path),
              help="The zip. [default: OUT-accepted.zip, beside OUT]")  # fmt: skip
@click.option("--accepted", "which", flag_value="accepted", default="accepted",
              help="What you accepted, and what Cutsmith accepts and you did not reject. [default]")  # fmt: skip
@click.option("--only-reviewed", "which", flag_value="reviewed", help="Only those that you accepted.")
@click.option("--all", "which", flag_value="all", help="Every result, rejected ones too.")
@click.option("--overwrite", is_flag=True, help=OUTPUT_OPTIONS["overwrite"].help)
def export(folder: Path, output: Path | None, which: str, overwrite: bool) -> None:
    """Write the accepted results of the batch in OUT as a zip, under the names that they have there.

    \b
    cutsmith export out/ --accepted
    cutsmith export out/ --only-reviewed -o shop.zip

    manifest.csv in the zip says for each its input, verdict, uncertainty and reasons.
    """
    from cutsmith.report.export import WHICH
    from cutsmith.report.export import export as write_zip

    chosen = next(each for each in WHICH if each == which)
    if output is None:
        whole = Path(os.path.abspath(folder))  # noqa: PTH100 - a link keeps its own name
        output = whole.with_name(f"{whole.name}-{chosen}.zip")
    written = write_zip(folder, output, which=chosen, overwrite=overwrite)
    click.echo(written.path)
    click.echo(f"{written.pictures} results, {written.left_out} left out", err=True)
