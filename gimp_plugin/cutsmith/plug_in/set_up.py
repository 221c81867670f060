"""Help > Set Up or Repair Cutsmith…, where the plug-in came as a zip; and what the first run of the others does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gi.repository import Gimp, GObject

from .failure import EngineMissing
from .installation import BUNDLE, SET_UP_LABEL, Installation, find_installation
from .progress import begin_progress, end_progress, show_progress

SET_UP = "cutsmith-set-up"
MENU = "<Image>/Help"
BLURB = "Fetch what Cutsmith needs, or fetch it again where something is broken, and try it"
_BEGIN = "Setting up Cutsmith…"
_READABLE = GObject.ParamFlags.READWRITE

# The folder with cutsmith.py and config.json.
_FOLDER = Path(__file__).resolve().parent.parent


def is_offered() -> bool:
    """Whether the installer came with the plug-in: in a zip, and not with `install.py gimp`, which does it itself."""
    return (_FOLDER / BUNDLE).is_dir()


def create(plug_in: Gimp.PlugIn, run: Callable[..., Gimp.ValueArray]) -> Gimp.Procedure:
    """The procedure, which `run` runs; it needs no picture."""
    procedure = Gimp.Procedure.new(plug_in, SET_UP, Gimp.PDBProcType.PLUGIN, run, None)
    procedure.set_menu_label(SET_UP_LABEL)
    procedure.add_menu_path(MENU)
    procedure.set_documentation(BLURB, f"{BLURB}. Cutsmith's docs/gimp.md explains it.", None)
    procedure.add_enum_argument(
        "run-mode", "Run mode", "The run mode", Gimp.RunMode.__gtype__, Gimp.RunMode.NONINTERACTIVE, _READABLE
    )
    procedure.add_boolean_argument(
        "anew", "_Anew", "Remove what was fetched, and fetch it again, even if it looks complete", False, _READABLE
    )
    return procedure


def set_up(run_mode: Gimp.RunMode, *, anew: bool, repairs: bool = True) -> list[str] | None:
    """Set the engine up; -> what to tell, or None if the user did not want to. Raises CutFailed.

    An engine that is complete is made again if a script says `anew`, or if the user is asked whether this `repairs` it.
    """
    from .set_up_process import SetUp

    installer = SetUp(_FOLDER)
    if run_mode == Gimp.RunMode.NONINTERACTIVE:
        begin_progress(_BEGIN)
        said = installer.run(lambda text, share: show_progress(text or _BEGIN, share), anew=anew)
        end_progress()
    else:
        from .set_up_dialog import ask_and_set_up

        end_progress()
        asked = ask_and_set_up(installer, repairs=repairs)
        if asked is None:
            return None
        said = asked
    return [f"Cutsmith is ready: {said}."]


def installed(run_mode: Gimp.RunMode) -> Installation | None:
    """The engine, set up first if that is needed and somebody is there to ask; None if that user did not want to.

    Raises:
        CutFailed: it is missing, and cannot be set up.
    """
    try:
        return find_installation(_FOLDER)
    except EngineMissing:
        if not is_offered() or run_mode == Gimp.RunMode.NONINTERACTIVE:
            raise
    if set_up(run_mode, anew=False, repairs=False) is None:
        return None
    return find_installation(_FOLDER)
