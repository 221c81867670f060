"""The operator's models are looked for before anything is served."""

from __future__ import annotations

import pytest

from cutsmith.errors import UnknownModel
from cutsmith.models.store import Store
from cutsmith.options import Runtime
from cutsmith.service.chosen_models import check_models


@pytest.fixture
def network(tmp_path):
    path = tmp_path / "red.onnx"
    path.touch()
    return str(path)


def test_a_file_and_a_folder_of_the_operators_own_are_taken(tmp_path, network) -> None:
    """A detector may be a folder, as transformers saves it."""
    folder = tmp_path / "detector"
    folder.mkdir()
    check_models(Runtime(model=network, detector=str(folder), segmenter="subject-in-box"), Store())


@pytest.mark.parametrize("option", ["model", "detector", "segmenter"])
def test_a_name_that_is_neither_in_the_catalogue_nor_on_the_disk_is_refused(tmp_path, network, option) -> None:
    chosen = {"model": network, option: str(tmp_path / "absent")}
    with pytest.raises(UnknownModel):
        check_models(Runtime(**chosen), Store())
