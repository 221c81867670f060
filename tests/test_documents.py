"""What the documents say is so: links lead somewhere, commands are understood, models and files exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from cutsmith.cli import cutsmith
from cutsmith.models.catalogue import catalogue
from installer.command_line import parser

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "benchmarks" / "README.md"])


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def anchors_of(path: Path) -> set[str]:
    """The anchors of a document's headings, as the usual renderers make them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files_and_headings_that_exist(document) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (document.parent / name).resolve() if name else document
        assert target.exists(), link
        assert not anchor or anchor in anchors_of(target), link


def commands_in(name: str, program: str) -> list[list[str]]:
    """The arguments of each line in a document's blocks that runs `program`, without pipes and redirections."""
    lines = re.findall(rf"^    (?:cat \S+ \| )?{re.escape(program)} (.+)$", text_of(name), re.MULTILINE)
    return [shlex.split(line.partition(" > ")[0], comments=True) for line in lines]


def understand(arguments: list[str]) -> None:
    """Parse a command of `cutsmith` down to its last option, without running it."""
    command: click.Command = cutsmith
    while isinstance(command, click.Group):
        if command.invoke_without_command and (not arguments or arguments[0].startswith("-")):
            break  # a group that is a command itself, such as `serve`
        name, *arguments = arguments
        found = command.get_command(click.Context(command), name)
        assert found is not None, name
        command = found
    command.make_context(command.name, arguments)


@pytest.mark.parametrize(
    "document", ["README.md", "docs/models.md", "docs/comfyui.md", "docs/gimp.md", "docs/service.md"]
)
def test_every_command_that_is_shown_is_one_that_cutsmith_understands(document) -> None:
    for arguments in commands_in(document, "cutsmith"):
        understand(arguments)


def test_readme_shows_commands_of_every_kind() -> None:
    shown = {arguments[0] for arguments in commands_in("README.md", "cutsmith")}
    assert shown == {"batch", "cut", "models", "review", "serve"}
    with pytest.raises(click.UsageError):
        understand(["cut", "photo.jpg", "--no-such-option"])


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "docs/comfyui.md", "docs/gimp.md"])
def test_every_command_of_install_py_that_is_shown_is_understood(document) -> None:
    shown = commands_in(document, "python3 install.py")
    assert shown
    for arguments in shown:
        parser().parse_args(arguments)


def test_every_model_of_the_catalogue_is_in_the_table() -> None:
    table = "\n".join(line for line in text_of("docs/models.md").splitlines() if line.startswith("|"))
    assert [name for name in catalogue() if f"`{name}`" not in table] == []


def lists_of_files() -> dict[str, list[str]]:
    """CONTRIBUTING's headings "Add ...", each with the files of its list; capitals stand for a name to choose."""
    sections = re.split(r"^## ", text_of("CONTRIBUTING.md"), flags=re.MULTILINE)[1:]
    return {
        section.partition("\n")[0]: re.findall(r"^- `([^`]+)`:", section, re.MULTILINE)
        for section in sections
        if section.startswith("Add ")
    }


def test_contributing_lists_files_that_exist() -> None:
    lists = lists_of_files()
    assert len(lists) == 5
    for heading, files in lists.items():
        assert files, heading
        for name in files:
            path = ROOT / name
            assert (path.parent if re.search(r"[A-Z]{4}", path.name) else path).exists(), f"{heading}: {name}"
