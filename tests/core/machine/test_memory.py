"""The memory that may be taken is the container's, where it is less than the machine's."""

import psutil

from cutsmith.machine.memory import available_memory


def limits(folder, limit: str, used: int, cached: int):
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 5\ninactive_file {cached}\n")
    return folder


def test_without_a_limit_it_is_the_machines(tmp_path):
    machine = psutil.virtual_memory().available
    for folder in (tmp_path / "nothing", limits(tmp_path, "max", 10, 0)):
        assert abs(available_memory(folder) - machine) < 0.2 * machine + 2**28


def test_a_containers_limit_counts_less_what_is_used(tmp_path):
    assert available_memory(limits(tmp_path, "9000000", 5_000_000, 1_000_000)) == 5_000_000


def test_a_container_that_is_full_has_none(tmp_path):
    assert available_memory(limits(tmp_path, "1000", 5000, 0)) == 0
