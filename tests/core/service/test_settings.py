"""What the operator decides, and how worker processes get it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cutsmith.errors import BadOption
from cutsmith.service.settings import ServiceSettings


def test_settings_survive_the_way_to_a_worker_process() -> None:
    settings = ServiceSettings(
        host="0.0.0.0",
        host_names=("a.example",),
        keys=Path("/keys.json"),
        folder=Path("/folder"),
        allow_webhooks=("b.example",),
        types={"person": "u2net"},
        runtime={"model": "x.onnx", "cascade": True},
        rate="3/minute",
    )
    assert ServiceSettings.from_json(settings.to_json()) == settings
    assert ServiceSettings.from_json("{}") == ServiceSettings()


@pytest.mark.parametrize("text", ["", "[1]", "{", '"x"'])
def test_what_are_no_settings_is_told(text) -> None:
    with pytest.raises(BadOption, match="CUTSMITH_SERVICE must hold the service's settings"):
        ServiceSettings.from_json(text)


@pytest.mark.parametrize(
    ("host", "is_own"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("127.9.9.9", True), ("0.0.0.0", False),
     ("192.168.1.4", False), ("::", False), ("example.org", False)],
)  # fmt: skip
def test_the_loopback_is_this_machine_alone(host, is_own) -> None:
    assert ServiceSettings(host=host).is_on_loopback is is_own
