"""How the nodes word the engine's errors and warnings: inputs for options, and commands for ComfyUI's own Python."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cutsmith.cures import Cure, advise
from cutsmith.errors import CutsmithError, Notice, must_be
from cutsmith.options import OPTIONS

from .click_points import EXAMPLE
from .engine_check import install_command
from .shell_commands import python_command

# What the engine calls its options, and what the nodes call their inputs.
INPUTS = {
    "model": "model",
    "segmenter": "model",
    "detector": "model",
    "text": "prompt",
    "box": "bboxes",
    "points": "positive_points",
    "mask": "mask",
    "trimap": "trimap",
    "box_threshold": "box_threshold",
    "text_threshold": "text_threshold",
    "max_detections": "max_detections",
    "matting": "matting",
    "matting_effort": "matting_effort",
    "looks": "looks",
    "background": "background_color",
    "device": "device",
    "engine": "engine",
    "foreground": "refine_foreground",
    "mask_blur": "mask_blur",
    "mask_offset": "mask_offset",
    "invert": "invert",
    "harden": "harden",
    "threshold": "threshold",
}
# Options that are two inputs, or none, in words.
_IN_WORDS = {
    "band": "The band (band_inner, band_outer)",
    "image": "The image",
    "max_pixels": "The number of pixels",
    "threads": "The number of threads",
    "objects": "The choice among the objects",
    "matting_memory": "The memory for matting",
    "matting_model": "The model for matting",
}
# Inputs that take less than the engine does, or something else.
_WANTED = {
    "background": "an opaque colour: #rrggbb, rgb(...), hsl(...) or a CSS colour name",
    "device": "auto or cpu",
    "foreground": "on or off",
}
# Values that an input takes, where these are few.
_TAKEN = {"device": ("auto", "cpu"), "matting": OPTIONS["matting"].choices}
# What helps in ComfyUI, where the option that the engine would change is no input of a node.
_INSTEAD = {
    "max_pixels": "Resize the image first.",
    "engine": "Choose another model, engine or device.",
}
_LOWERED = {
    "band": "lower band_inner and band_outer",
    "box_threshold": "lower box_threshold",
    "mask_blur": "lower mask_blur",
    "mask_offset": "lower mask_offset",
    "text_threshold": "lower text_threshold",
    "max_detections": "lower max_detections of Text Detect",
}
# Options whose example on the command line says little in ComfyUI.
_HOW_GIVEN = {
    "box": "connect the bboxes of Text Detect",
    "points": f"type positive_points, such as {EXAMPLE}",
    "mask": "connect a mask",
}
# Boxes that have nothing to do with the picture at hand.
_STOCK_EXAMPLES = ("40,60,300,420", "X0,Y0,X1,Y1")
_MODELS = ("model", "segmenter", "detector")
_SUBJECT_IN_BOX = ("subject-in-box", "subject in box (IS-Net)")
# What pip's extra leaves out: this package asks by name for an OpenCV that breaks the one that is there.
_BESIDE_THE_EXTRA = {"groundingdino": "groundingdino-py"}
_WHY_RUN = {("models", "list"): "All models", ("doctor",): "What is installed"}


@contextmanager
def in_the_nodes_words() -> Iterator[None]:
    """Let the engine's typed errors pass, reworded for people who see nodes and not a command line."""
    try:
        yield
    except CutsmithError as error:
        what, remedy = what_of(error), remedy_of(error)
        error.what, error.cures, error.is_about_a_value = what, (advise(remedy),) if remedy else (), False
        error.args = (what, remedy)
        raise


def what_of(error: CutsmithError) -> str:
    """What is wrong, the option as the node's input."""
    if not error.is_about_a_value:
        return error.what
    named = INPUTS.get(error.option) or _IN_WORDS.get(error.option) or f"The {error.option.replace('_', ' ')}"
    return must_be(named, _WANTED.get(error.option, error.wanted), error.found)


def remedy_of(error: CutsmithError) -> str:
    """How to mend it, a line a cure; "" where nothing is known that can be done in ComfyUI."""
    return "\n  ".join(dict.fromkeys(line for cure in error.cures for line in _lines(cure)))


def told_of(error: CutsmithError) -> str:
    """What is wrong and how to mend it, as ComfyUI shows it."""
    remedy = remedy_of(error)
    return f"{what_of(error)}\n  {remedy}" if remedy else what_of(error)


def warning_of(warning: str) -> str:
    """A warning on one line: what is the case, and what can be done about it."""
    if not isinstance(warning, Notice):
        return warning
    # Of a cure with several ways the first.
    return " ".join([warning.what, *(lines[0] for cure in warning.cures if (lines := _lines(cure)))])


def _lines(cure: Cure) -> list[str]:
    """What the user can do, in lines; none where it cannot be done in ComfyUI."""
    lead = f"{cure.text}: " if cure.text else ""
    match cure.action:
        case "advise":
            return cure.text.split("\n  ")
        case "fetch":
            return [f"{lead or 'Fetch them: '}{python_command('-m', 'cutsmith', *_fetching(cure))}"]
        case "install_extra":
            (extra,) = cure.names
            lines = [f"{lead}{python_command('-m', 'pip', 'install', f'cutsmith[{extra}]')}"]
            if extra in _BESIDE_THE_EXTRA:
                beside = python_command("-m", "pip", "install", "--no-deps", _BESIDE_THE_EXTRA[extra])
                lines.append(f"And then: {beside}")
            return [*lines, f"Or with Cutsmith's installer: {install_command('--with', extra)}"]
        case "install_packages":
            return [f"{lead}{python_command('-m', 'pip', 'install', *cure.names)}"]
        case "run":
            why = f"{_WHY_RUN[cure.names]}: " if not lead and cure.names in _WHY_RUN else lead
            return [f"{why}{python_command('-m', 'cutsmith', *cure.names)}"]
    done = _INSTEAD[cure.option] if cure.option in _INSTEAD else _done_to_an_input(cure)
    if done is None:
        return []
    if cure.option in _INSTEAD or not lead:
        return [f"{done[:1].upper()}{done[1:].removesuffix('.')}."]
    return [f"{lead}{done}"]


def _fetching(cure: Cure) -> list[str]:
    """The arguments that fetch a model into ComfyUI's folder; rembg fetches its own models, before a cut."""
    (name,) = cure.names
    accept = ["--accept-licence"] if cure.accepts_licence else []
    if name.startswith("rembg:"):
        return ["cut", "PICTURE", "--model", name, "--yes", *accept]
    from cutsmith.models.catalogue import find_entry

    from .model_folders import folder_of

    source = ["--from", cure.value] if cure.value else []
    return ["models", "fetch", name, "--into", str(folder_of(find_entry(name).kind)), *source, *accept]


def _done_to_an_input(cure: Cure) -> str | None:
    """What is done to a node's input, without a full stop: "set device to cpu"; None where there is no such input."""
    match cure.action:
        case "set":
            return _set(cure.option, cure.value)
        case "give":
            return _given(cure)
        case "leave_out":
            return _left_out(cure.option)
        case "lower":
            return _LOWERED.get(cure.option)
    return None


def _set(option: str, value: str) -> str | None:
    if option in _MODELS:
        return f'set model to "{choice}"' if (choice := _model_choice(value)) else None
    if option == "invert":
        return f"turn invert {'on' if value == 'True' else 'off'}"
    if option == "foreground":
        return f"turn refine_foreground {'off' if value == 'none' else 'on'}"
    if option == "background":
        return _background(value)
    values = _values(option, value)
    return f"set {' and '.join(f'{name} to {each}' for name, each in values.items())}" if values else None


def _given(cure: Cure) -> str | None:
    """What is given: the very value where the engine knows one, else how such a value comes to be."""
    is_example = not cure.text or cure.value in _STOCK_EXAMPLES
    if is_example and cure.option in _HOW_GIVEN:
        return _HOW_GIVEN[cure.option]
    if (values := _values(cure.option, cure.value)) and cure.text:
        return " and ".join(f"{name} {each}" for name, each in values.items())
    done = _set(cure.option, cure.value)
    return f"for example, {done}" if done and not cure.text else done


def _values(option: str, value: str) -> dict[str, str]:
    """The inputs that `option` is, each with its value in the form that it takes; none where there is no such input."""
    if option in _TAKEN:
        return {INPUTS[option]: value} if value in _TAKEN[option] else {}
    match option:
        case "band":
            inner, _, outer = value.partition(",")
            return {"band_inner": inner.strip(), "band_outer": outer.strip()}
        case "box":
            return {"bboxes": f"[{', '.join(part.strip() for part in value.split(','))}]"}
        case "points":
            return {"positive_points": EXAMPLE}
        case "text":
            return {"prompt": value if value[:1] == '"' else f'"{value}"'}
        case "max_detections":
            # Where there are too many boxes for SAM2 Mask, too.
            return {"max_detections of Text Detect": value}
        case "box_threshold" | "text_threshold" | "mask_blur" | "mask_offset" | "harden" | "threshold":
            return {INPUTS[option]: value}
    return {}


def _background(value: str) -> str | None:
    if value in ("none", "transparent"):
        return f"set background to {value}"
    # A picture, or the blurred original, the nodes do not take.
    from cutsmith.errors import BadColour
    from cutsmith.result.background import parse_colour

    try:
        parse_colour(value)
    except BadColour:
        return None
    return f"set background to color, and background_color to {value}"


def _left_out(option: str) -> str | None:
    if option in _MODELS:
        return "set model to its default"
    if option == "points":
        return "leave positive_points and negative_points empty"
    if option == "background":
        return "set background to transparent"
    if option == "device":
        return "set device to auto"
    if option == "invert":
        return "turn invert off"
    if option in ("harden", "threshold"):
        return f"set {option} to 0"
    return f"disconnect {INPUTS[option]}" if option in ("box", "mask", "trimap") else None


def _model_choice(value: str) -> str | None:
    """The name in a node's list for the engine's `value`; None where no list has it."""
    from cutsmith.models.catalogue import catalogue

    name, choice = _SUBJECT_IN_BOX
    return choice if value == name else value if value in catalogue() else None
