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


def ask_and_set_up(installer: SetUp) -> str | None:
    """Ask, and set up; -> a sentence on the trial, or None if the user did not want to. Raises CutFailed."""
    plan = installer.plan()
    GimpUi.init(_PROGRAM)
    dialog = GimpUi.Dialog(title="Repair Cutsmith" if plan.is_there else "Set Up Cutsmith", role=_PROGRAM)
    dialog.add_button("_Cancel", Gtk.ResponseType.CANCEL)
    go = dialog.add_button("_Repair" if plan.is_there else "_Set Up", Gtk.ResponseType.OK)
    dialog.set_default_response(Gtk.ResponseType.OK)
    dialog.set_resizable(False)
    room = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=_BORDER, border_width=_BORDER)
    dialog.get_content_area().pack_start(room, True, True, 0)
    label = Gtk.Label(label=words_of(plan), wrap=True, xalign=0.0, width_chars=_LETTERS, max_width_chars=_LETTERS)
    bar = Gtk.ProgressBar(show_text=True, ellipsize=Pango.EllipsizeMode.MIDDLE, no_show_all=True)
    for each in (label, bar):
        room.pack_start(each, False, False, 0)
    room.show_all()
    try:
        if dialog.run() != Gtk.ResponseType.OK:
            return None
        go.set_sensitive(False)
        bar.set_text("Getting ready…")
        bar.show()
        return _followed(installer, dialog, bar, anew=plan.is_there)
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


def words_of(plan: Plan) -> str:
    """What will be fetched and where it goes, in a photographer's words."""
    fetched = f"{plan.download} MB of programs and the model's {plan.weights} MB"
    if plan.is_there:
        return (
            "Cutsmith is set up. If it does not work, Repair removes its programs and fetches them again: at most "
            f"{fetched}, less what is still here. This takes a few minutes. Your pictures and settings stay as they "
            "are."
        )
    return (
        "Cutsmith cuts out with a neural network, which runs on this computer: your pictures are sent nowhere. "
        f"It is not here yet. Setting it up fetches at most {fetched} over the internet. It takes "
        f"{plan.disk + plan.weights} MB on the disk, in\n{plan.environment}\n\nThis happens once and takes minutes. "
        "You can go on working with your pictures meanwhile, and cancel at any time."
    )
