"""Interrupt work that cannot stop, and begin other work: what is told, and in which order both run."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from typing import Any

arguments = json.loads(sys.argv[1])
sys.argv = ["main.py", "--cpu"]
sys.path.insert(0, arguments["tree"])
import comfy.options  # noqa: E402

comfy.options.enable_args_parsing()
import app.logger  # noqa: E402

app.logger.setup_logger(log_level="INFO", use_stdout=True)
import comfy.model_management as management  # noqa: E402
import nodes  # noqa: E402

asyncio.run(nodes.load_custom_node(arguments["pack"]))
nodes.NODE_CLASS_MAPPINGS["CutsmithRembgCut"].execute  # noqa: B018 - the nodes' modules are there
(running,) = (module for name, module in sys.modules.items() if name.endswith(".comfyui_nodes.running"))
order: list[str] = []
heard: list[bool] = []


def stubborn(_: int, turn: Any) -> None:
    """Work that does not look up for five seconds."""
    time.sleep(5)
    heard.append(turn.cancelled())
    order.append("first")


threading.Timer(0.5, management.interrupt_current_processing).start()
start = time.perf_counter()
try:
    running.for_each([1], stubborn, lambda result: None)
except management.InterruptProcessingException:
    seconds = time.perf_counter() - start
running.for_each([1], lambda _, turn: order.append("second"), lambda result: None)
answer = {"seconds": seconds, "order": order, "cancelled_is_heard": heard == [True]}
sys.stdout.write("\n" + json.dumps(answer) + "\n")
