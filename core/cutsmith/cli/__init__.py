"""`cutsmith`: the command line. Commands are imported when they are called, so that --help stays quick."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from importlib import import_module

import click

from cutsmith.cli.standard_streams import prepare_standard_streams, refused_output
from cutsmith.cli.telling import print_error, print_warning
from cutsmith.errors import CutsmithError
from cutsmith.machine.files import may_exist
from cutsmith.version import __version__

_COMMANDS = {
    "cut": "cutsmith.cli.cut_command:cut",
    "models": "cutsmith.cli.models_command:models",
    "doctor": "cutsmith.cli.doctor_command:doctor",
    "worker": "cutsmith.cli.worker_command:worker",
}


class _LazyGroup(click.Group):
    """A group whose commands live in modules of their own."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names, in the order in which people need them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command `cmd_name`, imported now; None where there is none."""
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's own, but `cutsmith photo.jpg` is told about `cut`."""
        if args and args[0] not in _COMMANDS and may_exist(args[0]):
            ctx.fail(f"No such command {args[0]!r}. To cut that picture out: cutsmith cut {args[0]}")
        return super().resolve_command(ctx, args)


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="cutsmith")
def cutsmith() -> None:
    """Cut subjects out of pictures, with true alpha and clean edges.

    \b
    cutsmith cut photo.jpg -o cut.png
    cutsmith cut photos/*.jpg -o cut-outs/
    """


def main() -> None:
    """Run the command line and end the process with its exit code.

    0 done; 1 a picture failed; 2 wrong usage; 3 something is not installed; 4 nothing was found; 130 interrupted.
    """
    prepare_standard_streams()
    logging.getLogger("cutsmith").addHandler(_WarningTeller(logging.WARNING))
    code = _run()
    try:
        sys.stdout.flush()
    except OSError:
        # What could not be written now could not be written before, and was told then.
        code = code or 1
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    # Taking a compiled network apart takes 0.2 s, and a thread that still loads would be waited for.
    os._exit(code)


def _run() -> int:
    """Run the command and return its exit code; every foreseen error is told here."""
    try:
        # Commands end with ctx.exit(code), which click hands back here.
        code = cutsmith.main(standalone_mode=False)
    except CutsmithError as error:
        print_error(error)
        return error.exit_code
    except click.Abort:
        click.echo("cutsmith: interrupted; nothing is left half-written", err=True)
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:
        return 1
    except Exception as error:  # noqa: BLE001 - a fault of ours: shown whole, and the process ends as one that failed
        refused = refused_output(error)
        if refused is not None:
            print_error(refused)
            return refused.exit_code
        import traceback

        traceback.print_exc()
        return 1
    return code if isinstance(code, int) else 0


class _WarningTeller(logging.Handler):
    """Tells what the engine logs as a warning, in the words of the command line's own warnings."""

    def emit(self, record: logging.LogRecord) -> None:
        """Tell `record` on standard error."""
        print_warning(record.getMessage())
