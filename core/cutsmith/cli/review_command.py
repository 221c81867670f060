"""`cutsmith review` and `cutsmith report`: a batch's results, to be looked at and decided about."""

from __future__ import annotations

import contextlib
from pathlib import Path

import click

_FOLDER = click.argument("folder", metavar="OUT", type=click.Path(path_type=Path))


@click.command()
@_FOLDER
def report(folder: Path) -> None:
    """Write the page of the batch in OUT anew: OUT/report.html.

    \b
    cutsmith report out/

    It is one file, which needs no network. It shows what Cutsmith doubts, and keeps what you decide in the browser.
    """
    from cutsmith.report.page import write_report

    click.echo(write_report(folder))


@click.command()
@_FOLDER
@click.option("--port", type=click.IntRange(0, 65535), default=0, metavar="N",
              help="The port on this machine. [default: any that is free]")  # fmt: skip
@click.option("--no-browser", is_flag=True, help="Print the page's address, and open no browser.")
@click.option("--apply", "verdicts", metavar="FILE", type=click.Path(path_type=Path),
              help="Take in the verdicts that the page saved as a file, and serve nothing.")  # fmt: skip
def review(folder: Path, port: int, no_browser: bool, verdicts: Path | None) -> None:
    """Look at the results in OUT, accept or reject them, and have that written into the batch's manifest.

    \b
    cutsmith review out/
    cutsmith review out/ --apply verdicts.json

    The page is served to this machine alone, at an address that nobody can guess. Ctrl+C ends it.
    """
    if verdicts is not None:
        if port or no_browser:
            raise click.UsageError("--apply serves nothing, so it cannot be used with --port or --no-browser.")
        _apply(folder, verdicts)
    else:
        _serve(folder, port, opens_browser=not no_browser)


def _apply(folder: Path, verdicts: Path) -> None:
    from cutsmith.report.verdicts import apply_verdicts

    applied = apply_verdicts(folder, verdicts)
    click.echo(f"{_counted(applied.applied)} written into the manifest, {applied.known} known already.")
    if applied.stale:
        click.echo(
            f"cutsmith: warning: {_counted(applied.stale)} left out: their results are not there any more, because "
            "the pictures were cut out anew.",
            err=True,
        )


def _serve(folder: Path, port: int, *, opens_browser: bool) -> None:
    from cutsmith.report.server import ReviewServer

    server = ReviewServer(folder, port)
    try:
        click.echo(server.address)
        click.echo("Ctrl+C ends the review.", err=True)
        if opens_browser and not _opened(server.address):
            click.echo("No browser could be opened. Open the address above.", err=True)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve()
    finally:
        server.close()
    click.echo(f"{_counted(server.saved)} written into the manifest.", err=True)


def _opened(address: str) -> bool:
    import webbrowser

    try:
        return webbrowser.open(address)
    except webbrowser.Error:
        return False


def _counted(verdicts: int) -> str:
    return f"{verdicts} verdict{'' if verdicts == 1 else 's'}"
