"""The left half of the dialog: the picture with its cut-out, clicks and boxes on it, and what is shown how."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import GLib, Gtk  # noqa: E402 - only after the version has been requested

from .failure import CutFailed, PictureLost  # noqa: E402
from .found_objects import FoundObject, found_objects, toggled  # noqa: E402
from .full_size import shown_at_full_size  # noqa: E402
from .layer_pixels import read_pixels  # noqa: E402
from .live_jobs import LiveJob, LiveJobs  # noqa: E402
from .picture_view import GROUNDS, PictureView, Shown  # noqa: E402
from .planes import top_of  # noqa: E402
from .pointing import Pointing  # noqa: E402
from .pointing_tools import PointingTools  # noqa: E402
from .ready_cut import ReadyCut, asked_for, fingerprint  # noqa: E402
from .settings import NO_MODEL, WORDS, Settings  # noqa: E402
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

_CLOSED = 2.0
"""Seconds at most that the end waits until the worker has closed the picture."""

_OPEN, _MASK, _FIND, _PREVIEW, _WHOLE = "open", "mask", "find", "preview", "whole"
_OF_A_MASK = ("parts", "segmenter", "model")
_HOW_TO_POINT = "Left click: on it. Right click: not this. Drag: a box around it."
_HOW_TO_CHOOSE = "Click on a box to leave that object out, or to take it again."
_CUTTING = "Cutting it out…"
_NOTHING_CHOSEN = "Everything is left out. Click on a box to take that object again."


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
        can_choose: whether clicks choose among the objects that words find.
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
        can_choose: bool,
    ) -> None:
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=_SPACING, border_width=2 * _SPACING)
        self._layer, self._note = layer, note
        self._is_pointing, self._settings, self._hint = is_pointing, settings, hint
        self._dtype, self._on_points, self._can_choose = dtype, on_points, can_choose
        self.on_choice: Callable[[], None] = lambda: None
        """Called after an object that was found was left out or taken again."""
        self.pointing = Pointing()
        self.ready: ReadyCut | None = None
        self._found: tuple[FoundObject, ...] = ()
        self._found_for: Mapping[str, Any] | None = None
        self._warnings: Sequence[str] = ()
        self._picture = ""
        self._pixels = b""
        self._preview: Shown | None = None
        self._edge: tuple[float, float] | None = None
        self._timer = 0
        size = (layer.get_width(), layer.get_height())
        self._view = PictureView(*size, self._click, self._draw_box, self._moved)
        self._build()
        self._jobs = LiveJobs(connect, lambda tell: GLib.idle_add(_once, tell), (_OPEN, _MASK, _FIND, _PREVIEW, _WHOLE))
        self.connect("destroy", lambda _: self.end())
        self._open()

    def end(self) -> None:
        """Let the worker close the picture, and stop what is running."""
        self._stop_timer()
        close = LiveJob(_OPEN, "close", {"picture": self._picture}, Settings(), _unheard, _unheard)
        self._jobs.end(close if self._picture else None)

    def wait_until_closed(self) -> None:
        """Wait for what `end` has begun: this process may be about to end, and the worker would keep the picture."""
        self._jobs.wait(_CLOSED)

    def refresh(self, after: int = _CALM) -> None:
        """Work the cut-out out again, once the user has stopped changing things."""
        self._adapt()
        self.ready = None
        self._jobs.drop(_FIND, _PREVIEW, _WHOLE)
        self._stop_timer()
        self._timer = GLib.timeout_add(after, self._work_out)

    def _stop_timer(self) -> None:
        if self._timer:
            GLib.source_remove(self._timer)
            self._timer = 0

    def follow_points(self, text: str) -> None:
        """Point at what the settings say, where they were loaded or set back."""
        try:
            is_other = self.pointing.follow(text)
        except CutFailed:
            # What was saved by hand or by another version is told by the run.
            return
        if is_other:
            self._pointed()

    @property
    def found(self) -> tuple[FoundObject, ...] | None:
        """What the words have found, as it was chosen; None if nothing was looked for yet, or other words are there."""
        settings = self._wanted()
        return None if settings is None else settings.found

    @property
    def is_nothing_chosen(self) -> bool:
        """Whether all that the words have found is left out."""
        return self.found is not None and not any(each.is_chosen for each in self._found)

    # What the user does.

    def _click(self, x: float, y: float, label: int) -> None:
        if self._is_pointing():
            self.pointing.click(x, y, label)
            self._pointed()
            return
        self._found = toggled(self._found, x, y)
        self.refresh(_CALM)
        self._tell(_CUTTING)
        self.on_choice()

    def _draw_box(self, *corners: float) -> None:
        self.pointing.drag(*corners)
        self._pointed()

    def _pointed(self) -> None:
        """Something was pointed at, or taken back: show its mask at once, and its edge a moment later."""
        self._on_points(self.pointing.as_text())
        self._view.show_objects(self.pointing.objects)
        self._tools.begin_again()
        self._show_preview(None)
        self.refresh(3 * _CALM)
        if not self._picture or not self.pointing.objects:
            return
        settings = self._wanted()
        if settings is not None:
            _, options = settings.job()
            asked = {name: value for name, value in options.items() if name in _OF_A_MASK}
            self._ask(_MASK, "mask", {**asked, **self._place}, settings, self._masked)

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
        pixels = read_pixels(self._layer)
        self._pixels = fingerprint(pixels)
        self._ask(_OPEN, "open", {"longest": _LONGEST}, Settings(), self._opened, pixels)
        self._tell("Reading the picture…")

    def _opened(self, answer: Message) -> None:
        self._picture = str(answer.header["picture"])
        whole = (0.0, 0.0, float(self._layer.get_width()), float(self._layer.get_height()))
        self._preview = Shown(whole, picture_surface(answer.arrays["shown"]))
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
        if settings.what == WORDS and self._can_choose and settings.found is None:
            self._find(settings)
            return False
        if self.is_nothing_chosen:
            self._show_preview(None)
            self._tell(_NOTHING_CHOSEN)
            return False
        hint = self._hinted(settings)
        if hint is None:
            return False
        if settings.model == NO_MODEL:
            # It is not what shows where the subject is, but the mask that was found.
            hint = {"soft_mask": hint["mask"]}
        _, options = settings.job()
        wanted = {name: value for name, value in options.items() if name not in ("colours", "subject_alone")}
        self._ask(
            _PREVIEW,
            "preview",
            {**wanted, **self._place},
            settings,
            lambda answer: self._previewed(answer, settings),
            hint,
        )
        self._tell(_CUTTING)
        return False

    def _find(self, settings: Settings) -> None:
        """Look for the words, before what they name is cut out."""
        wanted = settings.detection()

        def found(answer: Message) -> None:
            self._found, self._found_for = found_objects(answer.header["objects"]), wanted
            self._warnings = answer.header["warnings"]
            self.refresh(_MOMENT)
            self.on_choice()

        self._show_preview(None)
        self._ask(_FIND, "detect", {**wanted, "picture": self._picture}, settings, found)
        self._tell("Looking for the words…")

    def _previewed(self, answer: Message, settings: Settings) -> None:
        alpha = answer.arrays["alpha"]
        colours = picture_surface(answer.arrays["colours"]) if settings.wants_colours else None
        share = float(answer.header["share"])
        x, y = top_of(alpha)
        self._edge = (x / share, y / share)
        self._show_preview(mask_surface(alpha), colours)
        self._tell(self._told())
        if not self._view.geometry.is_whole:
            self._work_out_whole()

    def _work_out_whole(self) -> None:
        """The cut-out at full size, for a look at its edge; of one layer, OK takes it as it is."""
        settings = self._wanted()
        if settings is None or not self._picture or self.is_nothing_chosen:
            return
        hint = self._hinted(settings)
        if hint is None:
            return
        job, options = asked_for(settings, self._dtype(settings))
        hinted = fingerprint(hint)

        def worked_out(answer: Message) -> None:
            self.ready = ReadyCut(job, options, self._pixels, hinted, answer)
            self._tell(self._told())
            self._show()

        self._ask(_WHOLE, job, {**options, "picture": self._picture}, settings, worked_out, hint)
        self._tell("Working out the edge at full size…")

    def _hinted(self, settings: Settings) -> Mapping[str, Array] | None:
        """The arrays that show where the subject is; None where that fails, which is told."""
        try:
            return self._hint(settings)
        except CutFailed as failure:
            self._failed(failure)
            return None

    def _told(self) -> str:
        """What is said beneath a cut-out that is done."""
        return "\n".join([*self._warnings, _HOW_TO_CHOOSE]) if self.found else self._note

    def _wanted(self) -> Settings | None:
        """The settings as they stand; None while something is missing, which the dialog says."""
        try:
            settings = self._settings()
        except CutFailed:
            return None
        is_found = settings.what == WORDS and settings.detection() == self._found_for
        return replace(settings, found=self._found) if is_found else settings

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

    def _show_preview(self, alpha: cairo.ImageSurface | None, colours: cairo.ImageSurface | None = None) -> None:
        if self._preview is not None:
            self._preview = replace(self._preview, alpha=alpha, colours=colours)
        self._show()

    def _show(self) -> None:
        if self._view.geometry.is_whole or self._preview is None:
            self._view.show_cut(self._preview)
        else:
            self._view.show_cut(shown_at_full_size(self._layer, self._view.geometry, self.ready))
        self._show_state()

    def _show_state(self) -> None:
        if not self._timer and not self._jobs.is_busy:
            self._spinner.stop()

    def _tell(self, text: str) -> None:
        self._status.set_text(text)
        self._show_state()

    def _adapt(self) -> None:
        can_point, found = self._is_pointing(), self.found or ()
        self._view.can_point, self._view.can_click = can_point, can_point or bool(found)
        self._view.show_found(found)
        self._tools.set_visible(can_point)
        self._view.show_objects(self.pointing.objects if can_point else ())
        self._tools.adapt()

    def _build(self) -> None:
        top = Gtk.Box(spacing=_SPACING)
        ground = Gtk.ComboBoxText()
        for name, words in GROUNDS.items():
            ground.append(name, words)
        ground.set_active_id(self._view.ground)
        ground.set_tooltip_text("What the cut-out is shown on; Before shows the picture as it is")
        ground.connect("changed", lambda field: self._view.show_ground(field.get_active_id()))
        one_to_one = Gtk.ToggleButton(label="_1:1 at the edge", use_underline=True)
        one_to_one.set_tooltip_text(
            "Each pixel of the picture takes one of the screen. Drag with the middle button to see another part"
        )
        one_to_one.connect("toggled", self._choose_size)
        self._spinner = Gtk.Spinner()
        top.pack_start(ground, False, False, 0)
        top.pack_start(one_to_one, False, False, 0)
        top.pack_end(self._spinner, False, False, 0)
        self._tools = PointingTools(self.pointing, self._pointed, _SPACING)
        self._status = Gtk.Label(wrap=True, xalign=0, yalign=0, max_width_chars=60, selectable=True, can_focus=False)
        self.pack_start(top, False, False, 0)
        self.pack_start(self._view, True, True, 0)
        self.pack_start(self._tools, False, False, 0)
        # As high as two lines whatever is told, so that the picture stays where it is.
        told = Gtk.ScrolledWindow(hscrollbar_policy=Gtk.PolicyType.NEVER, min_content_height=_TWO_LINES)
        told.add(self._status)
        self.pack_start(told, False, False, 0)
        self.show_all()


def _unheard(told: object) -> None:
    """Nobody is there any more."""


def _once(tell: Callable[[], None]) -> bool:
    tell()
    return False
