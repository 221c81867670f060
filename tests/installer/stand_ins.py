"""What the installer's tests look at in the place of the real thing: a ComfyUI, a clone, an interpreter, packages."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from installer.folders import Clone
from installer.virtual_environment import environment_python

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
