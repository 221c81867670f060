"""`cutsmith worker`: keeps models loaded and cuts out for other programs, such as GIMP's plug-in."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option("--idle-exit", type=click.FloatRange(min=0.1), default=900, show_default=True, metavar="SECONDS",
              help="End after this many seconds without work.")  # fmt: skip
@click.option("--folder", type=click.Path(path_type=Path), metavar="FOLDER",
              help="Where to keep the socket and key. [default: a folder of this user's]")  # fmt: skip
def worker(idle_exit: float, folder: Path | None) -> None:
    """Keep models loaded and cut out for other programs; they start it themselves.

    docs/worker-protocol.md describes the messages.
    """
    from cutsmith.worker.server import serve_socket

    if not serve_socket(idle_exit, folder):
        click.echo("cutsmith: a worker is already running there", err=True)
