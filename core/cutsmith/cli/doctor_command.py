"""`cutsmith doctor`: what is installed, which engine runs the models and why, and what to do."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

from cutsmith.cli.json_output import echo_json
from cutsmith.cli.telling import remedy_of, warning_of, what_of
from cutsmith.errors import CutsmithError, WeightsDamaged, WeightsMissing
from cutsmith.machine.files import is_file
from cutsmith.version import __version__

_PACKAGES = ("openvino", "onnxruntime", "onnxruntime-gpu", "onnxruntime-directml")
_EXTRAS = {
    "heic": "pi-heif",
    "jxl": "pylibjxl",
    "pymatting": "pymatting",
    "rembg": "rembg",
    "sam2": "sam2",
    "text": "transformers",
    "groundingdino": "groundingdino-py",
    "service": "starlette",
    "ray": "ray",
}
# Each pair installs the same import package: the one installed last overwrites files of the other.
_CLASHES = (
    ("opencv-python", "opencv-python-headless"),
    ("opencv-contrib-python", "opencv-python-headless"),
    ("onnxruntime", "onnxruntime-gpu"),
    ("onnxruntime", "onnxruntime-directml"),
)


@dataclass
class Diagnosis:
    """Everything the doctor found. `problems` prevent cutting out; `advice` would improve it."""

    cutsmith: str
    python: str
    system: str
    packages: dict[str, str] = field(default_factory=dict)
    extras: dict[str, str | None] = field(default_factory=dict)
    engine: str | None = None
    reason: str | None = None
    torch: str | None = None
    threads: int = 0
    cores: int = 0
    weights: dict[str, str] = field(default_factory=dict)
    finetuned: dict[str, str] = field(default_factory=dict)
    compiled_models: str = ""
    problems: list[str] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)


def diagnose() -> Diagnosis:
    """Look at this machine and interpreter. This downloads nothing, and the only model it runs has one node."""
    from cutsmith.machine.folders import compiled_folder
    from cutsmith.machine.threads import thread_count

    found = Diagnosis(
        cutsmith=__version__,
        python=f"{platform.python_version()} at {sys.executable}",
        system=f"{platform.system()} {platform.machine()}",
        threads=thread_count(),
        cores=os.cpu_count() or 1,
        compiled_models=str(compiled_folder()),
    )
    found.packages = {name: found_version for name in _PACKAGES if (found_version := _version(name))}
    found.extras = {extra: _version(name) for extra, name in _EXTRAS.items()}
    _look_at_engines(found)
    _look_at_torch(found)
    _look_at_weights(found)
    _look_at_own_checkpoints(found)
    for one, other in _CLASHES:
        if _version(one) and _version(other):
            found.advice.append(f"{one} and {other} are both installed and overwrite each other: pip uninstall {one}")
    return found


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _look_at_engines(found: Diagnosis) -> None:
    """Try the engines on a one-node network, in the same order and through the same path as `cut`."""
    from cutsmith.engines.presence import look
    from cutsmith.engines.quiet_import import import_onnxruntime
    from cutsmith.engines.trial import try_engines

    present = look()
    try:
        opened = try_engines(present)
    except CutsmithError as error:
        found.problems.append(f"{what_of(error)} {remedy_of(error)}")
        return
    found.engine, found.reason = opened.engine.name, opened.choice.reason
    if opened.choice.engine == "onnxruntime":
        found.reason += f"; providers: {', '.join(import_onnxruntime().get_available_providers())}"
    found.advice.extend(map(warning_of, opened.warnings))
    if not present.openvino:
        found.advice.append("OpenVINO runs the default model in half the time on most processors: pip install openvino")


def _look_at_torch(found: Diagnosis) -> None:
    """Find out where SAM 2 and Grounding DINO would run. It is not a problem if PyTorch is not installed."""
    number = _version("torch")
    if number is None:
        return
    from cutsmith.engines.torch_device import choose_device

    try:
        plan = choose_device()
    except (ImportError, OSError) as error:
        # A broken installation: one of its libraries is missing, or is for another system.
        found.advice.append(f"torch {number} is installed but does not start: {error}")
        return
    found.torch = f"{number} on {plan.device}: {plan.reason}"


def _look_at_weights(found: Diagnosis) -> None:
    """Check every model on this machine. It is a problem only if no default model can be used."""
    from cutsmith.models.catalogue import DEFAULT_MODELS, catalogue
    from cutsmith.models.store import Store

    store, refused = Store(), {}
    for entry in catalogue().values():
        located = store.find(entry)
        if located is None:
            continue
        found.weights[entry.name] = str(located.path)
        try:
            found.weights[entry.name] = str(store.require(entry))
        except (WeightsDamaged, WeightsMissing) as error:
            refused[entry.name] = f"{what_of(error)} {remedy_of(error)}"
    here = [name for name in DEFAULT_MODELS if name in found.weights]
    if not here:
        found.problems.append(f"The default model is not on this machine: cutsmith models fetch {DEFAULT_MODELS[0]}")
    stopped = here if all(name in refused for name in here) else []
    for name, told in refused.items():
        (found.problems if name in stopped else found.advice).append(told)


def _look_at_own_checkpoints(found: Diagnosis) -> None:
    """Networks that were tuned on the user's own pictures; one whose description is wrong cannot be used."""
    from cutsmith.cli.own_checkpoints import told_of
    from cutsmith.models.store import Store
    from cutsmith.segmentation.finetuned import own_checkpoints

    for own in own_checkpoints(Store()):
        if own.facts is None:
            found.advice.append(f"{own.name} cannot be used: {own.fault}")
        else:
            found.finetuned[own.name] = told_of(own)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Show what is installed, which engine runs the models and why, and what to do.

    The exit code is 0 if pictures can be cut out, and 3 if something is missing.
    """
    found = diagnose()
    if as_json:
        echo_json(asdict(found), indent=2)
    else:
        for line in _lines(found):
            click.echo(line)
    ctx.exit(3 if found.problems else 0)


def _lines(found: Diagnosis) -> Iterator[str]:
    packages = ", ".join(f"{name} {number}" for name, number in found.packages.items()) or "none"
    yield f"Cutsmith   {found.cutsmith}"
    yield f"Python     {found.python}"
    yield f"System     {found.system}"
    yield f"Engines    {packages}"
    if found.engine:
        yield f"Chosen     {found.engine}: {found.reason}"
    if found.torch:
        yield f"PyTorch    {found.torch}"
    yield f"Threads    {found.threads} of {found.cores} cores"
    for extra, number in found.extras.items():
        told = number or f'not installed: pip install "cutsmith[{extra}]"'
        yield f"{f'[{extra}]':15} {told}"
    for name, path in found.weights.items():
        yield f"Weights    {name}: {path}"
    if not found.weights:
        yield "Weights    none on this machine"
    for name, told in found.finetuned.items():
        yield f"Tuned      {name}: {told}"
    yield f"Compiled   {found.compiled_models} ({_size(Path(found.compiled_models)) / 1e6:.0f} MB, may be deleted)"
    yield ""
    for problem in found.problems:
        yield f"Problem:   {problem}"
    for advice in found.advice:
        yield f"Advice:    {advice}"
    if not found.problems:
        yield "Pictures can be cut out: cutsmith cut photo.jpg -o cut.png"


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if is_file(path))
