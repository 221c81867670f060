"""Every name of ComfyUI that the pack uses exists in the genuine one: what a newer version takes away is found here."""

from __future__ import annotations

import pytest

from tests.hosts.host_programs import comfyui_python
from tests.hosts.host_symbols import missing_symbols, used_symbols

pytestmark = pytest.mark.slow


def test_the_names_are_read_from_the_source(tmp_path) -> None:
    (tmp_path / "node.py").write_text(
        "import comfy.utils\nimport comfy.model_management as management\n"
        "from comfy_api.latest import io\nimport json\n"
        "def run():\n    from folder_paths import models_dir\n"
        "    comfy.utils.ProgressBar(3).update(1)\n    management.free_memory(1, device=None)\n"
        "    io.Combo.Input('a', options=[json.loads('1')], advanced=True)\n"
    )
    assert used_symbols(tmp_path) == {
        "comfy.utils": set(),
        "comfy.utils.ProgressBar": set(),
        "comfy.model_management": set(),
        "comfy.model_management.free_memory": {"device"},
        "comfy_api.latest.io": set(),
        "comfy_api.latest.io.Combo": set(),
        "comfy_api.latest.io.Combo.Input": {"options", "advanced"},
        "folder_paths.models_dir": set(),
    }


def test_this_comfyui_has_every_name_that_the_pack_uses(comfyui_tree) -> None:
    used = used_symbols()
    assert len(used) > 40
    assert missing_symbols(comfyui_tree, comfyui_python(comfyui_tree), used) == []


def test_a_name_or_an_argument_that_is_gone_is_found(comfyui_tree) -> None:
    used = {
        "comfy.utils.ProgressBar": {"total"},
        "comfy.utils.NoSuchBar": set(),
        "comfy.no_such_module.thing": set(),
        "comfy_api.latest.io.Combo.Input": {"options", "no_such_argument"},
    }
    missing = missing_symbols(comfyui_tree, comfyui_python(comfyui_tree), used)
    assert [line.partition(":")[0] for line in missing] == [
        "comfy.no_such_module.thing",
        "comfy.utils.NoSuchBar",
        "comfy_api.latest.io.Combo.Input takes no no_such_argument",
    ]
