"""`cutsmith serve`: the engine over HTTP, with a page."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cutsmith.cli.request_options import OFFERED, Command, click_option
from cutsmith.cli.serve_keys_command import keys
from cutsmith.cures import give, install_extra, run, set_option
from cutsmith.errors import BadOption, ExtraMissing, WeightsMissing, shown
from cutsmith.service.settings import MOST_PIXELS

if TYPE_CHECKING:
    from cutsmith.service.settings import ServiceSettings

_PACKAGES = ("starlette", "uvicorn", "python_multipart", "prometheus_client", "limits")
_RAY = "ray"
_ENGINE = OFFERED["engine"]
_ENGINE_OR_RAY = _ENGINE._replace(
    choices=(*_ENGINE.choices, _RAY),
    help=f"{_ENGINE.help.removesuffix('.')}; ray serves with Ray Serve, and chooses as auto.",
)
# Which models run, on what and within which limits is the operator's choice.
_RUNTIME = {name: option for name, option in OFFERED.items() if option.part == "runtime"}
_INSTEAD = {"engine": _ENGINE_OR_RAY, "max_pixels": OFFERED["max_pixels"]._replace(default=MOST_PIXELS)}


def _runtime_options(command: Command) -> Command:
    """Add the options of `Runtime` to `command`."""
    for name, option in reversed(list(_RUNTIME.items())):
        command = click_option(_INSTEAD.get(name, option))(command)
    return command


@click.group(invoke_without_command=True)
@click.option("--host", default="127.0.0.1", metavar="ADDRESS",
              help="Where to listen. Any but this machine's own needs keys. [default: 127.0.0.1]")  # fmt: skip
@click.option("--port", type=click.IntRange(0, 65535), default=7007, metavar="N",
              help="0 takes any that is free. [default: 7007]")  # fmt: skip
@click.option("--host-name", "host_names", multiple=True, metavar="NAME",
              help="A further name by which clients may call the service. May be repeated.")  # fmt: skip
@click.option("--workers", type=click.IntRange(min=1), default=1, metavar="N",
              help="Processes; each loads its own models. [default: 1]")  # fmt: skip
@click.option("--at-once", type=click.IntRange(min=1), default=2, metavar="N",
              help="Pictures under way at a time, in each process. [default: 2]")  # fmt: skip
@click.option("--most-waiting", type=click.IntRange(min=0), default=32, metavar="N",
              help="Pictures that may wait before further ones are refused with 429. [default: 32]")  # fmt: skip
@click.option("--deadline", type=click.FloatRange(min=1), default=300.0, metavar="SECONDS",
              help="What a request may take, waiting included. [default: 300]")  # fmt: skip
@click.option("--max-bytes", type=click.IntRange(min=1), default=22_000_000, metavar="N",
              help="Refuse pictures whose files have more bytes than this. [default: 22000000]")  # fmt: skip
@click.option("--rate", default="", metavar="RATE",
              help='What one key, or one address, may ask for: "60/minute".')  # fmt: skip
@click.option("--require-key", is_flag=True, help="Ask for a key on this machine, too.")
@click.option("--keys", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="The file of keys. [default: this user's]")  # fmt: skip
@click.option("--behind-proxy", is_flag=True,
              help="Take clients' addresses from the X-Forwarded-For of a proxy on this machine.")  # fmt: skip
@click.option("--model-memory", type=click.IntRange(min=1), default=2000, metavar="MEGABYTES",
              help="Weights to keep open; models take one to four times as much. [default: 2000]")  # fmt: skip
@click.option("--allow-url", is_flag=True, help="Fetch pictures from public addresses that clients name.")
@click.option("--allow-webhook", "allow_webhooks", multiple=True, metavar="HOST",
              help="A host that a job may call when it is done. May be repeated.")  # fmt: skip
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
              help="Where jobs and sessions are kept. [default: this user's]")  # fmt: skip
@click.option("--improve-folder", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
              help="Keep what clients send to /v1.0/improve in this folder. [default: refuse it]")  # fmt: skip
@click.option("--type", "types", multiple=True, metavar="TYPE=MODEL",
              help="The model for a type of remove.bg's API, such as person=NAME. May be repeated.")  # fmt: skip
@_runtime_options
@click.option("--replicas", type=click.IntRange(min=1), metavar="N",
              help="With Ray: at most this many replicas of the service. [default: 2]")  # fmt: skip
@click.option("--ray-address", metavar="auto|HOST:PORT", help="With Ray: the cluster that serves.")
@click.option("-y", "--yes", is_flag=True, help="Download missing weights without asking.")
@click.option("--accept-licence", is_flag=True, help="Accept weights that may not be used commercially.")
@click.pass_context
def serve(ctx: click.Context, /, **options: Any) -> None:
    """Serve the engine over HTTP, with a page.

    \b
    cutsmith serve
    curl -F image=@photo.jpg http://127.0.0.1:7007/v1/cut -o cut.png
    curl -F image_file=@photo.jpg -F size=auto http://127.0.0.1:7007/v1.0/removebg -o cut.png

    The page is at the address that is printed. /v1.0 speaks remove.bg's API, /v1 has all that the engine can do, and
    nothing is sent anywhere else. Ctrl+C, or SIGTERM, ends it once what runs is done.
    """
    if ctx.invoked_subcommand is not None:
        return
    from cutsmith.service.server import address_of, listening_socket
    from cutsmith.service.server import serve as run_server

    require_service()
    settings = _settings(options)
    _require_safety(settings)
    _load_or_fetch(settings, options)
    if options["engine"] == _RAY:
        from cutsmith.service.on_ray import serve_on_ray

        serve_on_ray(settings, options["ray_address"], options["replicas"] or 2, click.echo)
        return
    listener = listening_socket(settings.host, settings.port)
    with contextlib.closing(listener):
        click.echo(address_of(listener))
        click.echo("Ctrl+C ends the service.", err=True)
        run_server(settings, listener, options["workers"])


serve.add_command(keys)


def require_service() -> None:
    """Raise ExtraMissing where the packages of the service are not installed."""
    from importlib.util import find_spec

    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise ExtraMissing(f"The service needs {', '.join(missing)}, which is not installed.", install_extra("service"))


def _settings(options: dict[str, Any]) -> ServiceSettings:
    """What the options say, checked.

    Raises:
        BadOption: a value is wrong.
    """
    from cutsmith.request import Request
    from cutsmith.service.settings import ServiceSettings

    engine = _ENGINE.default if options["engine"] == _RAY else options["engine"]
    chosen = {name: options[name] for name in _RUNTIME if name != "max_pixels"} | {"engine": engine}
    runtime = {name: value for name, value in chosen.items() if value != OFFERED[name].default}
    Request().updated({**runtime, "max_pixels": options["max_pixels"]}).checked()
    settings = ServiceSettings(
        host=options["host"],
        port=options["port"],
        host_names=options["host_names"],
        keys=options["keys"],
        rate=options["rate"],
        most_bytes=options["max_bytes"],
        max_pixels=options["max_pixels"],
        at_once=options["at_once"],
        most_waiting=options["most_waiting"],
        deadline=options["deadline"],
        behind_proxy=options["behind_proxy"],
        model_bytes=options["model_memory"] * 1_000_000,
        allow_url=options["allow_url"],
        allow_webhooks=options["allow_webhooks"],
        folder=options["folder"],
        improve_folder=options["improve_folder"],
        types=dict(_type_of(each) for each in options["types"]),
        runtime=runtime,
    )
    if settings.rate:
        from cutsmith.service.rate_limits import RateLimits

        RateLimits(settings.rate)
    return replace(settings, needs_key=options["require_key"] or not settings.is_on_loopback)


def _type_of(text: str) -> tuple[str, str]:
    kind, equals, model = text.partition("=")
    if not (kind.strip() and equals and model.strip()):
        raise BadOption(
            "", give("type", "person=birefnet-portrait"), option="type", found=shown(text), wanted="TYPE=MODEL"
        )
    return kind.strip(), model.strip()


def _require_safety(settings: ServiceSettings) -> None:
    """Refuse to be reached from other machines by anybody who likes.

    Raises:
        BadOption: keys are needed, and there are none.
    """
    if not settings.needs_key:
        return
    from cutsmith.service.keys import KeyRing

    if not KeyRing(settings.keys).names():
        where = "With this option" if settings.is_on_loopback else f"Other machines can reach {settings.host}, so"
        raise BadOption(
            f"{where} every request needs a key, and there is none yet.",
            run("serve", "keys", "add", "NAME", text="Make one"),
            set_option("host", "127.0.0.1", "To serve this machine alone"),
            option="host",
        )


def _load_or_fetch(settings: ServiceSettings, options: dict[str, Any]) -> None:
    """See that the operator's models are there before anybody asks, and fetch them if the user agrees."""
    from cutsmith.cli.cutting import Telling, fetch_missing
    from cutsmith.request import Request
    from cutsmith.service.chosen_models import check_models

    request = Request().updated(dict(settings.runtime))
    telling = Telling(
        fetch=options["yes"],
        accept_licence=options["accept_licence"],
        interactive=sys.stdin.isatty() and sys.stderr.isatty(),
    )
    try:
        check_models(request.runtime)
    except WeightsMissing as missing:
        fetch_missing(missing, request, telling)
        check_models(request.runtime)
