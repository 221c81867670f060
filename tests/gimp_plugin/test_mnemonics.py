"""In a dialog, no two fields and buttons have the same letter."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

PLUG_IN = Path(__file__).resolve().parents[2] / "gimp_plugin" / "cutsmith" / "plug_in"
# GIMP's own buttons: Reset, Load Saved Settings, Save Settings, Cancel, OK.
GIMPS = ["r", "l", "s", "c", "o"]
# The label of each argument in procedures.py; no field shows the points.
ARGUMENT = re.compile(r'(?:_argument\(|_add_choice\(procedure,)\s*(?:procedure, )?f?"([a-z-]+)",\s*f?"([^"]+)"')
OF_REFINE = {"within-selection", "trimap", "harden"}
OF_ONE, OF_BOTH = {"preview_pane.py", "pointing_tools.py"}, {"dialog.py"}


def letters(text: str) -> list[str]:
    return [letter.lower() for letter in re.findall(r"_(\w)", text)]


def labels() -> dict[str, str]:
    """The arguments' own labels."""
    return dict(ARGUMENT.findall((PLUG_IN / "procedures.py").read_text(encoding="utf-8")))


def written_in(names: set[str]) -> list[str]:
    """The letters of the labels that the files of these names write themselves."""
    texts = [(PLUG_IN / name).read_text(encoding="utf-8") for name in sorted(names)]
    return [
        letter
        for text in texts
        for label in re.findall(r'(?:label=|new_with_mnemonic\(None, |self\._add, )"([^"]*)"', text)
        for letter in letters(label)
    ]


def clashes(found: list[str]) -> list[str]:
    return [letter for letter, many in Counter(found).items() if many > 1]


def test_each_field_of_cut_out_has_a_letter_of_its_own() -> None:
    shown = [label for name, label in labels().items() if name not in {"points", "within-selection", "trimap"}]
    assert len(shown) >= 12, shown
    own = [letter for label in shown for letter in letters(label)]
    assert len(written_in(OF_ONE)) == 3, "Add, Take away, 1:1"
    assert clashes([*GIMPS, *own, *written_in(OF_BOTH | OF_ONE)]) == []


def test_each_field_of_refine_mask_edge_has_a_letter_of_its_own() -> None:
    own = [letter for name, label in labels().items() if name in OF_REFINE for letter in letters(label)]
    assert len(own) == 3
    assert clashes([*GIMPS, *own, *written_in(OF_BOTH)]) == []
