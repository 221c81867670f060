"""`cutsmith models list`: the catalogue as a table or as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cutsmith.models.entry import Entry
    from cutsmith.models.store import Located

PIPED_WIDTH = 160
"""Columns of a table that goes to a file or a pipe."""


def listed(entry: Entry, located: Located | None) -> dict[str, Any]:
    """A model of the catalogue for JSON; `located` is where it lies, None where it is not on this machine."""
    from cutsmith.models.catalogue import DEFAULT_MODEL
    from cutsmith.models.entry import KINDS

    return {
        "name": entry.name,
        "option": f"--{KINDS[entry.kind].option.replace('_', '-')}",
        "title": entry.title,
        "default": entry.name == DEFAULT_MODEL,
        "size": entry.total_size,
        "licence": entry.licence,
        "commercial_use": entry.commercial_use,
        "origin": entry.origin,
        "note": entry.note,
        "path": str(located.path) if located else None,
        "found_in": located.origin if located else None,
        "finetuned": None,
    }


def print_table(found: dict[Entry, Located | None]) -> None:
    """Print the models of the catalogue, with where each lies."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from cutsmith.models.entry import KINDS
    from cutsmith.models.store import size_text

    console = Console()
    if not console.is_terminal:
        console = Console(width=PIPED_WIDTH)
    table = Table(box=box.SIMPLE, pad_edge=False)
    wide = console.width > 100
    table.add_column("Name", no_wrap=True)
    if wide:
        table.add_column("Option", no_wrap=True)
    table.add_column("Size", justify="right", no_wrap=True)
    table.add_column("Licence")
    table.add_column("Commercial use" if wide else "Comm. use")
    table.add_column("Here")
    kind = None
    for entry, located in found.items():
        if kind is not None and entry.kind != kind:
            table.add_section()
        kind = entry.kind
        here = f"yes ({located.origin})" if located else "no"
        if located and entry.size is not None and located.path.stat().st_size != entry.size:
            here = f"damaged ({located.origin})"
        commercial = "yes" if entry.commercial_use else "no"
        option = (f"--{KINDS[entry.kind].option.replace('_', '-')}",) if wide else ()
        table.add_row(entry.name, *option, size_text(entry.total_size), entry.licence, commercial, here)
    console.print(table)


def rembg_sentence() -> str:
    """What rembg alone runs."""
    from cutsmith.models.catalogue import rembg_only_sessions

    names = [
        name if terms.commercial_use else f"{name} (not commercially)" for name, terms in rembg_only_sessions().items()
    ]
    return f"With rembg installed, --model rembg:NAME also runs: {', '.join(names)}"
