"""Networks that were tuned on the user's own pictures, as `models list` and `doctor` show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from cutsmith.segmentation.finetuned import Finetuned, OwnCheckpoint


def listed(own: OwnCheckpoint) -> dict[str, Any]:
    """A tuned network for JSON: the keys of a model of the catalogue, and "finetuned", which says how it was made."""
    facts = own.facts
    return {
        "name": own.name,
        "option": "--segmenter",
        "title": own.title,
        "default": False,
        "size": own.path.stat().st_size,
        "licence": facts.licence if facts else None,
        "commercial_use": own.commercial_use,
        "origin": facts.base if facts else None,
        "note": own.fault,
        "path": str(own.path),
        "found_in": own.origin,
        "finetuned": facts.table() if facts else None,
    }


def print_own(found: Sequence[OwnCheckpoint]) -> None:
    """Print a line for each tuned network; nothing where there is none."""
    if not found:
        return
    click.echo("Tuned on your own pictures, for --segmenter NAME:")
    for own in found:
        click.echo(f"  {own.name}: {told_of(own)}")
    click.echo("")


def told_of(own: OwnCheckpoint) -> str:
    """A tuned network in one line: base, licence, IoU before and after, and where it lies."""
    if own.facts is None:
        return own.fault
    facts = own.facts
    return f"base {facts.base}, licence {facts.licence}, {_gained(facts)} ({own.origin}: {own.path})"


def _gained(facts: Finetuned) -> str:
    before, after = facts.before.iou, facts.after.iou
    if before is None or after is None:
        return "IoU not measured"
    return f"IoU {before:.2f} -> {after:.2f}{'' if facts.is_better else ', not better'}"
