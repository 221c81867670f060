"""`cutsmith serve keys`: makes, lists and revokes the keys of the service."""

from __future__ import annotations

from pathlib import Path

import click

from cutsmith.cli.json_output import echo_json

_keys_option = click.option(
    "--keys",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The file of keys. [default: this user's]",
)


@click.group()
def keys() -> None:
    """Make, list and revoke the keys by which clients may use the service.

    \b
    cutsmith serve keys add "Anna's shop"
    curl -H "X-API-Key: KEY" -F image=@photo.jpg https://cut.example.org/v1/cut -o cut.png
    """


@keys.command("add")
@click.argument("name")
@_keys_option
def add_command(name: str, path: Path | None) -> None:
    """Make a key for NAME, and print it. It is shown this once: its file holds a hash alone.

    A service that runs takes it from its next request on.
    """
    from cutsmith.service.keys import add_key

    key = add_key(name, path)
    click.echo(key)
    click.echo(f"This is the key of {name}. Copy it now: it cannot be shown again.", err=True)


@keys.command("list")
@_keys_option
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def list_command(path: Path | None, as_json: bool) -> None:
    """List the keys: their names, first letters, and when they were made."""
    from cutsmith.service.keys import default_keys_file, stored_keys

    found = stored_keys(path)
    if as_json:
        echo_json([{"name": each.name, "start": each.start, "created": each.created} for each in found], indent=2)
        return
    if not found:
        click.echo(
            f"There are no keys in {path or default_keys_file()}. Make one: cutsmith serve keys add NAME", err=True
        )
        return
    width = max(len(each.name) for each in found)
    for each in found:
        click.echo(f"{each.name:<{width}}  {each.start}...  {each.created}")


@keys.command("revoke")
@click.argument("name")
@_keys_option
def revoke_command(name: str, path: Path | None) -> None:
    """Forget the key of NAME. A service that runs refuses it from its next request on."""
    from cutsmith.service.keys import revoke_key

    revoke_key(name, path)
    click.echo(f"The key of {name} is revoked.")
