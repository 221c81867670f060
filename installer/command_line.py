"""Reads the command line, runs the command, and turns failures into messages and exit codes."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from pathlib import Path

from installer.comfyui.command import install_into_comfyui
from installer.demo.command import run_demo
from installer.doctor import examine
from installer.environment.extras import CHOOSABLE, TEST_HOSTS
from installer.environment.host_environment import install_into_host
from installer.environment.virtual_environment import PRODUCT, PRODUCT_AND_TESTS, QUICK_TESTS, Installation
from installer.failure import FAILED, InstallFailed
from installer.folders import this_clone, this_root
from installer.gimp.bundle import Bundle, is_bundle
from installer.gimp.command import install_into_gimp
from installer.testing import run_tests
from installer.uninstall import uninstall

INTERRUPTED = 130

DESCRIPTION = "Sets Cutsmith up. Every command says what it does before it does it; a second run is quick."
EPILOG = f"""\
What is fetched at most, and the disk it takes:
  demo                    {PRODUCT.size}
  demo --with sam2,text   {Installation(extras=("sam2", "text")).size}, nearly all of it torch
  test                    {PRODUCT_AND_TESTS.size}
  test --quick            {QUICK_TESTS.size}, and no weights
  test --hosts            besides, {TEST_HOSTS}
  comfyui                 those of demo's packages that ComfyUI does not have yet
  gimp                    the same as demo; the plug-in itself is less than 1 MB
and the weights of one model (88 or 179 MB) unless some are on this machine.

Without a command, as ComfyUI-Manager runs it: installs Cutsmith, editable, into the virtual, conda or embedded
environment whose Python runs it, and changes nothing that is there. Elsewhere it stops. It takes --with, too.

Environment: CUTSMITH_MODELS names folders for weights, CUTSMITH_HOSTS one for the tests' host programs,
CUTSMITH_CHROMIUM the browser to take for them; pip's own settings (PIP_INDEX_URL, HTTPS_PROXY, pip.conf ...) hold.
"""


def named_extras(text: str) -> list[str]:
    """The extras in a comma-separated list. Raises ArgumentTypeError for an unknown one."""
    names = [name.strip() for name in text.split(",")]
    unknown = [name for name in names if name not in CHOOSABLE]
    if unknown:
        raise argparse.ArgumentTypeError(
            f"there is no extra {', '.join(map(repr, unknown))}; known are {', '.join(CHOOSABLE)}"
        )
    return names


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    root = argparse.ArgumentParser(
        prog="python3 install.py",
        usage="python3 install.py [COMMAND] [OPTION ...]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = root.add_subparsers(dest="command", metavar="COMMAND", prog="python3 install.py")

    def command(name: str, words: str, usage: str | None = None) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=words, usage=usage, allow_abbrev=False)

    demo = command("demo", "a .venv beside install.py, weights, and the sample photographs cut out into demo/")
    words = "the node pack into a ComfyUI's custom_nodes, Cutsmith into its Python; what is there stays as it is"
    comfyui = command("comfyui", words)
    gimp = command("gimp", "the plug-in into every profile of GIMP 3, Cutsmith into .venv; then both are tried")
    words = "tells whether each GIMP's plug-in and each ComfyUI's node pack works, and what to do; changes nothing"
    doctor = command("doctor", words)
    usage = "python3 install.py test [--quick | --hosts] [PYTEST ARGUMENT ...]"
    words = "sets up .venv for the tests and runs them; --quick runs those that need the least, in a few minutes"
    test = command("test", words, usage)
    words = "removes .venv, what demo wrote, Cutsmith's caches, and Cutsmith from each ComfyUI and GIMP"
    removal = command("uninstall", words)

    extras = f"install these extras too, of {', '.join(CHOOSABLE)}"
    # Names of their own, because a command's parser would overwrite what was given before the command.
    _add_extras(root, f"without a command: {extras}", "host_extras")
    _add_extras(comfyui, extras)
    for grammar in (demo, gimp):
        _add_extras(grammar, f"{extras}; those of an earlier run stay")
    for grammar, prefix in ((root, "host_"), (comfyui, "")):
        grammar.add_argument(
            "--constraint",
            dest=f"{prefix}constraint_files",
            action="append",
            type=Path,
            default=[],
            metavar="FILE",
            help="the versions of what is added, as pip's own --constraint; may be given again",
        )
        words = "say nothing where nothing is to do"
        grammar.add_argument("--quiet", dest=f"{prefix}quiet", action="store_true", help=words)
    for grammar in (gimp, doctor):
        words = "one profile, the folder that holds GIMP's gimprc and plug-ins"
        grammar.add_argument("--gimp-dir", dest="named", type=Path, metavar="DIR", help=words)
    comfyui.add_argument("folder", type=Path, metavar="FOLDER", help="the folder that holds ComfyUI's main.py")
    words = "ComfyUI's Python; looked for in .venv, venv and the portable's"
    comfyui.add_argument("--python", type=Path, metavar="PATH", help=words)
    words = "run Cutsmith with this Python, which has it, instead of .venv's"
    gimp.add_argument("--python", type=Path, metavar="PATH", help=words)
    words = "write a zip for people without a shell instead: unpacked into plug-ins, it installs Cutsmith from GIMP"
    gimp.add_argument("--zip", dest="zip_file", type=Path, metavar="FILE", help=words)
    tier = test.add_mutually_exclusive_group()
    words = "run only the tests that need neither PyTorch, weights nor host programs, in two processes: a few minutes"
    tier.add_argument("--quick", action="store_true", help=words)
    words = "prepare the host programs (ComfyUI, Chromium, GIMP) first; a test whose host is missing fails (as in CI)"
    tier.add_argument("--hosts", action="store_true", help=words)
    removal.add_argument("--weights", action="store_true", help="also the weights in Cutsmith's own folder")
    removal.add_argument("--yes", action="store_true", help="do not ask")
    return root


def _add_extras(grammar: argparse.ArgumentParser, words: str, name: str = "extras") -> None:
    grammar.add_argument(
        "--with", dest=name, action="extend", type=named_extras, default=[], metavar="EXTRA,...", help=words
    )


def main(arguments: Sequence[str]) -> int:
    """Run one command; returns the exit code: 0 done, 1 failed, 2 wrong usage, or pytest's own for `test`."""
    for stream in (sys.stdout, sys.stderr):
        # A folder's name may hold letters that the terminal's encoding lacks. And each line must appear before the
        # output of the programs that are run.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace", line_buffering=True)
    grammar = parser()
    options, others = grammar.parse_known_args(arguments)
    if others and options.command != "test":
        grammar.error(f"not understood: {' '.join(others)}")
    given = {name: value for name, value in vars(options).items() if not name.startswith(("host_", "command"))}
    for_host = options.host_extras, options.host_constraint_files
    if options.command and (any(for_host) or options.host_quiet):
        grammar.error(f"options of {options.command} go after it")
    clone = Bundle(this_root()) if is_bundle(this_root()) else this_clone()
    if isinstance(clone, Bundle) and options.command not in ("gimp", "uninstall"):
        grammar.error("this install.py came with GIMP's plug-in; it knows gimp and uninstall")
    try:
        match options.command:
            case "demo":
                run_demo(clone, **given)
            case "test":
                return run_tests(clone, [each for each in others if each != "--"], **given)
            case "uninstall":
                uninstall(clone, **given)
            case "gimp":
                return install_into_gimp(clone, **given)
            case "doctor":
                return examine(clone, **given)
            case "comfyui":
                install_into_comfyui(clone, **given)
            case _:
                install_into_host(clone, *for_host, quiet=options.host_quiet)
    except InstallFailed as failure:
        print(failure, file=sys.stderr)
        return failure.exit_code
    except KeyboardInterrupt:
        print("\nInterrupted. The same command goes on from here.", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        print(f"{error}\n  The disk may be full or read-only, or a program may use the file.", file=sys.stderr)
        return FAILED
    return 0
