import subprocess

import pytest

from installer.failure import InstallFailed
from tests.hosts.preparation import debian_packages
from tests.hosts.preparation.debian_packages import fetch_packages, library_folders, unpack_packages, why_not

debian = pytest.mark.skipif(bool(why_not()), reason=f"Debian's packages: {why_not()}")


def make_package(folder, name, files):
    """A .deb of these files, whose installation script would leave a trace."""
    root = folder / name
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    (root / "DEBIAN").mkdir()
    fields = {"Package": name, "Version": "1", "Architecture": "all", "Maintainer": "x <x@example.org>"}
    control = "".join(f"{key}: {value}\n" for key, value in {**fields, "Description": "x"}.items())
    (root / "DEBIAN" / "control").write_text(control)
    script = root / "DEBIAN" / "postinst"
    script.write_text(f"#!/bin/sh\ntouch '{folder}/was run'\n")
    script.chmod(0o755)
    subprocess.run(["dpkg-deb", "--build", "--root-owner-group", root], check=True, capture_output=True)
    return folder / f"{name}.deb"


@debian
def test_packages_are_unpacked_over_one_another_and_their_scripts_are_not_run(tmp_path):
    one = make_package(tmp_path, "one", {"usr/lib/x86_64-linux-gnu/libone.so.1": "1", "usr/bin/one": "one"})
    two = make_package(tmp_path, "two", {"usr/lib/x86_64-linux-gnu/inner/libtwo.so": "2", "usr/share/x/two": "two"})
    root = tmp_path / "a root é"
    unpack_packages([one, two], root)
    assert (root / "usr/bin/one").read_text() == "one"
    assert (root / "usr/share/x/two").read_text() == "two"
    assert not (tmp_path / "was run").exists()
    libraries = root / "usr/lib/x86_64-linux-gnu"
    assert library_folders(root) == [libraries, libraries / "inner"]


@debian
def test_what_is_no_package_is_told(tmp_path):
    (tmp_path / "broken.deb").write_text("no package")
    with pytest.raises(InstallFailed, match=r"broken\.deb could not be unpacked"):
        unpack_packages([tmp_path / "broken.deb"], tmp_path / "root")


@debian
def test_without_a_network_apts_own_words_are_shown_and_the_systems_lists_are_not_touched(tmp_path, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setattr(debian_packages, "SETTINGS", debian_packages.SETTINGS + 'Acquire::Retries "0";\n')
    with pytest.raises(InstallFailed, match=r"(?s)apt-get failed while reading the lists.*127\.0\.0\.1"):
        fetch_packages(tmp_path / "work é", ["no-such-package-of-ours"])
    assert (tmp_path / "work é" / "lists").is_dir()


@pytest.mark.parametrize(("there", "missing"), [((), "no apt-get and no dpkg-deb"), (("apt-get",), "no dpkg-deb")])
def test_a_machine_without_debians_tools_is_told_apart(tmp_path, monkeypatch, there, missing):
    monkeypatch.setattr(debian_packages.shutil, "which", lambda name: name if name in there else None)
    assert why_not() == f"this machine has {missing}"
    with pytest.raises(InstallFailed, match=missing):
        fetch_packages(tmp_path, ["x"])
