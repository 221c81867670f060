"""A genuine ComfyUI server with the node pack, on 127.0.0.1, driven over HTTP and its websocket."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil
import requests
import websocket

from tests.hosts.host_programs import comfyui_python

START_SECONDS = 600  # ten seconds on an idle machine
RUN_SECONDS = 300
# The kind of ComfyUI's binary messages that carry a text.
_PROGRESS_TEXT = 3


class ComfyUIServer:
    """One server process. Its folders are under `folder`: input, output, temp, user, models, elsewhere.

    `elsewhere` is what extra_model_paths.yaml names, for the folder `sam2`.
    """

    def __init__(self, tree: Path, folder: Path) -> None:
        self.folder = folder
        for name in ("input", "output", "temp", "user", "models", "elsewhere"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        settings = folder / "user" / "default" / "comfy.settings.json"
        settings.parent.mkdir(exist_ok=True)
        # Else the page greets its first user with a window of templates.
        settings.write_text(json.dumps({"Comfy.TutorialCompleted": True}), encoding="utf-8")
        paths = folder / "extra_model_paths.yaml"
        paths.write_text(f"test:\n  base_path: {folder}\n  sam2: elsewhere\n", encoding="utf-8")
        self.port = _free_port()
        self.log = folder / "server.log"
        command = [
            str(comfyui_python(tree)),
            "main.py",
            "--cpu",
            *("--listen", "127.0.0.1", "--port", str(self.port)),
            *("--input-directory", str(folder / "input"), "--output-directory", str(folder / "output")),
            *("--temp-directory", str(folder), "--user-directory", str(folder / "user")),
            *("--models-directory", str(folder / "models"), "--extra-model-paths-config", str(paths)),
            *("--database-url", "sqlite:///:memory:", "--disable-api-nodes", "--disable-auto-launch"),
        ]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, cwd=tree, stdout=log, stderr=subprocess.STDOUT)
        self._wait_until_ready()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str) -> Any:
        """The JSON that a GET gives."""
        answer = requests.get(f"{self.address}{path}", timeout=60)
        answer.raise_for_status()
        return answer.json()

    def post_prompt(self, prompt: dict[str, Any], client: str = "") -> requests.Response:
        """Queue a workflow in API format."""
        body = {"prompt": prompt, **({"client_id": client} if client else {})}
        return requests.post(f"{self.address}/prompt", json=body, timeout=60)

    def free(self) -> None:
        """What the user's button "Unload models" does; the server heeds it between two workflows."""
        requests.post(f"{self.address}/free", json={"unload_models": True}, timeout=60).raise_for_status()

    def cpu_seconds(self) -> float:
        """The seconds that processors have worked for the server; other programs do not count."""
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)

    def memory(self) -> int:
        """The bytes of memory that the server holds."""
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def interrupt(self) -> None:
        """What the user's cancel button does."""
        requests.post(f"{self.address}/interrupt", timeout=60).raise_for_status()

    @contextmanager
    def messages(self) -> Iterator[tuple[str, websocket.WebSocket]]:
        """(client id, websocket) whose messages are those of this client's prompts."""
        client = uuid.uuid4().hex
        connection = websocket.create_connection(
            f"ws://127.0.0.1:{self.port}/ws?clientId={client}", timeout=RUN_SECONDS
        )
        with closing(connection):
            yield client, connection

    def run(self, prompt: dict[str, Any], *, interrupt_after: int | None = None) -> Run:
        """Run a workflow to its end; with `interrupt_after`, interrupt at that many progress steps of one node."""
        with self.messages() as (client, connection):
            answer = self.post_prompt(prompt, client)
            assert answer.status_code == 200, answer.text
            run = Run(answer.json()["prompt_id"])
            while not run.is_over:
                received = connection.recv()
                if isinstance(received, bytes):
                    run.note_text(received)
                    continue
                run.note(json.loads(received))
                if interrupt_after is not None and run.interrupted_at is None and run.steps >= interrupt_after:
                    run.interrupted_at = time.perf_counter()
                    self.interrupt()
        run.outputs = self.outputs(run.prompt_id)
        return run

    def outputs(self, prompt_id: str) -> dict[str, Any]:
        """What the outputs of a workflow that is over tell; the history has it a moment after the last message."""
        end = time.monotonic() + RUN_SECONDS
        while time.monotonic() < end:
            history = self.get(f"/history/{prompt_id}")
            if prompt_id in history:
                return dict(history[prompt_id]["outputs"])
            time.sleep(0.05)
        raise AssertionError(f"{prompt_id} does not end")

    def picture(self, saved: dict[str, str]) -> Path:
        """The file that an output tells of."""
        root = self.folder / {"output": "output", "temp": "temp"}[saved["type"]]
        return root / saved["subfolder"] / saved["filename"]

    def stop(self) -> None:
        """End the process that was started here."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(20)

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                requests.get(f"{self.address}/system_stats", timeout=2).raise_for_status()
                return
            except requests.RequestException:
                time.sleep(0.2)
        self.stop()
        raise AssertionError(f"ComfyUI did not start:\n{self.log.read_text(errors='replace')[-4000:]}")


class Run:
    """What happened while a workflow ran."""

    def __init__(self, prompt_id: str) -> None:
        self.prompt_id = prompt_id
        self.messages: list[dict[str, Any]] = []
        self.texts: list[tuple[str, str]] = []
        """(node, text) of the texts that nodes showed while they ran."""
        self.outputs: dict[str, Any] = {}
        self.ended = 0.0
        self.interrupted_at: float | None = None

    def note(self, message: dict[str, Any]) -> None:
        """Keep a message of this prompt."""
        if message.get("data", {}).get("prompt_id") == self.prompt_id:
            self.messages.append(message)
            self.ended = time.perf_counter()

    def note_text(self, message: bytes) -> None:
        """Keep a text that a node shows while it runs."""
        kind, length = struct.unpack(">II", message[:8])
        if kind == _PROGRESS_TEXT:
            self.texts.append((message[8 : 8 + length].decode(), message[8 + length :].decode()))

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """The data of the messages of one type."""
        return [message["data"] for message in self.messages if message["type"] == kind]

    @property
    def is_over(self) -> bool:
        """Whether it succeeded, failed or was interrupted."""
        ends = {"execution_success", "execution_error", "execution_interrupted"}
        return any(message["type"] in ends for message in self.messages)

    @property
    def steps(self) -> int:
        """The furthest step that a progress bar has told of."""
        return max((int(data["value"]) for data in self.of_type("progress")), default=0)

    @property
    def error(self) -> dict[str, Any] | None:
        """The execution_error, where there was one."""
        return next(iter(self.of_type("execution_error")), None)

    @property
    def cached(self) -> set[str]:
        """The nodes whose results were taken from an earlier run."""
        return {node for data in self.of_type("execution_cached") for node in data["nodes"]}


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
