"""A genuine GIMP 3 for the tests of the plug-in: a Debian in a folder, and a script that runs programs inside it.

GIMP 3's libraries are newer than those of many machines, so the folder holds a whole system: debootstrap makes it.
Programs in it see the machine's own folders for users' files at the same paths, and its whole root at /host: a chroot
to there runs the machine's Python, which is another than GIMP's, as it is for users. Nothing of the system changes:
packages are unpacked into folders, and mounts are made in a namespace that ends with the program.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from installer.environment.extras import Size
from installer.failure import InstallFailed, not_ours
from installer.folders import HOST_STAMP, require_nothing_mounted, require_space
from tests.hosts.preparation.captured_run import last_words, run_captured
from tests.hosts.preparation.debian_packages import fetch_packages, library_folders, unpack_packages, why_not
from tests.hosts.preparation.scratch_folder import scratch_folder

SUITE = "trixie"  # Debian 13, with GIMP 3.0
PACKAGES = (
    "gimp",
    "gir1.2-gegl-0.4",
    "gir1.2-gtk-3.0",
    "python3-gi-cairo",
    # What the window needs to be seen, driven and kept as a picture.
    "xvfb",
    "openbox",
    "xdotool",
    "scrot",
    "dbus-x11",
    "adwaita-icon-theme",
    "librsvg2-common",
    "fonts-dejavu-core",
)
BOOTSTRAP = "debootstrap"
BOOTSTRAP_USES = ("wget", "gpgv")  # packages with a program of that name, fetched beside it where there is none
NEEDED = ("unshare", "chroot", "mount")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
SIZE = Size(250, 690)
ROOM = 1300  # MB while it is made: the packages themselves, apt's lists and caches are there too

SECONDS = 60

# No program reads them there.
SPARE = ("usr/share/doc", "usr/share/man", "usr/share/locale", "var/lib/apt/lists", "var/cache/apt")

START = """\
#!/bin/sh
# Made by Cutsmith's `install.py test --hosts`.  run PROGRAM ARGUMENT...: in the Debian beside this file.
here=$(dirname "$(readlink -f "$0")")
root="$here/root"
if [ "$1" != --inside ]; then
    # A namespace of its own: no mount is left, and none is seen outside. Every step is `exec`: one process, one id.
    exec unshare --mount --propagation private "$here/run" --inside "$@"
fi
shift
set -e
mount --rbind / "$root/host"
for folder in /dev /proc /sys; do mount --rbind "$folder" "$root$folder"; done
# Users' files at the same paths, and whatever else is no part of a system.
for folder in /* /var/tmp; do
    case "${folder#/}" in bin|boot|dev|etc|host|lib*|proc|run|sbin|sys|usr|var) continue ;; esac
    [ -d "$folder" ] && [ ! -L "$folder" ] || continue
    mkdir -p "$root$folder"
    mount --rbind "$folder" "$root$folder"
done
place=$(pwd)
unset PYTHONHOME PYTHONPATH LD_LIBRARY_PATH LD_PRELOAD GI_TYPELIB_PATH VIRTUAL_ENV
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
exec chroot "$root" /bin/sh -c 'cd "$0" 2>/dev/null || cd /; exec "$@"' "$place" "$@"
"""

# While packages are installed: their scripts run as root, and see nothing of the users' files.
ALONE = """\
set -e
for folder in /dev /proc /sys; do mount --rbind "$folder" "$0$folder"; done
exec chroot "$0" "$@"
"""


def prepare_gimp(hosts: Path, suite: str = SUITE) -> Path:
    """The script `run` of a Debian with GIMP in `hosts`/gimp, made there if it is not; GIMP has told its version.

    `suite` is Debian's name of the release. Raises InstallFailed: this machine cannot have one, or it cannot be made.
    """
    home = hosts / "gimp"
    run = home / "run"
    stamp = {"suite": suite, "packages": list(PACKAGES)}
    found = _read_stamp(home)
    if found == stamp and not why_unusable(run):
        return run
    if home.exists() and found is None:
        raise not_ours(home, "Move it away, or name another folder for the host programs with CUTSMITH_HOSTS.")
    reason = why_no_tree()
    if reason:
        raise InstallFailed(f"Debian's GIMP cannot be put into a folder: {reason}.")
    mirror = find_mirror()
    print(f"Making a Debian with GIMP: fetches {SIZE.download_megabytes} MB, takes {SIZE.disk_megabytes} MB of disk.")
    require_space(hosts, ROOM)
    unfinished = hosts / "gimp-unfinished"
    if unfinished.exists():
        remove_tree(unfinished)
    with scratch_folder(unfinished) as folder:
        unfinished = folder / home.name
        root = unfinished / "root"
        root.mkdir(parents=True)
        _bootstrap(folder, root, suite, mirror)
        (root / "host").mkdir()
        start = unfinished / run.name
        start.write_text(START, encoding="utf-8")
        start.chmod(0o755)
        _install_packages(root)
        for name in SPARE:
            shutil.rmtree(root / name, ignore_errors=True)
            (root / name).mkdir(parents=True, exist_ok=True)
        reason = why_unusable(start) or _why_no_python(start, folder / "profile")
        if reason:
            raise InstallFailed(f"GIMP does not run in the folder that was made for it: {reason}")
        (unfinished / HOST_STAMP).write_text(json.dumps(stamp, indent=1), encoding="utf-8")
        if home.exists():
            remove_tree(home)
        unfinished.rename(home)
    return run


def why_unusable(run: Path) -> str:
    """Why the GIMP that `run` starts cannot be used; empty if it tells its version."""
    ended = run_captured([str(run), "gimp-console", "--version"], seconds=SECONDS)
    return "" if ended.returncode == 0 and "version 3." in ended.stdout else last_words(ended)


def _why_no_python(run: Path, profile: Path) -> str:
    """Why the GIMP that `run` starts has no Python for plug-ins; empty if it has. Makes the folder `profile`."""
    profile.mkdir()
    command = [str(run), "gimp-console", "-idf", "--batch-interpreter=python-fu-eval", "-b", "Gimp.version()", "--quit"]
    ended = run_captured(command, {"HOME": str(profile), "GIMP3_DIRECTORY": str(profile / "gimp")}, seconds=SECONDS)
    return last_words(ended) if ended.returncode else ""


def why_no_tree() -> str:
    """Why a Debian in a folder cannot be made or entered on this machine; empty if it can."""
    if sys.platform != "linux":
        return "that takes Linux"
    reason = why_not()
    if reason:
        return reason
    missing = [program for program in NEEDED if shutil.which(program) is None]
    if missing:
        return f"this machine has no {', no '.join(missing)}"
    if os.geteuid():
        return "that takes root"
    if run_captured(["unshare", "--mount", "true"]).returncode:
        return "mount namespaces are not allowed here"
    return "" if KEYRING.is_file() else f"there is no {KEYRING}, Debian's own keys"


def find_mirror(os_release: Path = Path("/etc/os-release")) -> str:
    """Where this machine's own packages come from, which Debian's other releases come from too.

    Raises InstallFailed: this is no Debian, or its sources name none.
    """
    fields = dict(line.split("=", 1) for line in os_release.read_text(encoding="utf-8").splitlines() if "=" in line)
    fields = {name: value.strip("\"'") for name, value in fields.items()}
    if fields.get("ID") != "debian":
        raise InstallFailed(f"Debian's packages come from a Debian's own sources, and this is {fields.get('ID')}.")
    shown = ["--format", "$(SITE) $(RELEASE) $(COMPONENT)", "Created-By: Packages"]
    targets = run_captured(["apt-get", "indextargets", *shown])
    site = mirror_of(targets.stdout, fields.get("VERSION_CODENAME", ""))
    if not site:
        raise InstallFailed(
            "apt-get's sources name no archive of Debian's main packages.", "See `apt-get indextargets`."
        )
    return site


def mirror_of(targets: str, release: str) -> str:
    """Of lines of site, release and component, the first site that has the main packages of `release` (or stable)."""
    for line in targets.splitlines():
        words = line.split()
        if len(words) == 3 and words[1] in (release, "stable") and words[2] == "main":
            return words[0]
    return ""


def remove_tree(home: Path) -> None:
    """Remove a tree. Raises InstallFailed as `require_nothing_mounted` does."""
    require_nothing_mounted(home)
    shutil.rmtree(home)


def _read_stamp(home: Path) -> object:
    """What the tree in `home` was made from; None if this installer did not make it, empty if that cannot be read."""
    try:
        return json.loads((home / HOST_STAMP).read_text(encoding="utf-8")) or {}
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError:
        return {}


def _bootstrap(folder: Path, root: Path, suite: str, mirror: str) -> None:
    """Make a small Debian of `suite` in `root`."""
    tool = folder / BOOTSTRAP
    scripts = tool / "usr/share" / BOOTSTRAP
    missing = [program for program in BOOTSTRAP_USES if shutil.which(program) is None]
    unpack_packages(fetch_packages(folder / "apt", missing, alone=[BOOTSTRAP]), tool)
    command = [
        *("unshare", "--mount", "--propagation", "private"),
        str(tool / "usr/sbin" / BOOTSTRAP),
        "--variant=minbase",
        f"--keyring={KEYRING}",
        suite,
        str(root),
        mirror,
        # That of every release; the tool may be older than the one that is wanted, and not know its name.
        str(scripts / "scripts/sid"),
    ]
    environment = {"DEBOOTSTRAP_DIR": str(scripts), **_proxies()}
    if missing:
        environment["PATH"] = os.pathsep.join([str(tool / "usr/bin"), os.environ.get("PATH", os.defpath)])
        environment["LD_LIBRARY_PATH"] = os.pathsep.join(map(str, library_folders(tool)))
    _require(run_captured(command, environment), f"making a Debian {suite}")


def _install_packages(root: Path) -> None:
    settings = root / "etc/apt/apt.conf.d/00machine"
    settings.write_text(run_captured(["apt-config", "dump", "Acquire"]).stdout, encoding="utf-8")
    # Tools of a system are not on every user's PATH.
    paths = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "TMPDIR": "/tmp"}
    environment = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C", "LD_LIBRARY_PATH": "", **paths, **_proxies()}
    enter = ["unshare", "--mount", "--propagation", "private", "sh", "-c", ALONE, str(root)]
    for arguments in (["update"], ["install", "--no-install-recommends", *PACKAGES]):
        ended = run_captured([*enter, "apt-get", "-q", "-y", "-o", "APT::Sandbox::User=root", *arguments], environment)
        _require(ended, "installing GIMP there")
    settings.unlink()  # it may hold a proxy's password


def _proxies() -> dict[str, str]:
    """apt's own proxy, for what asks the network by itself."""
    shown = run_captured(["apt-config", "shell", "proxy", "Acquire::http::Proxy"]).stdout.strip()
    proxy = shown.removeprefix("proxy=").strip("'") if shown.startswith("proxy=") else ""
    return {"http_proxy": proxy} if proxy and "http_proxy" not in os.environ else {}


def _require(ended: subprocess.CompletedProcess[str], doing: str) -> None:
    if ended.returncode:
        raise InstallFailed(f"{Path(ended.args[0]).name} failed while {doing}: {last_words(ended)}")
