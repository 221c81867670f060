"""The dialog that says what setting Cutsmith up will fetch, asks, and shows how far it has come."""

from __future__ import annotations

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("GimpUi", "3.0")
from gi.repository import GimpUi, Gtk, Pango  # noqa: E402 - only after the versions have been requested

from .set_up_process import Plan, SetUp  # noqa: E402

_BORDER = 12
_LETTERS = 60
_PROGRAM = "cutsmith"


class _Stopped(Exception):
    """The user does not want to go on."""


def ask_and_set_up(installer: SetUp, *, repairs: bool) -> str | None:
    """Ask, and set up; -> a sentence on the trial, or None if the user did not want to. Raises CutFailed.

    With `repairs`, what is complete is made again.
    """
    plan = installer.plan()
    repairs = repairs and plan.is_there
    GimpUi.init(_PROGRAM)
    dialog = GimpUi.Dialog(title="Repair Cutsmith" if repairs else "Set Up Cutsmith", role=_PROGRAM)
    dialog.add_button("_Cancel", Gtk.ResponseType.CANCEL)
    go = dialog.add_button("_Repair" if repairs else "_Set Up", Gtk.ResponseType.OK)
    dialog.set_default_response(Gtk.ResponseType.OK)
    dialog.set_resizable(False)
    room = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=_BORDER, border_width=_BORDER)
    dialog.get_content_area().pack_start(room, True, True, 0)
    label = Gtk.Label(
        label=_words_of(plan, repairs), wrap=True, xalign=0.0, width_chars=_LETTERS, max_width_chars=_LETTERS
    )
    bar = Gtk.ProgressBar(show_text=True, ellipsize=Pango.EllipsizeMode.MIDDLE, no_show_all=True)
    for each in (label, bar):
        room.pack_start(each, False, False, 0)
    room.show_all()
    try:
        if dialog.run() != Gtk.ResponseType.OK:
            return None
        go.hide()
        bar.set_text("Getting ready…")
        bar.show()
        return _followed(installer, dialog, bar, anew=repairs)
    finally:
        dialog.destroy()


def _followed(installer: SetUp, dialog: Gtk.Dialog, bar: Gtk.ProgressBar, *, anew: bool) -> str | None:
    """Set up while the dialog lives."""
    answers: list[int] = []
    dialog.connect("response", lambda _, answer: answers.append(answer))
    # The window's own close button asks, too; the dialog is there until the installer has ended.
    dialog.connect("delete-event", lambda *_: True)

    def report(text: str, share: float) -> None:
        if text:
            bar.set_text(text)
        bar.set_fraction(share)
        while Gtk.events_pending():
            Gtk.main_iteration()
        if answers:
            raise _Stopped

    try:
        return installer.run(report, anew=anew)
    except _Stopped:
        return None


def _words_of(plan: Plan, repairs: bool) -> str:
    """What will be fetched and where it goes, in a photographer's words."""
    fetched = f"at most {plan.download} MB of programs and the model's {plan.weights} MB, less what is here already"
    if repairs:
        return (
            "Cutsmith is set up. If it does not work, Repair removes its programs and fetches them again over the "
            f"internet: {fetched}. This takes a few minutes. Your pictures and settings stay as they are."
        )
    if plan.is_there:
        return (
            "Cutsmith's programs do not belong to this version of it. Setting them up again fetches what is new over "
            f"the internet: {fetched}. This takes a few minutes."
        )
    return (
        "Cutsmith's programs are not on this computer yet. Setting them up fetches them over the internet: "
        f"{fetched}. They take {plan.disk + plan.weights} MB on the disk:\n{plan.environment}\n\n"
        "This happens once and takes a few minutes. You can go on working meanwhile, and cancel at any time. Your "
        "pictures never leave this computer."
    )
