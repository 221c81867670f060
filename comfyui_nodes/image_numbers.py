"""Which images of a batch a line is about, in words that stay short for hundreds of images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

_MOST_RANGES = 6

Texts = Mapping[str, Sequence[int]]
"""Lines, each with the numbers of the images that it is about; without numbers it is about the whole run."""


def which_images(numbers: Sequence[int], count: int) -> str:
    """Name some images of a batch of `count`: "2 of 8 images (3, 5)"; "" for all of them, and for a single image."""
    if len(numbers) in (0, count):
        return ""
    ranges = list(_ranges(numbers))
    shown = ", ".join(text for text, _ in ranges[:_MOST_RANGES])
    hidden = sum(length for _, length in ranges[_MOST_RANGES:])
    return f"{len(numbers)} of {count} images ({shown}{f' and {hidden} more' if hidden else ''})"


def first_lines(texts: Texts, count: int, most: int, further: str) -> list[str]:
    """At most `most` of `texts`, those about the most images first, and a line that counts the others.

    Args:
        texts: the lines.
        count: of all images.
        most: of the lines.
        further: what the others are called.
    """
    ordered = sorted(texts.items(), key=lambda each: -(len(each[1]) or count))
    lines = []
    for text, numbers in ordered[:most]:
        where = which_images(numbers, count)
        lines.append(f"{where}: {text}" if where else text)
    hidden = len(ordered) - most
    return [*lines, f"And {hidden} {further}."] if hidden > 0 else lines


def _ranges(numbers: Iterable[int]) -> Iterator[tuple[str, int]]:
    """The numbers in ascending order, consecutive ones as "3-7", each with how many it stands for."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    for run in runs:
        if len(run) == 2:
            yield from ((str(number), 1) for number in run)
        else:
            yield (str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}"), len(run)
