"""Several processes that train one network, as torchrun starts them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.generated_products import write_products
from cutsmith.errors import NotInstalled
from cutsmith.finetuning.team import Team, find_team

ROOT = Path(__file__).parents[3]


def torchrun(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *arguments)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [str(each) for each in command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300
    )


@pytest.mark.parametrize("scheduled", [None, "4"])
def test_without_torchrun_a_process_is_a_team_of_one(monkeypatch: pytest.MonkeyPatch, scheduled: str | None) -> None:
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    if scheduled is not None:
        monkeypatch.setenv("WORLD_SIZE", scheduled)
    team = find_team("cpu")
    assert (team.number, team.size, team.is_first) == (0, 1, True)
    assert team.share([1, 2, 3]) == [1, 2, 3]
    assert team.summed(0.25) == 0.25
    assert team.as_first_says(True)


def test_one_process_does_not_import_accelerate() -> None:
    code = "import sys, cutsmith.finetuning.team as team; team.find_team('cpu'); assert 'accelerate' not in sys.modules"
    environment = {name: value for name, value in os.environ.items() if name != "TORCHELASTIC_RUN_ID"}
    assert subprocess.run([sys.executable, "-c", code], env=environment).returncode == 0


def test_several_processes_without_accelerate_are_told_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "one")
    monkeypatch.setattr("cutsmith.finetuning.team.find_spec", lambda _: None)
    with pytest.raises(NotInstalled, match=r"4 processes.*accelerate") as raised:
        find_team("cpu")
    assert raised.value.cures[0].names == ("accelerate",)


def test_what_is_shared_is_all_of_it() -> None:
    teams = [Team() for _ in range(3)]
    for number, team in enumerate(teams):
        team.number, team.size = number, 3
    assert sorted(each for team in teams for each in team.share(range(7))) == list(range(7))
    assert [team.is_first for team in teams] == [True, False, False]


@pytest.mark.alone
@pytest.mark.slow
@pytest.mark.torch
def test_two_processes_sum_their_gradients_and_keep_one_network(tiny_sam2: Path, tmp_path: Path) -> None:
    ended = torchrun("-m", "tests.core.finetuning.two_processes", tiny_sam2, tmp_path)
    assert ended.returncode == 0, ended.stderr[-3000:]


@pytest.mark.alone
@pytest.mark.slow
@pytest.mark.torch
def test_the_command_runs_in_two_processes_and_tells_its_outcome_once(tiny_sam2: Path, tmp_path: Path) -> None:
    write_products(tmp_path, products=8, pictures=2)
    ended = torchrun(
        "-m", "cutsmith", "finetune", tmp_path / "pictures", tmp_path / "masks", "-o", tmp_path / "tuned.pt",
        "--base", tiny_sam2, "--device", "cpu", "--epochs", "1", "--batch", "2", "--no-matting", "--keep",
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert "2 objects a step on cpu, in each of 2 processes" in ended.stderr
    assert ended.stderr.count("epoch   1") == 1
    assert ended.stdout.count("The tuned network") == 1
    assert (tmp_path / "tuned.pt").is_file()
    assert (tmp_path / "tuned.toml").is_file()
    assert not (tmp_path / "tuned.training").exists()
