"""The first run: ComfyUI's own page offers the models that a workflow lacks, and the lists mark them."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cutsmith.models.catalogue import find_entry
from tests.hosts.comfyui_page import comfyui_page
from tests.hosts.comfyui_server import ComfyUIServer
from tests.hosts.host_programs import comfyui_folder, comfyui_python
from tests.hosts.saved_workflows import NAMES, in_api_format, in_page_format, node_of

pytestmark = pytest.mark.slow

LOAD = "async graph => { await app.loadGraphData(graph); await new Promise(done => setTimeout(done, 2500)); }"
VALUES = "() => app.graph._nodes.map(node => node.widgets?.find(each => each.name === 'model')?.value ?? null)"
LABELS = """type => {
  const widget = app.graph._nodes.find(each => each.type === type).widgets.find(each => each.name === "model");
  const label = value => widget.options.getOptionLabel ? widget.options.getOptionLabel(value) : value;
  return Object.fromEntries([...widget.options.values, widget.value].map(value => [value, label(value)]));
}"""
SAMPLES = Path(__file__).resolve().parents[2] / "workflows" / "samples"
SAM2_FILE = "sam2.1_hiera_small.pt"


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComfyUIServer]:
    """A ComfyUI that has no weights at all, with the workflows' pictures."""
    folder = tmp_path_factory.mktemp("bare")
    shutil.copytree(SAMPLES, folder / "input")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CUTSMITH_MODELS", "U2NET_HOME", "REMBG_HOME"):
            patch.setenv(name, str(folder / "none"))
        patch.setenv("XDG_DATA_HOME", str(folder / "data"))
        server = ComfyUIServer(comfyui_folder(), folder)
    yield server
    server.stop()


def test_the_page_offers_every_model_that_a_workflow_lacks_and_drops_it_when_the_file_is_there(bare, artifacts) -> None:
    graph = in_page_format("by-words")
    with comfyui_page(bare.address) as page:
        page.evaluate(LOAD, graph)
        before = page.evaluate(VALUES)
        offered = {each["name"]: each for each in page.evaluate(MISSING)}
        assert set(offered) == {SAM2_FILE, "grounding-dino-tiny/model.safetensors"}
        assert offered[SAM2_FILE]["directory"] == "sam2"
        assert offered[SAM2_FILE]["url"] in find_entry("sam2.1-hiera-small").urls
        page.get_by_test_id("error-overlay-see-errors").click(timeout=60_000)
        page.get_by_test_id("missing-model-download").first.wait_for(timeout=30_000)
        assert page.get_by_test_id("missing-model-download").count() == 2
        assert page.get_by_text(SAM2_FILE).count()
        page.screenshot(path=artifacts / "comfyui-missing-models.png")
        labels = page.evaluate(LABELS, "CutsmithSAM2Mask")
        assert labels["sam2.1-hiera-small"] == "sam2.1-hiera-small (184 MB, not on disk)"
        assert labels[SAM2_FILE] == f"{SAM2_FILE} (184 MB, not on disk)"
        assert labels["default (best SAM 2 here)"] == "default (best SAM 2 here): none on disk"

        file = bare.folder / "models" / "sam2" / SAM2_FILE
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"as if it had been fetched")
        page.evaluate("async () => { await app.refreshComboInNodes(); }")
        labels = page.evaluate(LABELS, "CutsmithSAM2Mask")
        assert labels["sam2.1-hiera-small"] == "sam2.1-hiera-small"
        assert labels[SAM2_FILE] == SAM2_FILE
        assert page.evaluate(VALUES) == before, "what a workflow holds stays the same"
        page.evaluate(LOAD, graph)
        assert [each["name"] for each in page.evaluate(MISSING)] == ["grounding-dino-tiny/model.safetensors"]
        file.unlink()


MISSING = """() => {
  const store = document.querySelector("#vue-app").__vue_app__.config.globalProperties.$pinia._s.get("missingModel");
  return (store.missingModelCandidates ?? []).map(({name, url, directory}) => ({name, url, directory}));
}"""


@pytest.mark.parametrize("name", NAMES)
def test_each_node_that_loads_a_model_carries_the_address_of_its_file(bare, name) -> None:
    folders = bare.get("/internal/folder_paths")
    for node in in_page_format(name)["nodes"]:
        if node["type"] not in (
            "CutsmithRembgCut",
            "CutsmithTextDetect",
            "CutsmithSAM2Mask",
            "LoadBackgroundRemovalModel",
        ):
            continue
        chosen = [value for value in node["widgets_values"] if isinstance(value, str) and "." in value]
        models = node["properties"].get("models", [])
        if "subject in box (IS-Net)" in node["widgets_values"]:
            assert not models
            continue
        (model,) = models
        assert model["name"] in chosen
        assert model["directory"] in folders
        assert model["url"].startswith("https://")


def test_a_run_without_the_file_says_how_to_fetch_it_into_comfyuis_own_folder(bare) -> None:
    prompt = in_api_format("product-on-white")
    run = bare.run(prompt)
    told = run.error["exception_message"]
    assert run.error["node_id"] == node_of(prompt, "CutsmithRembgCut")
    assert "isnet-general-use" in told
    assert f"-m cutsmith models fetch isnet-general-use --into {bare.folder / 'models' / 'rembg'}" in told


def test_a_missing_birefnet_is_answered_with_comfyuis_own_file_first(bare) -> None:
    file = "background_removal/birefnet.safetensors"
    prompt = in_api_format("product-on-white", model="birefnet-general")
    what, first, second, *_ = bare.run(prompt).error["exception_message"].splitlines()
    assert "birefnet-general are not on this machine" in what
    assert "put its birefnet.safetensors into models/background_removal" in first
    assert "models fetch birefnet-general" in second
    (bare.folder / "models" / file).parent.mkdir(parents=True, exist_ok=True)
    (bare.folder / "models" / file).write_bytes(b"as if it had been fetched")
    told = bare.run(prompt).error["exception_message"]
    assert told.splitlines()[1].endswith(f'set model to "{file}", which is here.')
    (bare.folder / "models" / file).unlink()


@pytest.mark.parametrize(
    ("model", "is_known"),
    [
        ("default (IS-Net)", True),
        ("isnet-general-use", True),
        ("u2net", True),
        ("isnet-general-use.onnx", True),
        ("no-such-model.onnx", False),
    ],
)
def test_what_older_workflows_hold_is_still_accepted_and_nonsense_is_not(bare, model, is_known) -> None:
    prompt = in_api_format("product-on-white", model=model)
    answer = bare.post_prompt(prompt)
    assert (answer.status_code == 200) is is_known, answer.text
    if not is_known:
        assert "There is no model 'no-such-model.onnx' in ComfyUI's folder rembg" in answer.text


def test_the_command_line_runs_in_custom_nodes(comfyui_tree) -> None:
    command = [str(comfyui_python(comfyui_tree)), "-m", "cutsmith", "models", "where", "--json"]
    done = subprocess.run(command, cwd=comfyui_tree / "custom_nodes", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["folders"]


@pytest.mark.parametrize("name", NAMES)
def test_notes_are_readable_in_both_renderers(name) -> None:
    (note,) = (node for node in in_page_format(name)["nodes"] if node["type"] == "MarkdownNote")
    # Nodes 2.0 shows words in backquotes in a blue that is illegible on a note.
    assert "`" not in note["widgets_values"][0]
    assert len(note["widgets_values"][0]) < 600, "what fits in the note's size, as screenshots show"
