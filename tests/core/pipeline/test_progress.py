"""Progress within a stage reaches the caller."""

from cutsmith.pipeline.stages import Run


def test_progress_names_the_stage_that_runs():
    told = []
    run = Run(on_progress=lambda stage, share: told.append((stage, share)))
    with run.stage("mask"):
        run.progress(0.5)
    with run.fork().stage("matting"):
        pass
    with run.stage("matting"):
        run.progress(1)
    assert told == [("mask", 0.5), ("matting", 1)]


def test_nobody_has_to_listen():
    run = Run()
    with run.stage("matting"):
        run.progress(0.5)
