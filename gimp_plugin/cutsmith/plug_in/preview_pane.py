"""The left half of the dialog: the picture with its cut-out, clicks and boxes on it, and what is shown how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import GLib, Gtk  # noqa: E402 - only after the version has been requested

from .failure import CutFailed, PictureLost  # noqa: E402
from .layer_pixels import read_for_the_eye, read_pixels  # noqa: E402
from .live_jobs import LiveJob, LiveJobs  # noqa: E402
from .picture_view import GROUNDS, PictureView, Shown  # noqa: E402
from .planes import cropped, top_of  # noqa: E402
from .pointing import Pointing  # noqa: E402
from .settings import Settings  # noqa: E402
from .surfaces import mask_surface, picture_surface  # noqa: E402

if TYPE_CHECKING:
    import cairo
    from gi.repository import Gimp

    from .worker_files import Array, Message
    from .worker_link import WorkerLink

_SPACING = 6
_TWO_LINES = 44
_LONGEST = 1280
"""Pixels of the longer side of what a screen shows."""

_CALM, _MOMENT = 350, 30
"""Milliseconds without a change after which the cut-out is worked out, and after which a click is."""

_OPEN, _MASK, _PREVIEW, _WHOLE = "open", "mask", "preview", "whole"
_OF_A_MASK = ("parts", "segmenter", "model")
_HOW_TO_POINT = "Left click: on it. Right click: not this. Drag: a box around it."


@dataclass(frozen=True)
class ReadyCut:
    """A cut at full size that was worked out while the dialog was open: the settings, and the worker's answer."""

    settings: Settings
    answer: Message


class PreviewPane(Gtk.Box):
    """Shows `layer` as it will be cut out.

    Args:
        layer: what is cut out.
        note: a sentence about what is shown; may be empty.
        connect: makes a connection to the worker; called in another thread.
        is_pointing: whether clicks say what is cut out.
        settings: the settings as they stand in the dialog, with the models' names. Raises CutFailed.
        hint: the arrays that show where the subject is, for the settings. Raises CutFailed.
        dtype: the type of alpha that a result for the settings needs.
        on_points: called with the text of the points after each click.
    """

    def __init__(
        self,
        layer: Gimp.Layer,
        note: str,
        connect: Callable[[], WorkerLink],
        is_pointing: Callable[[], bool],
        settings: Callable[[], Settings],
        hint: Callable[[Settings], Mapping[str, Array]],
        dtype: Callable[[Settings], str],
        on_points: Callable[[str], None],
    ) -> None:
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=_SPACING, border_width=2 * _SPACING)
        self._layer, self._note = layer, note
        self._is_pointing, self._settings, self._hint, self._dtype, self._on_points = (
            is_pointing,
            settings,
            hint,
            dtype,
            on_points,
        )
        self.pointing = Pointing()
        self.ready: ReadyCut | None = None
        self._picture = ""
        self._before: cairo.ImageSurface | None = None
        self._preview: Shown | None = None
        self._edge: tuple[float, float] | None = None
        self._timer = 0
        size = (layer.get_width(), layer.get_height())
        self._view = PictureView(*size, self._click, self._draw_box, self._moved)
        self._build()
        self._jobs = LiveJobs(connect, lambda tell: GLib.idle_add(_once, tell), (_OPEN, _MASK, _PREVIEW, _WHOLE))
        self.connect("destroy", lambda _: self.end())
        self._open()

    def end(self) -> None:
        """Let the worker close the picture, and stop what is running."""
        if self._timer:
            GLib.source_remove(self._timer)
            self._timer = 0
        self._jobs.end()

    def refresh(self, after: int = _CALM) -> None:
        """Work the cut-out out again, once the user has stopped changing things."""
        self._adapt()
        self.ready = None
        self._jobs.drop(_PREVIEW, _WHOLE)
        if self._timer:
            GLib.source_remove(self._timer)
        self._timer = GLib.timeout_add(after, self._work_out)

    # What the user does.

    def _click(self, x: float, y: float, label: int) -> None:
        self.pointing.click(x, y, label)
        self._pointed()

    def _draw_box(self, *corners: float) -> None:
        self.pointing.drag(*corners)
        self._pointed()

    def _begin(self, button: Gtk.ToggleButton) -> None:
        if button.get_active():
            self.pointing.begin(is_taken_away=button is self._take_away)

    def _undo(self) -> None:
        self.pointing.undo()
        self._pointed()

    def _clear(self) -> None:
        self.pointing.clear()
        self._pointed()

    def _pointed(self) -> None:
        """Something was pointed at, or taken back: show its mask at once, and its edge a moment later."""
        self._on_points(self.pointing.as_text())
        self._view.show_objects(self.pointing.objects)
        self._add.set_active(True)
        self._show_preview(None)
        self.refresh(3 * _CALM)
        if not self._picture or not self.pointing.objects:
            return
        settings = self._wanted()
        if settings is not None:
            _, options = settings.job()
            asked = {name: value for name, value in options.items() if name in _OF_A_MASK}
            self._ask(_MASK, "mask", {**asked, **self._place}, settings, self._masked)

    def _choose_ground(self, field: Gtk.ComboBoxText) -> None:
        self._view.show_ground(field.get_active_id())

    def _choose_size(self, button: Gtk.ToggleButton) -> None:
        is_whole = not button.get_active()
        self._view.show_whole(is_whole, None if is_whole else self._edge)
        if not is_whole and self.ready is None and not self._timer:
            self._work_out_whole()
        self._show()

    def _moved(self) -> None:
        if not self._view.geometry.is_whole:
            self._show()

    # What is worked out.

    def _open(self) -> None:
        self._ask(_OPEN, "open", {"longest": _LONGEST}, Settings(), self._opened, read_pixels(self._layer))
        self._tell("Reading the picture…")

    def _opened(self, answer: Message) -> None:
        self._picture = str(answer.header["picture"])
        self._before = picture_surface(answer.arrays["shown"])
        self._preview = Shown(self._everything, self._before)
        self._show()
        self.refresh(_MOMENT)

    def _masked(self, answer: Message) -> None:
        self._show_preview(mask_surface(answer.arrays["mask"]))

    def _work_out(self) -> bool:
        self._timer = 0
        settings = self._wanted()
        if not self._picture:
            return False
        if settings is None:
            self._tell(_HOW_TO_POINT if self._is_pointing() else "")
            self._show_preview(None)
            return False
        try:
            hint = self._hint(settings)
        except CutFailed as failure:
            self._failed(failure)
            return False
        _, options = settings.job()
        wanted = {name: value for name, value in options.items() if name not in ("colours", "subject_alone")}
        self._ask(
            _PREVIEW,
            "preview",
            {**wanted, **self._place},
            settings,
            lambda answer: self._previewed(answer, settings),
            {name: array for name, array in hint.items() if name == "selection"},
        )
        self._tell("Cutting it out…")
        return False

    def _previewed(self, answer: Message, settings: Settings) -> None:
        alpha = answer.arrays["alpha"]
        colours = picture_surface(answer.arrays["colours"]) if settings.wants_colours else None
        share = float(answer.header["share"])
        x, y = top_of(alpha)
        self._edge = (x / share, y / share)
        self._show_preview(mask_surface(alpha), colours)
        self._tell(self._note)
        if not self._view.geometry.is_whole:
            self._work_out_whole()

    def _work_out_whole(self) -> None:
        """The cut-out at full size, for a look at its edge; OK takes it as it is."""
        settings = self._wanted()
        if settings is None or not self._picture:
            return
        job, options = settings.job()
        if job != "cut":
            self._tell("The edge at full size is worked out when you click OK.")
            return
        try:
            hint = self._hint(settings)
        except CutFailed as failure:
            self._failed(failure)
            return
        self._ask(
            _WHOLE,
            job,
            {**options, "alpha": self._dtype(settings), "picture": self._picture},
            settings,
            lambda answer: self._worked_out(answer, settings),
            hint,
        )
        self._tell("Working out the edge at full size…")

    def _worked_out(self, answer: Message, settings: Settings) -> None:
        self.ready = ReadyCut(settings, answer)
        self._tell(self._note)
        self._show()

    def _wanted(self) -> Settings | None:
        """The settings as they stand; None while something is missing, which the dialog says."""
        try:
            return self._settings()
        except CutFailed:
            return None

    def _ask(
        self,
        kind: str,
        job: str,
        options: Mapping[str, Any],
        settings: Settings,
        then: Callable[[Message], None],
        arrays: Mapping[str, Array] | None = None,
    ) -> None:
        self._jobs.ask(LiveJob(kind, job, options, settings, then, self._failed, arrays or {}))
        self._spinner.start()

    def _failed(self, failure: CutFailed) -> None:
        self._show_preview(None)
        if isinstance(failure, PictureLost) and self._picture:
            # The engine was started again, and has nothing of the picture.
            self._picture = ""
            self._open()
            return
        self._tell(str(failure))

    # What is shown.

    @property
    def _place(self) -> dict[str, Any]:
        """The fields of a job that is only looked at."""
        return {"picture": self._picture, "longest": _LONGEST}

    @property
    def _everything(self) -> tuple[float, float, float, float]:
        return (0.0, 0.0, float(self._layer.get_width()), float(self._layer.get_height()))

    def _show_preview(self, alpha: cairo.ImageSurface | None, colours: cairo.ImageSurface | None = None) -> None:
        if self._preview is not None:
            self._preview = replace(self._preview, alpha=alpha, colours=colours)
        self._show()

    def _show(self) -> None:
        if self._view.geometry.is_whole or self._preview is None:
            self._view.show_cut(self._preview)
        else:
            self._view.show_cut(self._one_to_one())
        self._show_state()

    def _one_to_one(self) -> Shown:
        """The part of the picture that the view shows, pixel by pixel."""
        columns, rows = self._view.geometry.seen()
        place = (float(columns.start), float(rows.start), float(len(columns)), float(len(rows)))
        before = picture_surface(read_for_the_eye(self._layer, columns, rows))
        if self.ready is None:
            return Shown(place, before)
        arrays = self.ready.answer.arrays
        colours = arrays.get("colours")
        return Shown(
            place,
            before,
            mask_surface(cropped(arrays["alpha"], rows, columns)),
            None if colours is None else picture_surface(cropped(colours, rows, columns)),
        )

    def _show_state(self) -> None:
        if self._jobs_are_done():
            self._spinner.stop()

    def _jobs_are_done(self) -> bool:
        return not self._timer and not self._jobs.is_busy

    def _tell(self, text: str) -> None:
        self._status.set_text(text)
        self._show_state()

    def _adapt(self) -> None:
        can_point = self._is_pointing()
        self._view.can_point = can_point
        self._tools.set_visible(can_point)
        self._view.show_objects(self.pointing.objects if can_point else ())
        self._undo_button.set_sensitive(self.pointing.can_be_undone)
        self._clear_button.set_sensitive(bool(self.pointing.objects))

    def _build(self) -> None:
        top = Gtk.Box(spacing=_SPACING)
        ground = Gtk.ComboBoxText()
        for name, words in GROUNDS.items():
            ground.append(name, words)
        ground.set_active_id(self._view.ground)
        ground.set_tooltip_text("What the cut-out is shown on; Before shows the picture as it is")
        ground.connect("changed", self._choose_ground)
        one_to_one = Gtk.ToggleButton(label="_1:1 at the edge", use_underline=True)
        one_to_one.set_tooltip_text("Each pixel of the picture takes one of the screen; drag to see another part")
        one_to_one.connect("toggled", self._choose_size)
        self._spinner = Gtk.Spinner()
        top.pack_start(ground, False, False, 0)
        top.pack_start(one_to_one, False, False, 0)
        top.pack_end(self._spinner, False, False, 0)
        self._tools = Gtk.Box(spacing=_SPACING, no_show_all=True)
        self._add = Gtk.RadioButton.new_with_mnemonic(None, "_Add")
        self._take_away = Gtk.RadioButton.new_with_mnemonic_from_widget(self._add, "Ta_ke away")
        another = _button("Another", "The next click or box is another object", self._another)
        self._undo_button = _button("Undo", "Take the last click or box back", self._undo)
        self._clear_button = _button("Clear", "Take all clicks and boxes back", self._clear)
        for radio, told in (
            (self._add, "The next click or box adds to the cut-out"),
            (self._take_away, "The next click or box is taken out of the cut-out"),
        ):
            radio.set_tooltip_text(told)
            radio.connect("toggled", self._begin)
        for widget in (self._add, self._take_away, another, self._undo_button, self._clear_button):
            widget.show()
            self._tools.pack_start(widget, False, False, 0)
        self._status = Gtk.Label(
            wrap=True, xalign=0.0, yalign=0.0, max_width_chars=60, selectable=True, can_focus=False
        )
        self.pack_start(top, False, False, 0)
        self.pack_start(self._view, True, True, 0)
        self.pack_start(self._tools, False, False, 0)
        # As high as two lines whatever is told, so that the picture stays where it is.
        told = Gtk.ScrolledWindow(hscrollbar_policy=Gtk.PolicyType.NEVER, min_content_height=_TWO_LINES)
        told.add(self._status)
        self.pack_start(told, False, False, 0)
        self.show_all()

    def _another(self) -> None:
        self.pointing.begin(is_taken_away=False)


def _button(label: str, told: str, action: Callable[[], None]) -> Gtk.Button:
    button = Gtk.Button(label=label, use_underline=True)
    button.set_tooltip_text(told)
    button.connect("clicked", lambda _: action())
    return button


def _once(tell: Callable[[], None]) -> bool:
    tell()
    return False
