# SPDX-License-Identifier: Apache-2.0
"""`layertime cat` on small hosts: links, mounts, layers, and what cannot be shown. Where overlay's own features are
needed the kernel makes the layers, and says what is right."""
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from lib import disks, hosts, launch, machine
from lib.hosts import WHITEOUT, Host, container
from lib.sanitizers import environment


def cat(*args: object, code: int = 0) -> bytes:
    """What the program writes."""
    done = launch.run("cat", *args)
    assert done.returncode == code, done.stderr.decode()
    return done.stdout


def refused(*args: object, code: int = 1) -> str:
    """What it says if it writes nothing."""
    done = launch.run("cat", *args)
    assert (done.returncode, done.stdout) == (code, b""), done.stderr.decode()
    return done.stderr.decode()


@pytest.fixture
def links(tmp: Path) -> Host:
    """A host whose container follows links through its layers, a volume and a bind."""
    host = Host(tmp / "host")
    hosts.write_tree(os.fsencode(host.root), {"etc/hostname": "h\n",
                                              "srv/site": {"page": "bound", "up": ("link", "/lib/a")}})
    image = host.image("i:1", {"lib": {"a": "one", "gone": "old", "dir": {"kept": "k"}}, "sbin": ("link", "lib")},
                       {"lib": {"a": "two", "gone": WHITEOUT}, "var": {"run": ("link", "/run")}, "run": {}})
    host.volume("v", {"in": "volume", "out": ("link", "/lib/a"), "rel": ("link", "../lib/a"), "loop": ("link", "loop")})
    host.container("web", image, {
        "abs": ("link", "/lib/a"), "rel": ("link", "lib/../sbin/a"), "far": ("link", "../../../../lib/a"),
        "tov": ("link", "/data/in"), "dead": ("link", "/lib/none"), "lib": {"new": "rw"}, "own\n\x1b[31m": "odd"},
        volumes=[("v", "/data")])
    web = container(host, "web")
    point = {"Source": "/srv/site", "Destination": "/var/run/site", "RW": True, "Type": "bind"}
    web.change(MountPoints={"/data": {"Source": "/x/v/_data", "Destination": "/data", "RW": True, "Name": "v",
                                      "Driver": "local", "Type": "volume"}, "/var/run/site": point,
                            "/tmp": {"Destination": "/tmp", "RW": True, "Type": "tmpfs"}})
    return host


@pytest.mark.parametrize(("path", "wanted"), [
    ("/lib/a", b"two"), ("lib//a", b"two"), ("/lib/dir/../a", b"two"), ("/sbin/a", b"two"), ("/abs", b"two"),
    ("/rel", b"two"), ("/far", b"two"), ("/lib/new", b"rw"), ("/lib/dir/kept", b"k"), ("/own\n\x1b[31m", b"odd"),
    ("/data/in", b"volume"), ("/tov", b"volume"), ("/data/out", b"two"), ("/data/rel", b"two"),
    ("/run/site/page", b"bound"), ("/var/run/site/page", b"bound"), ("/run/site/up", b"two")])
def test_paths_lead_where_they_lead_in_the_container(links: Host, path: str, wanted: bytes) -> None:
    """Chrooted: links of the image, of volumes and of binds; the place of a mount may lie behind a link, too."""
    assert cat("web", path, links.root) == wanted


def test_what_is_not_there(links: Host) -> None:
    """Exit 1, nothing written, and what helps."""
    root = links.root
    assert "the nearest that is there is '/lib/dir'" in refused("web", "/lib/dir/x/y", root)
    assert "link to '/lib/none'" in refused("web", "/dead", root)
    assert "its image deletes it, and --layer=0 shows it" in refused("web", "/lib/gone", root)
    assert "40 symbolic links" in refused("web", "/data/loop", root)
    assert "not in the evidence: tmpfs at /tmp" in refused("web", "/tmp/x", root)
    assert "is a directory" in refused("web", "/lib", root, code=2)
    assert "no container matches" in refused("nobody", "/lib", root, code=2)
    assert "too few words" in refused("web", root, code=2)


def test_layers_by_number_and_id(links: Host) -> None:
    """The file as a layer has it; one that is only below it is none."""
    root, base = links.root, hosts.hex_id("diff i:1 0")
    assert cat("--layer=0", "web", "/lib/a", root) == b"one"
    assert cat("--layer=1", "web", "/sbin/a", root) == b"two"
    assert cat("--layer", base[:12], "web", "/lib/gone", root) == b"old"
    assert cat("--layer", "sha256:" + base, "web", "/lib/gone", root) == b"old"
    assert cat("--layer", hosts.hex_id("rw web"), "web", "/lib/new", root) == b"rw"
    assert base in refused("--layer=1", "web", "/lib/dir/kept", root)
    assert "nor in those under it" in refused("--layer=1", "web", "/lib/gone", root)
    assert base in refused("--layer=7", "web", "/lib/a", root, code=2)
    assert "ambiguous" in refused("--layer", hosts.hex_id("rw web")[:8], "web", "/lib/a", root, code=2)
    assert "go together" in refused("--layer=1", "--deleted", "web", "/lib/a", root, code=2)


def test_deleted_and_replaced(tmp: Path) -> None:
    """--deleted is the file of the nearest layer below."""
    host = Host(tmp / "host")
    image = host.image("i:1", {"a": "1", "b": "1", "c": "1", "d": {"e": "1"}}, {"a": "2"})
    host.container("web", image, {"a": WHITEOUT, "b": "new", "d": WHITEOUT})
    assert cat("--deleted", "web", "/a", host.root) == b"2"
    assert cat("--deleted", "web", "/b", host.root) == b"1"
    assert cat("--deleted", "web", "/d/e", host.root) == b"1"
    assert "--deleted shows it" in refused("web", "/d/e", host.root)
    assert "neither deleted nor replaced" in refused("--deleted", "web", "/c", host.root)
    assert "nothing was hidden" in refused("--deleted", "web", "/none", host.root)


def test_output(links: Host, tmp: Path) -> None:
    """A file of its own, never packed, never partial, never over another."""
    out = tmp / "a.gz"
    assert cat("-o", out, "web", "/lib/a", links.root) == b"" and out.read_bytes() == b"two"
    assert launch.run("cat", "-o", out, "web", "/lib/a", links.root).returncode == 4
    refused("--force", "-o", out, "web", "/lib/none", links.root)
    assert out.read_bytes() == b"two" and sorted(os.listdir(tmp)) == ["a.gz", "host"]
    assert "inside the evidence" in refused("-o", links.root / "x", "web", "/lib/a", links.root, code=4)
    assert launch.run("cat", "-q", "web", "/lib/a", links.root).stderr == b""
    said = launch.run("cat", "web", "/lib/a", links.root).stderr.decode()
    assert all(word in said for word in ("/lib/a of web@", "image layer sha256:", "3 bytes", "modified 20", "born 20"))


def test_terminals_get_no_control_characters(tmp: Path) -> None:
    """Line breaks and tabs stay; characters are not cut where a piece ends."""
    host = Host(tmp / "host")
    text = b"a\tb\r\n\x1b[31m\xff\n" + "ü".encode() * 40000
    host.container("web", host.image("i:1", {"x": text}))
    ours, theirs = launch.terminal()
    with open(ours, "rb", buffering=0) as screen, \
            subprocess.Popen([machine.PROGRAM, "cat", "web", "/x", host.root], stdout=theirs, stderr=subprocess.PIPE,
                             env=environment()) as child:
        os.close(theirs)
        seen = b""
        try:
            while piece := screen.read(65536):
                seen += piece
        except OSError:                               # the terminal's other end is closed
            pass
        said = child.stderr.read()
    wanted = b"a\tb\\x0d\n\\x1b[31m\\xff\n" + "ü".encode() * 40000
    assert seen.replace(b"\r\n", b"\n") == wanted and b"escaped for the terminal" in said
    assert cat("web", "/x", host.root) == text


def test_sparse_files_are_whole(tmp: Path) -> None:
    """A hole has zeros, of any size."""
    host = Host(tmp / "host")
    web = host.container("web", host.image("i:1", {"a": "1"}), {"x": "begin"})
    size = 300 * 1024 * 1024
    with (web.rw / "diff/x").open("r+b") as file:
        file.truncate(size)
    digest = hashlib.sha256(b"begin" + bytes(size - 5)).hexdigest()
    assert hashlib.sha256(cat("web", "/x", host.root)).hexdigest() == digest


def test_missing_layers_are_said(tmp: Path) -> None:
    """What it saw may be another file then."""
    host = Host(tmp / "host")
    image = host.image("i:1", {"a": "1"}, {"b": "2"})
    host.container("web", image)
    shutil.rmtree(host.data / "overlay2" / hosts.hex_id("layer i:1 1"))
    done = launch.run("cat", "web", "/a", host.root)
    assert (done.returncode, done.stdout) == (1, b"1") and b"may be another file" in done.stderr


# --- the kernel's own features ----------------------------------------------------------------------------------------

@contextmanager
def running(host: Host, name: str, options: str) -> Iterator[Path]:
    """The container's view, mounted for writing as the daemon does; its changes are in its rw layer afterwards."""
    at = container(host, name).rw
    lower = (at / "lower").read_text()
    (at / "merged").mkdir(exist_ok=True)
    (at / "work").mkdir(exist_ok=True)
    mount = f"{options},lowerdir={lower},upperdir={at.name}/diff,workdir={at.name}/work"
    with disks.mounted_at("overlay", "overlay", mount, at / "merged", cwd=host.data / "overlay2") as view:
        yield view


def every_file(view: Path) -> dict[str, bytes]:
    """What the kernel shows."""
    return {"/" + str(path.relative_to(view)): path.read_bytes() for path in sorted(view.rglob("*"))
            if path.is_file() and not path.is_symlink()}


def check_against_kernel(host: Host, name: str, view: dict[str, bytes]) -> None:
    """Every file has the bytes that the kernel showed."""
    for path, wanted in view.items():
        if path not in ("/etc/hosts", "/etc/hostname"):
            assert cat(name, path, host.root) == wanted, path


@pytest.fixture
def trees(tmp: Path) -> Host:
    """Three layers with directories to rename."""
    host = Host(tmp / "host")
    image = host.image("i:1", {"top": {"sub": {"deep": "1", "same": "1"}}, "big": "x" * 5000, "other": {"z": "1"}},
                       {"top": {"sub": {"same": "2", "two": "2"}}, "new": {"n": "2"}},
                       {"top": {"sub": {"three": "3"}}, "other": {"y": "3"}})
    host.container("web", image)
    return host


def test_renamed_directories(trees: Host, mounting) -> None:
    """redirect_dir: a directory of the image that was renamed, one moved elsewhere, and renamed again below that."""
    with running(trees, "web", "redirect_dir=on") as view:
        (view / "top").rename(view / "moved")
        (view / "moved/sub").rename(view / "new/inner")
        (view / "new/inner/two").unlink()
        (view / "other").rename(view / "new/other")
        (view / "new/other/made").write_text("made")
        wanted = every_file(view)
    assert wanted["/new/inner/deep"] == b"1" and "/new/inner/two" not in wanted
    check_against_kernel(trees, "web", wanted)
    assert "--deleted shows it" in refused("web", "/top/sub/deep", trees.root)
    refused("web", "/new/inner/two", trees.root)


def test_metadata_only_copies(trees: Host, mounting) -> None:
    """metacopy: only the mode was changed; and a file that was renamed without its contents."""
    with running(trees, "web", "redirect_dir=on,metacopy=on") as view:
        (view / "big").chmod(0o600)
        (view / "top/sub/same").rename(view / "new/renamed")
        (view / "top").rename(view / "moved")
        (view / "moved/sub/deep").chmod(0o755)
        wanted = every_file(view)
    upper = container(trees, "web").rw / "diff"
    for name in ("big", "new/renamed"):
        assert "trusted.overlay.metacopy" in os.listxattr(upper / name)
    check_against_kernel(trees, "web", wanted)
    said = launch.run("cat", "web", "/big", trees.root).stderr.decode()
    assert "its contents are those of" in said and "rw layer" in said


def test_opaque_directories(trees: Host, mounting) -> None:
    """A directory that was removed and made anew."""
    with running(trees, "web", "redirect_dir=off") as view:
        shutil.rmtree(view / "top")
        (view / "top/sub").mkdir(parents=True)
        (view / "top/sub/three").write_text("anew")
        wanted = every_file(view)
    check_against_kernel(trees, "web", wanted)
    assert cat("--deleted", "web", "/top/sub/three", trees.root) == b"3"
    assert cat("--deleted", "web", "/top/sub/same", trees.root) == b"2"
    refused("web", "/top/sub/same", trees.root)


def test_forged_marks_lead_nowhere(trees: Host, mounting) -> None:
    """A redirect is no way out of the layers."""
    upper = container(trees, "web").rw / "diff"
    (upper / "evil").mkdir()
    os.setxattr(upper / "evil", "trusted.overlay.redirect", b"/../../../../../etc")
    (upper / "copy").write_bytes(b"")
    os.setxattr(upper / "copy", "trusted.overlay.metacopy", b"")
    os.setxattr(upper / "copy", "trusted.overlay.redirect", b"..")
    refused("web", "/evil/passwd", trees.root)
    assert "only the metadata" in refused("web", "/copy", trees.root)


def test_a_file_that_cannot_be_read_leaves_no_output(tmp: Path) -> None:
    """A damaged image: half of the file is there. The account and the manifest say so."""
    host = Host(tmp / "host")
    host.container("web", host.image("i:1", {"a": "1"}), {"x": os.urandom(4 << 20), "y": "whole"})
    image = disks.make_ext4(tmp / "disk.raw", host.root, "64M", "-b", "4096")
    blocks = disks.blocks_of(image, "/" + str((container(host, "web").rw / "diff/x").relative_to(host.root)))
    os.truncate(image, (blocks[0] + len(blocks) // 2) * 4096)
    out, errors, manifest = tmp / "out", tmp / "errors", tmp / "manifest"
    said = refused("-o", out, "--errors", errors, "--manifest", manifest, "web", "/x", image)
    assert not out.exists() and manifest.exists() and "cannot be read at byte" in said
    assert not [name for name in os.listdir(tmp) if name.endswith(".tmp")]


def test_the_zone_of_a_metadata_only_copy(tmp: Path, mounting) -> None:
    """Its contents are those of the file below, for all who look into a container."""
    host = Host(tmp / "host")
    berlin = {"localtime": hosts.BERLIN.read_bytes(), "timezone": "Europe/Berlin\n"}
    host.container("web", host.image("i:1", {"etc": berlin}))
    rules = host.root / "usr/share/zoneinfo/Europe/Berlin"
    rules.parent.mkdir(parents=True)
    rules.write_bytes(hosts.BERLIN.read_bytes())
    with running(host, "web", "redirect_dir=on,metacopy=on") as view:
        (view / "etc/localtime").chmod(0o600)
        (view / "etc/timezone").chmod(0o600)
    row, = launch.objects("containers", host.root)
    assert row["time_zone"] == "Europe/Berlin" and row["time_zone_by"].startswith("/etc/localtime of the container")
