"""How the plug-in words the engine's errors and warnings: fields of the dialog for options, and commands whole.

Made of what the worker tells of them as data (`CutsmithError.to_json`, docs/worker-protocol.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .installation import Installation
from .settings import EDGES, HAIR, OFF, OWN_MASK, POINTS, SELECTION, WORDS, Settings

# What the engine calls its options, and what the dialog calls the fields that set them.
FIELDS = {
    "text": "Words",
    "box_threshold": "Certainty",
    "text_threshold": "Certainty",
    "model": "Model",
    "segmenter": "Model",
    "detector": "Model",
    "matting": "Edge",
    "band": "Band",
    "harden": "Solid inside",
    "threshold": "Threshold",
}
# Options without a field, in words.
_IN_WORDS = {
    "box": "The box of the selection",
    "points": "The points in the selection",
    "mask": "The mask",
    "trimap": "The trimap",
    "image": "The layer",
    "device": "The device",
    "engine": "The engine",
    "max_pixels": "The number of pixels",
    "threads": "The number of threads",
    "objects": "The choice among the objects",
    "max_detections": "The number of objects",
    "mask_blur": "The blur of the mask",
    "mask_offset": "The offset of the mask",
    "foreground": "The way to clean the colors",
}
# Options whose field shows the value that the engine names.
_WITH_VALUE = ("matting", "band", "text", "box_threshold", "text_threshold", "harden", "threshold")
# Choices of Edge by the engine's names for them.
_EDGES = {"none": EDGES[OFF], "auto": EDGES[HAIR], "closed-form": EDGES[HAIR]}
_COMMANDS = ("fetch", "install_extra", "install_packages", "run")
_WHY_RUN = {("models", "list"): "All models", ("doctor",): "What is installed"}

# What to do about a failure whatever the engine advises: by what was looked for, and by its type.
_NOT_FOUND = {
    WORDS: "Try other words, or lower the certainty that is wanted.",
    SELECTION: "Select the object more closely, or choose another model.",
    POINTS: "Click on the middle of it, or draw a box around it.",
}
_NOT_FOUND_ELSE = "Select it roughly, name it in words, or choose another model."
_REMEDIES = {
    "BadPhrases": 'Say it in English, with commas between several things: "red mug, spoon".',
    "PictureTooSmall": "Choose a larger layer.",
    "DeviceOutOfMemory": "Close other programs that need memory, choose a smaller Model, or scale the layer down.",
    "BadBox": "Select the object roughly, inside the layer.",
    "BadPoint": "Select the object roughly, inside the layer.",
}
_OF_A_PROMPT = ("BadBox", "BadPoint")
# What to do beside what the engine would have set, in place of its own advice.
_ADVICE = {"PictureTooLarge": "Scale the layer down, or cut out a copy of a part of it."}


def what_of(told: Mapping[str, Any]) -> str:
    """What is wrong, the option as the field of the dialog. `told` is what the worker tells of an error."""
    option = str(told.get("option", ""))
    if not told.get("is_about_a_value"):
        return str(told.get("what", ""))
    field = FIELDS.get(option) or _IN_WORDS.get(option) or f"The {option.replace('_', ' ')}"
    found = f", but got {told['found']}" if told.get("found") else ""
    wanted = f"one of {', '.join(dict.fromkeys(_EDGES.values()))}" if option == "matting" else told.get("wanted", "")
    return f"{field} must be {wanted}{found}."


def remedy_of(told: Mapping[str, Any], settings: Settings, installation: Installation) -> str:
    """What to do about an error, a line for each way; "" where nothing is known.

    Args:
        told: what the worker tells of it.
        settings: what was asked for.
        installation: where the engine is: its command need not be on the path.
    """
    kind = told.get("type")
    if kind == "SubjectNotFound":
        return _NOT_FOUND.get(settings.what, _NOT_FOUND_ELSE)
    if kind in _OF_A_PROMPT and settings.what == POINTS:
        return _NOT_FOUND[POINTS]
    if kind in _REMEDIES:
        return _REMEDIES[kind]
    if "cures" not in told:
        # What the worker itself says, of a frame that it does not take.
        return str(told.get("remedy", ""))
    own = [_ADVICE[kind]] if kind in _ADVICE else []
    cures = [cure for cure in told["cures"] if not own or cure["action"] != "advise"]
    lines = [line for cure in cures for line in _lines(cure, settings, installation)]
    return "\n".join(dict.fromkeys([*lines, *own]))


def missing_of(told: Mapping[str, Any], installation: Installation) -> str:
    """What is missing and the command that brings it, for the dialog; without the folders that were looked in."""
    commands = [cure for cure in told.get("cures", ()) if cure["action"] in _COMMANDS]
    remedy = remedy_of({**told, "cures": commands} if commands else told, Settings(), installation)
    return f"{what_of(told)}\n{remedy}" if remedy else what_of(told)


def notice_of(told: Mapping[str, Any], settings: Settings, installation: Installation) -> str:
    """A warning: what is the case, and what can be done about it. The arguments are those of `remedy_of`."""
    lines = [line for cure in told["cures"] for line in _lines(cure, settings, installation)]
    return "\n".join([str(told["what"]), *lines])


def _lines(cure: Mapping[str, Any], settings: Settings, installation: Installation) -> list[str]:
    """What the user can do, in lines; none where neither GIMP nor a terminal beside it can do it."""
    text, action = str(cure.get("text", "")), cure["action"]
    names: Sequence[str] = cure.get("names", ())
    lead = f"{text}: " if text else ""
    cutsmith = installation.typed_command
    match action:
        case "advise":
            return [text] if text else []
        case "fetch":
            return [f"{lead or 'Fetch them: '}{cutsmith} {_fetching(cure)}"]
        case "install_extra":
            return ["Install that part, then try again:", f"{installation.install} --with {names[0]}"]
        case "install_packages":
            return [installation.set_up or f"Install what is missing, then try again:\n{installation.install}"]
        case "run":
            why = f"{_WHY_RUN[tuple(names)]}: " if not lead and tuple(names) in _WHY_RUN else lead
            return [f"{why}{cutsmith} {' '.join(map(_quoted, names))}"]
    option = str(cure.get("option", ""))
    done = _done_in_the_dialog(action, option, str(cure.get("value", "")))
    if not done or FIELDS.get(option, "") in _hidden(settings):
        return []
    # Where the value is not part of what is done, the engine's words for it would lead nowhere.
    return [f"{lead}{done}" if lead and option in _WITH_VALUE else f"{done[:1].upper()}{done[1:]}."]


def _fetching(cure: Mapping[str, Any]) -> str:
    """The arguments that fetch a model; rembg fetches its own models, before a cut."""
    name, accept = cure["names"][0], " --accept-licence" if cure.get("accepts_licence") else ""
    if name.startswith("rembg:"):
        return f"cut PICTURE --model {name} --yes{accept}"
    source = f" --from {_quoted(cure['value'])}" if cure.get("value") else ""
    return f"models fetch {name}{accept}{source}"


def _hidden(settings: Settings) -> set[str]:
    """The fields that the dialog does not show for what was asked for; "" stands for the selection."""
    if settings.what == OWN_MASK:
        return {"", *FIELDS.values()} - {"Band", "Solid inside"}
    return set() if settings.what == WORDS else {"Words", "Certainty"}


def _done_in_the_dialog(action: str, option: str, value: str) -> str:
    """What is done to a field, without a full stop: "choose Edge: As found"; "" where no field does it."""
    match action, option:
        case "set" | "give", "matting":
            return f"choose Edge: {_EDGES[value]}" if value in _EDGES else ""
        case "set" | "give", "band":
            inner, _, outer = value.partition(",")
            return f"set Band to {inner.strip()} px in the subject and {outer.strip()} px in the background"
        case "set" | "give", "text":
            words = value.strip('"')
            return f'type Words such as "{words}"'
        case "set" | "give", "box_threshold":
            return f"set Certainty to {value}"
        case "set" | "give", "model" | "segmenter" | "detector" | "engine":
            # The list shows titles, and only those of models that are here.
            return "choose another Model"
        case "set" | "give", "box" | "points" | "mask":
            return "select the object roughly"
        case "lower", "box_threshold" | "text_threshold":
            return "lower the Certainty"
        case "lower", "band":
            return "make the Band narrower"
        case "set" | "give", "harden" | "threshold":
            return f"set {FIELDS[option]} to {value}"
        case "leave_out", "harden":
            return f"set {FIELDS[option]} to 0"
        case "leave_out", "threshold":
            return "choose another Edge"
        case "leave_out", "model" | "segmenter" | "detector":
            return "choose Model: Best that is here"
    return ""


def _quoted(word: str) -> str:
    """`word` as a shell takes it for one word."""
    return f'"{word}"' if " " in word and '"' not in word else word
