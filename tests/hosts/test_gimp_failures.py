"""What goes wrong in the genuine GIMP is told in words to act on, and changes nothing."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from cutsmith.worker import client, session
from installer.gimp.config import Config
from tests.hosts.gimp_host import COMMAND, CUT_OUT, CUT_OUT_SELECTION, LAYER, REFINE_MASK, GimpHost

pytestmark = [pytest.mark.slow, pytest.mark.weights]

OFF = {"edge": "off"}


def test_a_request_that_cannot_be_met_is_told_and_changes_nothing(gimp: GimpHost, pictures: Path) -> None:
    before, *said, after = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("add_channel", "spare"),
        ("small_layer", "tiny", 2, 2),
        ("resize_canvas", 600, 400, 0, 0),
        ("state",),
        ("call", CUT_OUT, {"edge": "hairr"}, [LAYER]),
        ("call", CUT_OUT, {"result": "mask"}, [LAYER]),
        ("call", CUT_OUT, {"what": "words", "prompt": "  "}, [LAYER]),
        ("call", CUT_OUT, {"what": "words", "prompt": "cat"}, [LAYER]),
        ("call", CUT_OUT, {"what": "words", "prompt": "猫"}, [LAYER]),
        ("call", CUT_OUT_SELECTION, {}, [LAYER]),
        ("call", CUT_OUT, {"model": "none"}, [LAYER]),
        ("call", CUT_OUT, {"model": "no-such-model"}, [LAYER]),
        ("call", CUT_OUT, {}, ["channel:spare"]),
        ("call", CUT_OUT, {}, []),
        ("call", REFINE_MASK, {}, [LAYER]),
        ("call", CUT_OUT, OFF, [LAYER, "tiny"]),
        ("state",),
    )
    expected = [
        'edge must be one of hair, hard, off, but got "hairr".',
        'result must be one of layer-mask, new-layer, cleaned-layer, selection, channel, but got "mask".',
        "There are no words to look for.",
        "models fetch grounding-dino-tiny",
        "The phrase '猫' has '猫', which is not a Latin letter",
        "Nothing is selected.\n\nSelect the object roughly first",
        'The model "none" is for selections only.',
        "no-such-model",
        '"spare" is a channel.',
        "No layer is selected.",
        f'The layer "{LAYER}" has no mask.',
        'The layer "tiny" must have at least 4 pixels on each side, but is 2 x 2 pixels.',
    ]
    for told, words in zip(said, expected, strict=True):
        assert words in told
    # A command can be typed as it stands: cutsmith need not be on the path.
    assert f"{shlex.join(COMMAND)} models fetch grounding-dino-tiny" in said[3]
    assert not any(" --" in told for told in said), "no options of the command line"
    assert after == before


def test_a_selection_beside_the_layer_and_one_that_floats_are_told(gimp: GimpHost, pictures: Path) -> None:
    beside, indexed, floating = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("resize_canvas", 600, 400, 0, 0),
        ("select", 500, 10, 50, 50),
        ("call", CUT_OUT_SELECTION, {}),
        ("load", str(pictures / "cat.png")),
        ("indexed", 16),
        ("call", CUT_OUT, {"result": "cleaned-layer"}),
        ("load", str(pictures / "cat.png")),
        ("select", 50, 10, 50, 50),
        ("float_selection", LAYER),
        ("call", CUT_OUT, OFF, [LAYER]),
    )
    assert f'The selection lies outside the layer "{LAYER}".' in beside
    assert "Image > Mode > RGB" in indexed
    assert "Layer > Anchor Floating Selection" in floating


def test_nothing_found_is_told_with_the_best_probability_and_what_to_do(gimp: GimpHost, pictures: Path) -> None:
    before, said, after = gimp.run(
        ("load", str(pictures / "plain.png")), ("state",), ("call", CUT_OUT, OFF), ("state",)
    )
    assert "Nothing was found in the picture: the best probability must be 0.5 or more, but is 0." in said
    assert "Select it roughly, name it in words, or choose another model." in said
    assert after == before


def told(gimp: GimpHost, pictures: Path) -> str:
    """What GIMP says when the main subject is to be cut out; the image stays as it was."""
    before, said, after = gimp.run(("load", str(pictures / "cat.png")), ("state",), ("call", CUT_OUT, OFF), ("state",))
    assert after == before
    return said


@pytest.fixture
def put(gimp: GimpHost):
    """Puts the plug-in there with another config.json, for the time of a test."""
    folder = gimp.profile.place

    def write(text: str | None) -> None:
        path = folder / "config.json"
        path.unlink() if text is None else path.write_text(text, encoding="utf-8")

    yield write
    write(gimp.config.text)


@pytest.fixture
def other(gimp: GimpHost, put, tmp_path: Path):
    """Puts a config there whose worker is met elsewhere; -> the folder. Such a worker ends with the test."""
    folder = gimp.home / "other"

    def write(config: Config) -> Path:
        environment = {**config.environment, "CUTSMITH_CACHE": str(folder)}
        put(replace(config, environment=environment).text)
        return folder / "worker"

    yield write
    try:
        with client.connect(folder=folder / "worker") as connected:
            connected.run("stop")
    except session.WorkerNotRunning:
        pass


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "Cutsmith's engine is not installed for GIMP"),
        ('{"format": 1, "comm', "cannot be read"),
        (
            '{"format": 2, "command": ["python"], "version": "0.1.0"}',
            "is damaged, or belongs to another version of Cutsmith",
        ),
        (
            '{"format": 1, "command": "python", "version": "0.1.0"}',
            "is damaged, or belongs to another version of Cutsmith",
        ),
    ],
)
def test_a_plug_in_without_its_config_names_the_command_that_mends_it(
    gimp: GimpHost, pictures: Path, put, text: str | None, words: str
) -> None:
    put(text)
    said = told(gimp, pictures)
    assert words in said
    assert "python3 install.py gimp" in said


def test_an_interpreter_that_is_gone_or_has_no_cutsmith_is_told(gimp: GimpHost, pictures: Path, other) -> None:
    other(replace(gimp.config, command=("/nowhere/bin/python", "-m", "cutsmith")))
    said = told(gimp, pictures)
    assert "/nowhere/bin/python does not exist" in said
    assert gimp.config.install in said
    # The Python of GIMP itself, which has no Cutsmith.
    config = replace(gimp.config, command=("/usr/bin/python3", "-I", "-m", "cutsmith"))
    other(config)
    said = told(gimp, pictures)
    assert "Cutsmith's engine did not start." in said
    assert "No module named cutsmith" in said
    assert gimp.config.install in said


def test_an_engine_of_another_version_is_told(gimp: GimpHost, pictures: Path, other) -> None:
    other(replace(gimp.config, version="0.0.9"))
    said = told(gimp, pictures)
    assert "The plug-in and the engine do not match:" in said
    assert "0.0.9" in said
    assert gimp.config.install in said


def test_missing_weights_are_told_with_the_command_that_fetches_them(gimp: GimpHost, pictures: Path, other) -> None:
    empty = gimp.home / "no weights"
    empty.mkdir()
    folders = {"CUTSMITH_MODELS": str(empty), "XDG_DATA_HOME": str(empty), "HOME": str(empty)}
    other(replace(gimp.config, environment={**gimp.config.environment, **folders}))
    said = told(gimp, pictures)
    assert "The weights of isnet-general-use are not on this machine" in said
    assert f"{shlex.join(COMMAND)} models fetch isnet-general-use" in said


# The worker hands its jobs to a process of their own, which has the fault.
FAULTY = """
import sys
from cutsmith.cli import main
from cutsmith.worker import job_process

JOBS = '''
import os, signal, time
from cutsmith.serving import jobs
from cutsmith.worker.job_process import main

def fail(asked, report, cancelled):
    report("mask", 0.5)
    {fault}

jobs._JOBS["cut"] = fail
main()
'''
job_process.COMMAND = (sys.executable, "-c", JOBS)
main()
"""


def faulty(gimp: GimpHost, fault: str) -> Config:
    """A worker with a fault of its own."""
    script = gimp.home / "faulty.py"
    script.write_text(FAULTY.format(fault=fault), encoding="utf-8")
    return replace(gimp.config, command=(*COMMAND[:3], str(script)))


def test_a_crash_in_the_worker_is_told_with_the_logs_place(gimp: GimpHost, pictures: Path, other) -> None:
    other(faulty(gimp, 'raise ZeroDivisionError("by nought")'))
    said = told(gimp, pictures)
    assert "ZeroDivisionError: by nought" in said
    log = Path(said.rpartition("The details are in ")[2].strip())
    assert "Traceback" in log.read_text(encoding="utf-8")


def test_a_worker_that_is_killed_in_the_midst_of_it_is_told_and_the_next_call_starts_another(
    gimp: GimpHost, pictures: Path, other, put
) -> None:
    folder = other(faulty(gimp, "os.kill(os.getppid(), signal.SIGKILL); time.sleep(9)"))
    said = told(gimp, pictures)
    assert "stopped unexpectedly, possibly out of memory" in said
    assert "Try again: the engine will be restarted." in said
    assert folder.is_dir()
    config = json.loads(gimp.config.text)
    config["environment"]["CUTSMITH_CACHE"] = str(folder.parent)
    put(json.dumps(config))
    assert gimp.run(("load", str(pictures / "cat.png")), ("call", CUT_OUT, OFF)) == [""]
