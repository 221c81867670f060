"""What the installer's tests look at in the place of the real thing: a ComfyUI, a clone, an interpreter, packages."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from installer.environment.virtual_environment import environment_python
from installer.folders import COPIED_FILES, Clone
from installer.gimp.procedures import PROCEDURES
from installer.gimp.profiles import Profile

ROOT = Path(__file__).resolve().parent.parent.parent


def make_comfyui(folder):
    """What of a ComfyUI the installer looks at."""
    for name in ("comfy", "custom_nodes"):
        (folder / name).mkdir(parents=True)
    for name in ("main.py", "nodes.py", "folder_paths.py"):
        (folder / name).touch()
    return folder


def make_clone(folder, installs="pass"):
    """A clone with the parts of the pack, whose install.py runs the line `installs` instead of pip."""
    (folder / "comfyui_nodes" / "__pycache__").mkdir(parents=True)
    (folder / "comfyui_nodes" / "__init__.py").write_text("NODES = 1\n")
    (folder / "comfyui_nodes" / "__pycache__" / "stale.pyc").touch()
    (folder / "workflows").mkdir()
    (folder / "workflows" / "cut.json").write_text("{}")
    (folder / "core").mkdir()
    (folder / "__init__.py").touch()
    (folder / "pyproject.toml").write_text('[project]\nname = "cutsmith"\nversion = "0.1.0"\n')
    (folder / "install.py").write_text(f"import sys\n{installs}\n")
    return Clone(folder)


def make_plug_in_clone(folder):
    """A clone with a small plug-in, and with the real files that are copied beside it in the engine."""
    plug_in = folder / "gimp_plugin" / "cutsmith"
    (plug_in / "dialogs" / "__pycache__").mkdir(parents=True)
    (plug_in / "cutsmith.py").write_text("#!/usr/bin/env python3\nMENU = 1\n")
    (plug_in / "dialogs" / "preview.py").write_text("é = 1\n", encoding="utf-8")
    (plug_in / "dialogs" / "__pycache__" / "preview.py").touch()
    (plug_in / "notes.txt").touch()
    (folder / "core/cutsmith/worker").mkdir(parents=True, exist_ok=True)
    for name in COPIED_FILES:
        shutil.copyfile(ROOT / "core/cutsmith" / name, folder / "core/cutsmith" / name)
    (folder / "pyproject.toml").write_text('[project]\nname = "cutsmith"\nversion = "0.1.0"\n')
    (folder / "install.py").touch()
    return Clone(folder)


def make_profile(root, version="3.0"):
    """A profile as GIMP leaves it, in the folder `root` of GIMP's profiles."""
    folder = root / version
    (folder / "plug-ins").mkdir(parents=True)
    (folder / "gimprc").write_text("# a user's own\n")
    return Profile(folder)


GIMP = """#!/bin/sh
echo "$GIMP3_DIRECTORY|$*" | head -1 >> "{log}"
case "$*" in
  --version) echo "GNU Image Manipulation Program, Version: {version}"; exit ;;
esac
profile="${{GIMP3_DIRECTORY:-$XDG_CONFIG_HOME/GIMP/{profile}}}"
{before}
mkdir -p "$profile/plug-ins"
touch "$profile/gimprc" "$profile/sessionrc"
echo "GIMP-Warning: Welcome!" >&2
[ -x "$profile/plug-ins/cutsmith/cutsmith.py" ] && found="{procedures}"
case "$*" in
  *cutsmith-procedures*) echo; echo "cutsmith-procedures:$found:" ;;
esac
"""


def make_gimp(folder, version="3.0.4", *, name=None, before="", procedures=PROCEDURES):
    """A script that answers as GIMP's console does, after it has run the lines `before`; returns its log."""
    folder.mkdir(parents=True, exist_ok=True)
    profile = ".".join(version.split(".")[:2])
    program = folder / (name or f"gimp-console-{profile}")
    words = {"version": version, "profile": profile, "before": before, "procedures": " ".join(procedures)}
    program.write_text(GIMP.format(log=folder.parent / "gimp.log", **words))
    program.chmod(0o755)
    return folder.parent / "gimp.log"


def make_python(environment, *, pip=False):
    """A virtual environment; returns its interpreter."""
    subprocess.run([sys.executable, "-m", "venv", *([] if pip else ["--without-pip"]), environment], check=True)
    return environment_python(environment)


def site_packages(python):
    """Where the packages of an interpreter are."""
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    run = subprocess.run([python, "-c", where], capture_output=True, text=True, check=True)
    return Path(run.stdout.strip())


def add_distribution(packages, name, version, module=None, source=None):
    """A distribution without content; an empty `module` with it, and where it says that it was installed from."""
    metadata = packages / f"{name.replace('-', '_')}-{version}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (metadata / "RECORD").touch()
    (metadata / "INSTALLER").write_text("pip\n")
    if source is not None:
        origin = {"url": Path(source).as_uri(), "dir_info": {"editable": True}}
        (metadata / "direct_url.json").write_text(json.dumps(origin))
    if module is not None:
        (packages / module).mkdir()
        (packages / module / "__init__.py").touch()
