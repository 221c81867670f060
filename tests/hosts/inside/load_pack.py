"""Load the pack as ComfyUI does, without the modules that are named; tells which nodes there are and the time."""

from __future__ import annotations

import asyncio
import importlib.abc
import json
import sys
import time
from pathlib import Path

arguments = json.loads(sys.argv[1])
sys.argv = ["main.py", "--cpu"]
sys.path.insert(0, arguments["tree"])


class Missing(importlib.abc.MetaPathFinder):
    """Finds nothing of what shall be missing."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in arguments["missing"]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, Missing())
import comfy.options  # noqa: E402

comfy.options.enable_args_parsing()
import folder_paths  # noqa: E402
import nodes  # noqa: E402

before = set(sys.modules)


async def load() -> list[tuple[str, float]]:
    """Each pack, and its time as `init_external_custom_nodes` takes it."""
    times = []
    for folder in arguments["packs"]:
        start = time.perf_counter()
        await nodes.load_custom_node(folder)
        times.append((folder, time.perf_counter() - start))
    return times


times = asyncio.run(load())
answer = {
    "nodes": sorted(name for name in nodes.NODE_CLASS_MAPPINGS if name.startswith("Cutsmith")),
    "seconds": times[-1][1],
    "imported": sorted({name.partition(".")[0] for name in set(sys.modules) - before}),
    "sam2_folder": folder_paths.folder_names_and_paths.get("sam2", ([], []))[0],
    "pack": Path(arguments["packs"][-1]).name,
}
sys.stdout.write(json.dumps(answer) + "\n")
