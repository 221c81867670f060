"""The dialogs of Cut Out and Refine Mask Edge: GIMP's own, with only the fields that matter for the choices made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("GimpUi", "3.0")
from gi.repository import Gimp, GimpUi, GObject, Gtk, Pango  # noqa: E402 - only after the versions have been requested

from .cutting import alpha_dtype, hint_for  # noqa: E402
from .declared_options import OPTIONS, offered_range  # noqa: E402
from .failure import CutFailed  # noqa: E402
from .layers import chosen_layers, refuse_clicks  # noqa: E402
from .model_choices import ModelChoices  # noqa: E402
from .preview_pane import PreviewPane  # noqa: E402
from .settings import (  # noqa: E402
    AUTOMATIC,
    EDGES,
    EXISTING_MASK,
    EXISTING_SELECTION,
    HAIR,
    HARD,
    NEW_SELECTION,
    OBJECTS,
    POINTS,
    RESULTS,
    RESULTS_OF_EACH,
    SELECTION,
    SUBJECT,
    WHAT,
    WORDS,
    Settings,
)

if TYPE_CHECKING:
    from .found_objects import FoundObject
    from .ready_cut import ReadyCut
    from .worker_link import WorkerLink

_SPACING = 6
_BORDER = 12
_ADVICE_LETTERS = 44
_STEP = 0.05
_NUMBER_LETTERS = 6
# What does not change how the cut-out looks, or is shown by the picture itself.
_NOT_SHOWN = {"points", "objects", "existing-mask", "existing-selection"}
# The width of the widest row, so that the dialog keeps its width when rows appear and disappear.
_WIDTH = 440
# A model's title, size and licence are shortened to this many letters; the list shows them whole.
_MODEL_LETTERS = 30
# Used instead of the arguments' own explanations, which list the values for scripts.
_TOOLTIPS = {
    "what": "The main subject, what you click on in the picture, what you have roughly selected, or what you name",
    "model": "The model that finds it, out of those on this machine",
    "edge": (
        "Hair and fur: worked out in a band around the edge, which may take a while. Hard: each pixel is in or out. "
        "As found: the model's own mask, which is quick"
    ),
    "shift": "Pixels by which the edge moves out, or in (below 0)",
    "feather": "Pixels over which the edge is softened",
    "result": "What to make. A new layer goes above yours, which is then hidden; your pixels stay unchanged",
    "objects": "Where words find several things: all of them in one result, or a layer or channel for each",
    "existing-mask": "The layer already has a mask: leave it out of the result, or keep only what both show",
    "existing-selection": "Something is selected: what the new selection does with it",
}
_BOTH_WAYS = GObject.BindingFlags.SYNC_CREATE | GObject.BindingFlags.BIDIRECTIONAL


def ask_for_band(procedure: Gimp.Procedure, config: Gimp.ProcedureConfig, image: Gimp.Image, estimate: str) -> bool:
    """Show the dialog of Refine Mask Edge: where, how far, and an `estimate`; -> whether OK was clicked."""
    # The channel of one image means nothing in the next.
    config.set_property("trimap", "")
    dialog = _new_dialog(procedure, config, "Refine Mask Edge")
    rows = _Rows(dialog.get_content_area(), config)
    rows.add_band()
    rows.add_number("harden", _STEP, 2)
    if not Gimp.Selection.is_empty(image):
        rows.add_check("within-selection")
    channels = [channel.get_name() for channel in image.get_channels()]
    if channels:
        rows.add_choice("trimap", {"": "None: the band", **{name: name for name in channels}})
    _Advice(dialog.get_content_area()).show(estimate, prevents=False)
    return _answered(dialog)


def ask(
    procedure: Gimp.Procedure,
    config: Gimp.ProcedureConfig,
    image: Gimp.Image,
    drawables: Sequence[Gimp.Item],
    models: ModelChoices,
    engine: Engine,
) -> Answered:
    """Show the dialog of Cut Out with the values of `config`, and update these; -> what the user decided."""
    has_selection = not Gimp.Selection.is_empty(image)
    for name in ("prompt", "model"):
        if config.get_property(name) is None:  # GIMP returns None for an empty default from its second start on
            config.set_property(name, "")
    # Points are on one picture, and GIMP remembers them for the next.
    config.set_property("points", "")
    if config.get_property("what") not in WHAT or (config.get_property("what") == SELECTION and not has_selection):
        config.set_property("what", SUBJECT)
    dialog = _new_dialog(procedure, config, "Cut Out")
    layers = chosen_layers(image, drawables)
    halves = Gtk.Box()
    dialog.get_content_area().pack_start(halves, True, True, 0)
    pane = PreviewPane(
        layers[0],
        "" if len(layers) == 1 else f"The first of {len(layers)} layers is shown. Each is cut out by itself.",
        engine.connect,
        lambda: config.get_property("what") == POINTS,
        lambda: models.chosen(engine.settings()),
        lambda settings: hint_for(layers[0], settings),
        lambda settings: alpha_dtype(layers[0], settings),
        lambda text: config.set_property("points", text),
        can_choose=len(layers) == 1,
    )
    fields = Gtk.Box(orientation=Gtk.Orientation.VERTICAL)
    for half, grows in ((pane, True), (fields, False)):
        half.show()
        halves.pack_start(half, grows, grows, 0)
    halves.show()
    _CutOutFields(dialog, fields, config, models, has_selection, layers, pane)
    is_ok = _answered(dialog)
    pane.wait_until_closed()
    return Answered(is_ok, pane.ready if len(layers) == 1 else None, pane.found)


@dataclass(frozen=True)
class Engine:
    """What the dialog needs of the run that it is for.

    Attributes:
        connect: makes a connection to the worker. It may be called in another thread.
        settings: the procedure's arguments as they stand, checked. Raises CutFailed.
    """

    connect: Callable[[], WorkerLink]
    settings: Callable[[], Settings]


@dataclass(frozen=True)
class Answered:
    """What the user decided.

    Attributes:
        is_ok: whether OK was clicked.
        ready: what was worked out already.
        found: what the words have found, with what was chosen of it; None for nothing yet.
    """

    is_ok: bool
    ready: ReadyCut | None = None
    found: tuple[FoundObject, ...] | None = None


def _answered(dialog: GimpUi.ProcedureDialog) -> bool:
    """Run `dialog` and remove it from the screen; -> whether OK was clicked."""
    is_ok = bool(dialog.run())
    dialog.destroy()
    # Let GTK remove the dialog now, so that the picture is visible while the engine works.
    while Gtk.events_pending():
        Gtk.main_iteration()
    return is_ok


def _new_dialog(procedure: Gimp.Procedure, config: Gimp.ProcedureConfig, title: str) -> GimpUi.ProcedureDialog:
    GimpUi.init("cutsmith")
    return GimpUi.ProcedureDialog.new(procedure, config, title)


class _Rows:
    """A grid in `room` with one row per argument, each with a label and a field. Rows can be hidden."""

    def __init__(self, room: Gtk.Box, config: Gimp.ProcedureConfig) -> None:
        self._config = config
        self._grid = Gtk.Grid(row_spacing=_SPACING, column_spacing=_BORDER, border_width=_BORDER, width_request=_WIDTH)
        self._widgets: dict[str, tuple[Gtk.Widget, Gtk.Widget]] = {}
        room.pack_start(self._grid, False, False, 0)
        self._grid.show()

    def add(self, name: str, field: Gtk.Widget) -> None:
        """Add a row for the argument `name`, with its own label and explanation."""
        argument = self._config.find_property(name)
        label = Gtk.Label(label=f"{argument.nick}:", use_underline=True, xalign=0.0, mnemonic_widget=field)
        self.add_row(name, label, field, _TOOLTIPS.get(name, argument.blurb))

    def add_row(self, name: str, label: Gtk.Widget, field: Gtk.Widget, tooltip: str) -> None:
        """Add a row with any label and field."""
        row = len(self._widgets)
        for widget in (label, field):
            widget.set_tooltip_text(tooltip)
            widget.show_all()
        field.set_hexpand(True)
        self._grid.attach(label, 0, row, 1, 1)
        self._grid.attach(field, 1, row, 1, 1)
        self._widgets[name] = (label, field)

    def add_choice(self, name: str, choices: Mapping[str, str]) -> None:
        """Add a row to pick one of `choices`, which maps names to labels."""
        field = Gtk.ComboBoxText()
        fill(field, choices)
        if self._config.get_property(name) not in choices:
            self._config.set_property(name, next(iter(choices)))
        self._config.bind_property(name, field, "active-id", _BOTH_WAYS)
        self.add(name, field)

    def add_text(self, name: str, example: str) -> None:
        """Add a row for text."""
        field = Gtk.Entry(placeholder_text=example, activates_default=True)
        self._config.bind_property(name, field, "text", _BOTH_WAYS)
        self.add(name, field)

    def add_check(self, name: str) -> None:
        """Add a row to say yes or no."""
        argument = self._config.find_property(name)
        field = Gtk.CheckButton(label=argument.nick, use_underline=True)
        self._config.bind_property(name, field, "active", _BOTH_WAYS)
        self.add_row(name, Gtk.Label(), field, argument.blurb)

    def add_number(self, name: str, step: float, digits: int, option: str = "") -> None:
        """Add a row for a number: the engine's `option`, or the one of this name."""
        self.add(name, self._number(name, option or name.replace("-", "_"), step, digits))

    def _number(self, name: str, option: str, step: float, digits: int) -> Gtk.SpinButton:
        """A field for the argument `name` that offers the range of the engine's `option`."""
        field = GimpUi.prop_spin_button_new(self._config, name, step, 10 * step, digits)
        field.set_range(*offered_range(option))
        field.set_width_chars(_NUMBER_LETTERS)
        return field

    def add_band(self) -> None:
        """Add a row for both sides of the band."""
        field = Gtk.Grid(row_spacing=_SPACING, column_spacing=_SPACING)
        for row, (name, words) in enumerate((("band-inner", "the subject"), ("band-outer", "the background"))):
            number = self._number(name, "band", 1, 0)
            number.set_tooltip_text(self._config.find_property(name).blurb)
            field.attach(number, 1, row, 1, 1)
            field.attach(Gtk.Label(label=f"px in {words}", xalign=0.0), 2, row, 1, 1)
        label = Gtk.Label(label="_Band:", use_underline=True, xalign=0.0, mnemonic_widget=field.get_child_at(1, 0))
        field.attach(label, 0, 0, 1, 1)
        folded = Gtk.Expander(label="Ad_vanced", use_underline=True)
        folded.add(field)
        tooltip = "Where the edge is worked out. Make it just wide enough for the longest loose hair: wider is worse"
        self.add_row("band", Gtk.Label(), folded, tooltip)

    def show(self, name: str, is_shown: bool) -> None:
        """Show or hide the row `name`."""
        for widget in self._widgets[name]:
            widget.set_visible(is_shown)


class _CutOutFields:
    """The fields of Cut Out, and how they depend on each other."""

    def __init__(
        self,
        dialog: GimpUi.ProcedureDialog,
        room: Gtk.Box,
        config: Gimp.ProcedureConfig,
        models: ModelChoices,
        has_selection: bool,
        layers: Sequence[Gimp.Layer],
        pane: PreviewPane,
    ) -> None:
        self._dialog = dialog
        self._pane = pane
        self._config = config
        self._models = models
        self._has_selection = has_selection
        self._layers = layers
        self._has_mask = any(layer.get_mask() is not None for layer in layers)
        self._rows = rows = _Rows(room, config)
        rows.add_choice("what", WHAT)
        rows.add_text("prompt", OPTIONS["text"].example.strip('"'))
        rows.add_number("box-threshold", _STEP, 2)
        self._model = Gtk.ComboBoxText()
        for cell in self._model.get_cells():
            cell.set_property("ellipsize", Pango.EllipsizeMode.END)
            cell.set_property("max-width-chars", _MODEL_LETTERS)
        rows.add("model", self._model)
        rows.add_choice("edge", EDGES)
        rows.add_band()
        rows.add_number("harden", _STEP, 2)
        rows.add_number("threshold", _STEP, 2)
        rows.add_number("shift", 1, 0, "mask_offset")
        rows.add_number("feather", 0.5, 1, "mask_blur")
        rows.add_choice("result", RESULTS)
        rows.add_choice("objects", OBJECTS)
        rows.add_choice("existing-mask", EXISTING_MASK)
        rows.add_choice("existing-selection", EXISTING_SELECTION)
        self._advice = _Advice(room)
        self._fill_models()
        config.bind_property("model", self._model, "active-id", _BOTH_WAYS)
        self._follow("what", self._fill_models)
        for name in ("what", "points", "prompt", "model", "edge", "result"):
            self._follow(name, self._adapt)
        for name in {each.name.replace("_", "-") for each in fields(Settings)} - _NOT_SHOWN:
            if config.find_property(name) is not None:
                self._follow(name, self._pane.refresh)
        # GIMP's own buttons set all back, or load what was saved.
        self._follow("points", lambda: self._pane.follow_points(config.get_property("points") or ""))
        self._pane.on_choice = self._adapt
        self._adapt()

    def _follow(self, name: str, action: Callable[[], None]) -> None:
        self._config.connect(f"notify::{name}", lambda *_: action())

    def _fill_models(self) -> None:
        """Offer the models for the choice of What. A model that does not fit is replaced by the best available one."""
        wanted = self._config.get_property("model")
        choices = self._models.offered(self._config.get_property("what"))
        fill(self._model, choices)
        self._config.set_property("model", wanted if wanted in choices else AUTOMATIC)
        self._model.set_active_id(self._config.get_property("model"))

    def _adapt(self) -> None:
        """Show the rows that matter for the choices made, and say what is missing."""
        what, model, edge, result = (self._config.get_property(name) for name in ("what", "model", "edge", "result"))
        self._rows.show("prompt", what == WORDS)
        self._rows.show("box-threshold", what == WORDS)
        self._rows.show("band", edge == HAIR)
        self._rows.show("harden", edge != HARD)
        self._rows.show("threshold", edge == HARD)
        self._rows.show("feather", edge != HARD)
        self._rows.show("objects", what == WORDS and result in RESULTS_OF_EACH)
        self._rows.show("existing-mask", self._has_mask)
        self._rows.show("existing-selection", self._has_selection and result == NEW_SELECTION)
        text, prevents = self._advice_for(what, model)
        if not prevents:
            text = "\n".join(filter(None, (text, self._models.estimate(Settings(edge=edge)))))
        self._advice.show(text, prevents=prevents)
        needed = {WORDS: "prompt", POINTS: "points"}.get(what)
        is_said = needed is None or bool((self._config.get_property(needed) or "").strip())
        can_run = not prevents and is_said and not self._pane.is_nothing_chosen
        self._dialog.set_response_sensitive(Gtk.ResponseType.OK, can_run)

    def _advice_for(self, what: str, model: str) -> tuple[str, bool]:
        if what == SELECTION and not self._has_selection:
            return "Nothing is selected. Select the object roughly first.", True
        if what == POINTS:
            try:
                refuse_clicks(self._layers)
            except CutFailed as failure:
                return str(failure), True
        advice = self._models.advice(what, model or AUTOMATIC)
        return advice.text, advice.prevents


def fill(field: Gtk.ComboBoxText, choices: Mapping[str, str]) -> None:
    """Make `field` offer exactly `choices`, which maps names to labels."""
    field.remove_all()
    for name, words in choices.items():
        field.append(name, words)


class _Advice:
    """A text below the fields that says what is missing. It can be selected, so that its commands can be copied."""

    def __init__(self, room: Gtk.Box) -> None:
        self._label = Gtk.Label(
            wrap=True, selectable=True, can_focus=False, xalign=0.0, max_width_chars=_ADVICE_LETTERS
        )
        self._icon = Gtk.Image(valign=Gtk.Align.START)
        self._box = Gtk.Box(spacing=_BORDER, border_width=_BORDER)
        self._box.pack_start(self._icon, False, False, 0)
        self._box.pack_start(self._label, True, True, 0)
        self._box.show_all()
        room.pack_start(self._box, False, False, 0)

    def show(self, text: str, *, prevents: bool) -> None:
        """Show `text` as a problem that prevents a run, or as a note; hide it if it is empty."""
        self._label.set_text(text)
        name = "dialog-warning" if prevents else "dialog-information"
        self._icon.set_from_icon_name(name, Gtk.IconSize.LARGE_TOOLBAR)
        self._box.set_visible(bool(text))
