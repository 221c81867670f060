"""Pictures that belong together, such as all views of a product, laid on their canvases at one scale.

The scale is the largest at which every subject of the group fits, so it is known once all of them have been cut out.
They are first laid out each for itself, and their rows tell how large the subjects are. Then a batch plans again: what
has another scale than its group is cut out once more. Nothing but rows is kept for that, and whatever ends the process,
the rows tell what is left to do. A picture that joins a group later changes the others only if its subject is larger.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Literal, get_args

from cutsmith.batch.outcome import DONE
from cutsmith.geometry import Box
from cutsmith.result.canvas.layout import Subject, find_subject, group_scale

if TYPE_CHECKING:
    from cutsmith.batch.manifest_rows import ResultRow
    from cutsmith.batch.unit import Unit
    from cutsmith.result.canvas.settings import Canvas
    from cutsmith.result.cutout import Cutout

SameScale = Literal["folder", "all"]
"""What is a group: the pictures whose results lie in one folder, or all of them."""
SAME_SCALE: tuple[SameScale, ...] = get_args(SameScale)


def at_one_scale(
    units: Iterable[Unit], groups: SameScale, canvas: Canvas, is_finished: Callable[[ResultRow, Unit], bool]
) -> list[Unit]:
    """`units` with the scales that their groups want now, or with their own where a group is not known yet.

    Args:
        units: all units, with their last rows.
        groups: what a group is.
        canvas: what all subjects are laid on, with a size in pixels.
        is_finished: whether a row is that of the unit as it is now, at the unit's scale.
    """
    members: dict[str, list[tuple[Unit, list[Subject]]]] = defaultdict(list)
    unknown: set[str] = set()
    for unit in units:
        group = "" if groups == "all" else PurePosixPath(unit.output).parent.as_posix()
        kept = replace(unit, scale=scale_of(unit.earlier))
        found = subjects_of(unit.earlier)
        if unit.earlier is None or not is_finished(unit.earlier, kept):
            kept, found = unit, []
            unknown.add(group)
        elif unit.earlier.status == DONE and not found:
            # Its row was written without a canvas, or by an earlier version.
            kept = replace(unit, earlier=None)
            unknown.add(group)
        members[group].append((kept, found))
    told = []
    for group, each in members.items():
        if group not in unknown:
            scale = group_scale([subject for _, found in each for subject in found], canvas)
            each = [(_scaled(unit, found, scale, canvas), found) for unit, found in each]
        told += [unit for unit, _ in each]
    return told


def _scaled(unit: Unit, found: Sequence[Subject], scale: float, canvas: Canvas) -> Unit:
    if not found:
        return unit
    # What limits the group has the group's scale by itself, and need not be laid out again.
    is_its_own = all(math.isclose(group_scale([subject], canvas), scale) for subject in found)
    return replace(unit, scale=None if is_its_own else scale)


def told_of_subjects(cutouts: Sequence[Cutout]) -> tuple[dict[str, Any], ...]:
    """What a row tells of the subjects of `cutouts`, for `subjects_of`."""
    subjects = (find_subject(cutout.alpha) for cutout in cutouts)
    return tuple(
        {"box": list(each.box), "width": each.width, "height": each.height, "cut_off": list(each.cut_off)}
        for each in subjects
    )


def subjects_of(row: ResultRow | None) -> list[Subject]:
    """The subjects that `row` tells of; none where it tells nothing that can be used."""
    try:
        return [_subject(each) for each in (row.subjects if row is not None else ())]
    except (KeyError, TypeError, ValueError):
        return []


def scale_of(row: ResultRow | None) -> float | None:
    """The group's scale that the result of `row` has; None where it has its own."""
    return row.scale if row is not None else None


def _subject(told: Mapping[str, Any]) -> Subject:
    box = Box(*map(float, told["box"]))
    return Subject(box, int(told["width"]), int(told["height"]), tuple(map(str, told["cut_off"])))
