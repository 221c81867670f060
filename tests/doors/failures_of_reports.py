"""A batch's manifest, its person's verdicts, and its export."""

from __future__ import annotations

from cutsmith.batch.manifest import MANIFEST, Manifest, ManifestWriter
from cutsmith.batch.manifest_rows import ResultRow
from tests.doors.catalogue import COMMAND_LINE, fails


@fails("A folder that holds no batch", doors=(COMMAND_LINE,))
def _(folder):
    Manifest(folder).require()


@fails("A manifest that is none", doors=(COMMAND_LINE,))
def _(folder):
    (folder / MANIFEST).write_text("name,price\n")
    Manifest(folder).latest()


@fails("Verdicts of another batch", doors=(COMMAND_LINE,))
def _(folder):
    from cutsmith.report.verdicts import apply_verdicts

    (_batch(folder) / "verdicts.json").write_text('{"kind": "cutsmith verdicts", "batch": "other", "verdicts": []}')
    apply_verdicts(folder, folder / "verdicts.json")


@fails("A file that holds no verdicts", doors=(COMMAND_LINE,))
def _(folder):
    from cutsmith.report.verdicts import apply_verdicts

    apply_verdicts(_batch(folder), folder / MANIFEST)


@fails("An export of nothing", doors=(COMMAND_LINE,))
def _(folder):
    from cutsmith.report.export import export

    export(_batch(folder), folder / "accepted.zip")


@fails("An export of results that are gone", doors=(COMMAND_LINE,))
def _(folder):
    from cutsmith.report.export import export

    export(_batch(folder), folder / "all.zip", which="all")


@fails("A review at a port that cannot be used", doors=(COMMAND_LINE,))
def _(folder):
    from cutsmith.report.server import ReviewServer

    ReviewServer(_batch(folder), 70000)


def _batch(folder):
    with ManifestWriter(folder) as writer:
        writer.append(ResultRow("a.jpg", "done", "a.png"))
    return folder
