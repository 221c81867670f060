"""The `cli` room: the command line. Each command is imported only when it is called, so that --help stays quick.

    standard_streams    makes standard input, output and error usable, and writes pictures to standard output
    cut_command         `cutsmith cut`: its options, and the checks before any work
    request_options     the options of `cut` that make up a request, built from their declarations
    output_options      the options of `cut` that say how results are written, built from theirs
    cutting             the loop of `cut` over its pictures
    outcome             prints the outcome for each picture, in words or as JSON
    progress            the progress bar for several pictures
    review_command      `cutsmith review` and `cutsmith report`: a batch's results, to look at and to decide about
    export_command      `cutsmith export`: a batch's results as a zip
    batch_command       `cutsmith batch`: its options; batch_loop works it off, batch_progress shows how far it is, and
                        batch_tally counts
    ending              SIGTERM ends a batch as Ctrl+C does
    calibrate_command   `cutsmith calibrate`: fits the quality score to pictures with a true alpha
    finetune_command    `cutsmith finetune`: a SAM 2 that knows one's own products; finetune_progress shows its stages
    evaluate_command    `cutsmith evaluate`: measures cut-outs against pictures with a true alpha
    serve_command       `cutsmith serve`: the engine over HTTP
    models_command      `cutsmith models`: lists, fetches, checks and locates weights
    models_list         the catalogue as a table or as JSON
    own_checkpoints     networks of one's own, as `models list` and `doctor` show them
    doctor_command      `cutsmith doctor`: checks this machine
    worker_command      `cutsmith worker`: runs the worker for other programs
    telling             the words for errors, warnings and cures

This module holds the group of commands and `main`, which turns every outcome into an exit code.
"""

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
from cutsmith.machine.threads import spin_briefly
from cutsmith.version import __version__

_COMMANDS = {
    "cut": "cutsmith.cli.cut_command:cut",
    "batch": "cutsmith.cli.batch_command:batch",
    "review": "cutsmith.cli.review_command:review",
    "report": "cutsmith.cli.review_command:report",
    "export": "cutsmith.cli.export_command:export",
    "evaluate": "cutsmith.cli.evaluate_command:evaluate",
    "calibrate": "cutsmith.cli.calibrate_command:calibrate",
    "finetune": "cutsmith.cli.finetune_command:finetune",
    "serve": "cutsmith.cli.serve_command:serve",
    "models": "cutsmith.cli.models_command:models",
    "doctor": "cutsmith.cli.doctor_command:doctor",
    "worker": "cutsmith.cli.worker_command:worker",
}


class _LazyGroup(click.Group):
    """A group that imports each command from its own module when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the commands, in the order in which people need them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the command `cmd_name`; None if there is no such command."""
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Do what click does, but point the user of `cutsmith photo.jpg` to `cut`."""
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
    spin_briefly()
    prepare_standard_streams()
    logging.getLogger("cutsmith").addHandler(_WarningTeller(logging.WARNING))
    code = _run()
    try:
        sys.stdout.flush()
    except OSError:
        # A stream that cannot be flushed now failed earlier too, and that was reported then.
        code = code or 1
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    # A normal exit would spend 0.2 s on freeing a compiled network, and would wait for a thread that is still loading.
    os._exit(code)


def _run() -> int:
    """Run the command and return its exit code. Every expected error is printed here."""
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
    except Exception as error:  # noqa: BLE001 - a bug of ours: show the traceback, and exit with 1
        refused = refused_output(error)
        if refused is not None:
            print_error(refused)
            return refused.exit_code
        import traceback

        traceback.print_exc()
        return 1
    return code if isinstance(code, int) else 0


class _WarningTeller(logging.Handler):
    """Prints the engine's logged warnings in the same form as the command line's own."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print `record` on standard error."""
        print_warning(record.getMessage())
