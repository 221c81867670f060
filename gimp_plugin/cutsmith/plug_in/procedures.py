"""The procedures: their menu entries, their arguments, and one run."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gi.repository import Gimp, GLib, GObject

from .declared_options import DEFAULT_BAND, OPTIONS, offered_range
from .failure import CutFailed
from .pointing import EXAMPLE
from .progress import begin_progress, end_progress, show_progress
from .remembered_choices import once_a_session, remember_choices, remembered_choices
from .set_up import SET_UP, create, installed, is_offered, set_up
from .settings import (
    DEFAULT_CERTAINTY,
    DEFAULT_THRESHOLD,
    EDGES,
    EXISTING_MASK,
    EXISTING_SELECTION,
    OBJECTS,
    OWN_MASK,
    RESULTS,
    SELECTION,
    WHAT,
    Settings,
    settings_from,
)

if TYPE_CHECKING:
    from .dialog import Answered
    from .installation import Installation

CUT_OUT = "cutsmith-cut-out"
CUT_OUT_SELECTION = "cutsmith-cut-out-selection"
REFINE_MASK = "cutsmith-refine-mask"

_AUTHORS, _YEAR = "The Cutsmith authors", "2026"

_LABELS = {CUT_OUT: "Cut _Out…", CUT_OUT_SELECTION: "_Cut Out Selection", REFINE_MASK: "_Refine Mask Edge…"}
_MENUS = {CUT_OUT: "<Image>/Filters", CUT_OUT_SELECTION: "<Image>/Select", REFINE_MASK: "<Image>/Layer/Mask"}
_BLURBS = {
    # GIMP's own search for actions finds an entry by these words, too.
    CUT_OUT: "Remove background: cut out the main subject, a selected object or what words name, with true alpha",
    CUT_OUT_SELECTION: "Cut out the roughly selected object with your last choices, without a dialog",
    REFINE_MASK: "Rework the edge of the layer mask, so that it includes hair and fur",
}
_BEGIN = "Cut out: getting ready…"
_READABLE = GObject.ParamFlags.READWRITE
_ANY_NUMBER = (-GLib.MAXDOUBLE, GLib.MAXDOUBLE)
"""The range of a number for GIMP, which would silently take the default in place of one outside it."""


class Cutsmith(Gimp.PlugIn):
    """The plug-in as GIMP sees it: GIMP queries it once at its start, and again for each run."""

    def do_set_i18n(self, procname: str) -> bool:
        """English only: there are no translations."""
        return False

    def do_query_procedures(self) -> list[str]:
        """The names of the procedures."""
        return [*_LABELS, *([SET_UP] if is_offered() else [])]

    def do_create_procedure(self, name: str) -> Gimp.Procedure:
        """Create the procedure `name`, with its arguments and its menu entry."""
        if name == SET_UP:
            procedure = create(self, run_set_up)
            procedure.set_attribution(_AUTHORS, _AUTHORS, _YEAR)
            return procedure
        procedure = Gimp.ImageProcedure.new(self, name, Gimp.PDBProcType.PLUGIN, run, None)
        procedure.set_image_types("*")
        procedure.set_sensitivity_mask(Gimp.ProcedureSensitivityMask.DRAWABLE | Gimp.ProcedureSensitivityMask.DRAWABLES)
        procedure.set_menu_label(_LABELS[name])
        procedure.add_menu_path(_MENUS[name])
        procedure.set_documentation(_BLURBS[name], f"{_BLURBS[name]}. Cutsmith's docs/gimp.md explains it.", None)
        procedure.set_attribution(_AUTHORS, _AUTHORS, _YEAR)
        if name == CUT_OUT:
            _add_choice(procedure, "what", "_What", "What is cut out", WHAT)
            procedure.add_string_argument(
                "points",
                "Poi_nts",
                f"For points: clicks and boxes in pixels of the layer, such as {EXAMPLE}",
                "",
                _READABLE,
            )
            procedure.add_string_argument(
                "prompt", "Wor_ds", "What to look for, in English; put commas between several things", "", _READABLE
            )
            procedure.add_double_argument(
                "box-threshold",
                "Certaint_y",
                f"Anything found with less certainty than this is left out{_limits('box_threshold')}",
                *_ANY_NUMBER,
                DEFAULT_CERTAINTY,
                _READABLE,
            )
        if name != REFINE_MASK:
            procedure.add_string_argument(
                "model",
                "_Model",
                "A Cutsmith model for what you cut out; empty takes the best one on this machine. For a selection: a "
                "SAM 2 model, subject-in-box, or none, which uses the selection itself as the mask",
                "",
                _READABLE,
            )
            _add_choice(procedure, "edge", "_Edge", "How to treat the edge", EDGES)
        for side, words in (("inner", "subject"), ("outer", "background")):
            procedure.add_int_argument(
                f"band-{side}",
                f"Band in the {words}",
                f"How far the band in which the edge is worked out reaches into the {words}, in pixels: 0 or more",
                GLib.MININT,
                GLib.MAXINT,
                DEFAULT_BAND,
                _READABLE,
            )
        procedure.add_double_argument(
            "harden",
            "Solid _inside",
            OPTIONS["harden"].help.rstrip(".") + _limits("harden"),
            *_ANY_NUMBER,
            OPTIONS["harden"].default,
            _READABLE,
        )
        if name == REFINE_MASK:
            procedure.add_boolean_argument(
                "within-selection",
                "_Within the selection",
                "Rework the mask only where something is selected, if anything is",
                Settings.within_selection,
                _READABLE,
            )
            procedure.add_string_argument(
                "trimap",
                "Trima_p",
                "The name of a channel that says what is worked out: white in the subject, black outside, gray where "
                "the edge is unknown; empty takes the band",
                "",
                _READABLE,
            )
        else:
            procedure.add_int_argument(
                "shift",
                "S_hift",
                OPTIONS["mask_offset"].help,
                GLib.MININT,
                GLib.MAXINT,
                OPTIONS["mask_offset"].default,
                _READABLE,
            )
            procedure.add_double_argument(
                "feather",
                "_Feather",
                OPTIONS["mask_blur"].help,
                *_ANY_NUMBER,
                OPTIONS["mask_blur"].default,
                _READABLE,
            )
            procedure.add_double_argument(
                "threshold",
                "_Threshold",
                f"For a hard edge. {OPTIONS['threshold'].help.rstrip('.')}{_limits('threshold')}",
                *_ANY_NUMBER,
                DEFAULT_THRESHOLD,
                _READABLE,
            )
            _add_choice(procedure, "result", "Res_ult", "What to make", RESULTS)
            if name == CUT_OUT:
                _add_choice(procedure, "objects", "Ob_jects", "What becomes of several things that words find", OBJECTS)
            _add_choice(procedure, "existing-mask", "E_xisting mask", "What to do with an existing mask", EXISTING_MASK)
            _add_choice(
                procedure,
                "existing-selection",
                "Existin_g selection",
                "What a new selection does with the existing one",
                EXISTING_SELECTION,
            )
        return procedure


def _limits(option: str) -> str:
    """The limits of a number, for its explanation."""
    return ": from {:g} to {:g}".format(*offered_range(option))


def _add_choice(procedure: Gimp.Procedure, name: str, label: str, words: str, choices: dict[str, str]) -> None:
    """Add a text argument with `choices`: GIMP's own choice type silently replaces a wrong value by the default."""
    told = "; ".join(f"{nick} ({meaning})" for nick, meaning in choices.items())
    procedure.add_string_argument(name, label, f"{words}: {told}", next(iter(choices)), _READABLE)


def run(
    procedure: Gimp.Procedure,
    run_mode: Gimp.RunMode,
    image: Gimp.Image,
    drawables: Sequence[Gimp.Item],
    config: Gimp.ProcedureConfig,
    data: object,
) -> Gimp.ValueArray:
    """Run a procedure, and show its dialog if GIMP is used interactively."""
    begin_progress(_BEGIN)
    return _answer(procedure, lambda: _run(procedure, image, drawables, config, run_mode))


def run_set_up(procedure: Gimp.Procedure, config: Gimp.ProcedureConfig, data: object) -> Gimp.ValueArray:
    """Set the engine up, or repair it."""
    run_mode, anew = config.get_property("run-mode"), config.get_property("anew")
    return _answer(procedure, lambda: set_up(run_mode, anew=anew))


def _answer(procedure: Gimp.Procedure, work: Callable[[], list[str] | None]) -> Gimp.ValueArray:
    """What GIMP is told of `work`, which gives the notices for the user, or None if a dialog was closed."""
    try:
        told = work()
    except CutFailed as failure:
        problem = GLib.Error.new_literal(Gimp.PlugIn.error_quark(), str(failure), 0)
        return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, problem)
    except Exception as error:  # noqa: BLE001 - unexpected errors too: without an answer GIMP would say nothing
        traceback.print_exc()
        told_of = f"Cutsmith's plug-in failed: {error!r}\n\nStart GIMP from a terminal and try again to see where."
        problem = GLib.Error.new_literal(Gimp.PlugIn.error_quark(), told_of, 0)
        return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, problem)
    if told is None:
        return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, GLib.Error())
    if told:
        Gimp.message("\n".join(told))
    Gimp.displays_flush()
    return procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, GLib.Error())


def _run(
    procedure: Gimp.Procedure,
    image: Gimp.Image,
    drawables: Sequence[Gimp.Item],
    config: Gimp.ProcedureConfig,
    run_mode: Gimp.RunMode,
) -> list[str] | None:
    """Do the run; -> the notices for the user, or None if the dialog was closed. Raises CutFailed."""
    # Imported here, because they take a tenth of a second and GIMP queries the procedures at every start.
    from .cutting import cut_layers, requested, told_of_locks
    from .layers import chosen_layers
    from .model_choices import ModelChoices
    from .words import notice_of
    from .worker_link import WorkerLink

    name = procedure.get_name()
    with_dialog = run_mode == Gimp.RunMode.INTERACTIVE and name != CUT_OUT_SELECTION
    chosen_layers(image, drawables)
    installation = installed(run_mode)
    if installation is None:
        return None
    answered = None
    if with_dialog:
        answered = _answered(procedure, config, image, drawables, installation)
        if not answered.is_ok:
            return None
    settings = _settings(procedure, config, run_mode)
    if answered is not None:
        settings = replace(settings, found=answered.found)
    # Checked before the engine is called, so that an impossible run fails at once.
    requests = requested(image, drawables, settings)
    with WorkerLink(installation, _client(), show_progress) as link:
        models = ModelChoices(link.models(), installation)
        ready = answered.ready if answered else None
        notices = cut_layers(image, requests, models.chosen(settings), link, ready)
    if with_dialog and name == CUT_OUT:
        remember_choices(settings)
    told = [notice_of(notice, settings, installation) for notice in notices] + told_of_locks(requests, settings)
    if not with_dialog:
        # The dialog would have said it.
        told += once_a_session(models.advice(settings.what, settings.model).text)
    return list(dict.fromkeys(told))


def _answered(
    procedure: Gimp.Procedure,
    config: Gimp.ProcedureConfig,
    image: Gimp.Image,
    drawables: Sequence[Gimp.Item],
    installation: Installation,
) -> Answered:
    """Show the procedure's dialog; -> what the user decided. Raises CutFailed if the run could not succeed."""
    from .cutting import requested

    try:
        from .dialog import Answered, Engine, ask, ask_for_band
    except ImportError as error:
        if error.name != "cairo":
            raise
        raise CutFailed(
            "GIMP's Python has no cairo, which the dialog needs to draw the picture.",
            "On Debian and Ubuntu: sudo apt install python3-gi-cairo",
        ) from error
    from .layers import chosen_layers
    from .model_choices import ModelChoices
    from .worker_link import WorkerLink

    # Where nothing of the layer is selected, the dialog can still say that the selection does not matter.
    own_mask = Settings.for_own_mask({"within_selection": False})
    is_refining = procedure.get_name() == REFINE_MASK
    if is_refining:
        requested(image, drawables, own_mask)
    pixels = sum(layer.get_width() * layer.get_height() for layer in chosen_layers(image, drawables))
    client = _client()
    with WorkerLink(installation, client, show_progress) as link:
        models = ModelChoices(link.models(), installation, pixels)
    end_progress()
    if is_refining:
        answered = Answered(ask_for_band(procedure, config, image, models.estimate(own_mask)))
    else:
        engine = Engine(
            lambda: WorkerLink(installation, client, lambda text, share: None),
            lambda: _settings(procedure, config, Gimp.RunMode.INTERACTIVE),
        )
        answered = ask(procedure, config, image, drawables, models, engine)
    if answered.is_ok:
        begin_progress(_BEGIN)
    return answered


def _client() -> str:
    """Our name in the worker's log."""
    return f"GIMP {Gimp.version()}"


def _settings(procedure: Gimp.Procedure, config: Gimp.ProcedureConfig, run_mode: Gimp.RunMode) -> Settings:
    """Turn the arguments into settings. Raises CutFailed."""
    name = procedure.get_name()
    values: dict[str, Any] = {each: config.get_property(each) for each in _ARGUMENTS[name]}
    if name == REFINE_MASK:
        return settings_from({"what": OWN_MASK, **values})
    settings = settings_from({"what": SELECTION, **values})
    # A script passes its own arguments, but a user had no dialog to choose in.
    if name == CUT_OUT_SELECTION and run_mode != Gimp.RunMode.NONINTERACTIVE:
        return remembered_choices(settings)
    return settings


_OF_A_MASK = ("band-inner", "band-outer", "harden")
_OF_A_SELECTION = (
    "model",
    "edge",
    *_OF_A_MASK,
    "shift",
    "feather",
    "threshold",
    "result",
    "existing-mask",
    "existing-selection",
)
_ARGUMENTS = {
    CUT_OUT: ("what", "points", "prompt", "box-threshold", *_OF_A_SELECTION, "objects"),
    CUT_OUT_SELECTION: _OF_A_SELECTION,
    REFINE_MASK: (*_OF_A_MASK, "within-selection", "trimap"),
}
