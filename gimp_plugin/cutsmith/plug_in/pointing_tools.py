"""The row of buttons below the picture: what the next click means, and the way back."""

from __future__ import annotations

from collections.abc import Callable

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import Gtk  # noqa: E402 - only after the version has been requested

from .pointing import Pointing  # noqa: E402


class PointingTools(Gtk.Box):
    """Add, Take away, Another, Undo and Clear.

    Args:
        pointing: what the buttons act on.
        on_change: called after what was pointed at has changed.
        spacing: pixels between the buttons.
    """

    def __init__(self, pointing: Pointing, on_change: Callable[[], None], spacing: int) -> None:
        super().__init__(spacing=spacing, no_show_all=True)
        self._pointing, self._on_change = pointing, on_change
        self._add = Gtk.RadioButton.new_with_mnemonic(None, "_Add")
        self._take_away = Gtk.RadioButton.new_with_mnemonic_from_widget(self._add, "Ta_ke away")
        another = _button("Another", "The next click or box is another object", self._another)
        self._undo = _button("Undo", "Take the last click or box back", lambda: self._change(pointing.undo))
        self._clear = _button("Clear", "Take all clicks and boxes back", lambda: self._change(pointing.clear))
        for radio, told in (
            (self._add, "The next click or box adds to the cut-out"),
            (self._take_away, "The next click or box is taken out of the cut-out"),
        ):
            radio.set_tooltip_text(told)
            radio.connect("toggled", self._begin)
        for widget in (self._add, self._take_away, another, self._undo, self._clear):
            widget.show()
            self.pack_start(widget, False, False, 0)

    def adapt(self) -> None:
        """Offer what can be done now."""
        self._undo.set_sensitive(self._pointing.can_be_undone)
        self._clear.set_sensitive(bool(self._pointing.objects))

    def begin_again(self) -> None:
        """What comes next adds to the cut-out."""
        self._add.set_active(True)

    def _begin(self, button: Gtk.ToggleButton) -> None:
        if button.get_active():
            self._pointing.begin(is_taken_away=button is self._take_away)

    def _another(self) -> None:
        self._pointing.begin(is_taken_away=False)

    def _change(self, change: Callable[[], None]) -> None:
        change()
        self._on_change()


def _button(label: str, told: str, action: Callable[[], None]) -> Gtk.Button:
    button = Gtk.Button(label=label, use_underline=True)
    button.set_tooltip_text(told)
    button.connect("clicked", lambda _: action())
    return button
