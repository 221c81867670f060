"""What the engine warns of goes all the way to the worker's client: "found no solution" first of all."""

from __future__ import annotations

import numpy as np
import pytest

from tests.core.worker.conftest import Workers, received, sent, with_patched_jobs

# The real solver, which is not given the time to solve anything.
IMPATIENT = with_patched_jobs(
    "from cutsmith.matting.closed_form import solve\nsolve._DIRECT_PIXELS = 0\nsolve._MOST_ITERATIONS = 0\n"
)
# A removal model about which its loader has something to say.
NOTED = with_patched_jobs(
    "from dataclasses import replace\n"
    "from cutsmith.cures import set_option\n"
    "from cutsmith.errors import Notice\n"
    "from cutsmith.removal import loading\n"
    "load = loading.load_remover\n"
    "notice = Notice('The card is not used.', set_option('engine', 'auto', 'To choose the engine here'))\n"
    "loading.load_remover = lambda *given, **named: replace(load(*given, **named), warnings=(notice,))\n"
)


def soft_square() -> np.ndarray:
    mask = np.zeros((60, 80), np.uint8)
    mask[20:40, 20:60] = 128
    mask[25:35, 25:55] = 255
    return mask


@pytest.mark.parametrize("job", ["refine", "cut"])
def test_matting_without_a_solution_is_told_and_the_mask_stays(workers: Workers, network, pixels, job) -> None:
    mask = soft_square()
    options = {"matting": "closed-form"}
    with workers.connect(command=IMPATIENT) as session:
        if job == "refine":
            answer = session.run(job, {**options, "band": [4, 4]}, {"pixels": sent(pixels), "mask": sent(mask)})
        else:
            # What is unknown is told: where the stand-in sees an edge is by chance.
            arrays = {"pixels": sent(pixels), "trimap": sent(mask)}
            answer = session.run(job, {**options, "model": str(network)}, arrays)
    told = [each for each in answer.header["warnings"] if "found no solution" in each]
    assert told
    assert set(told) <= {each["what"] for each in answer.header["notices"]}
    assert received(answer.arrays["alpha"]).shape == mask.shape


def test_a_warning_about_a_model_is_told_at_each_job_that_uses_it(workers: Workers, network, pixels) -> None:
    with workers.connect(command=NOTED) as session:
        for _ in range(2):
            answer = session.run("cut", {"model": str(network)}, {"pixels": sent(pixels)})
            # The network is a stand-in, whose results are to be looked at, which is told too.
            notice = answer.header["notices"][0]
            assert notice["what"] == "The card is not used."
            assert notice["cures"][0]["option"] == "engine"
