# SPDX-License-Identifier: Apache-2.0
"""ext2/3/4 file systems with all that mke2fs can vary, filled by the kernel and read back by it: what our reader says
must be the same in each column of each entry. What no kernel here mounts is compared with debugfs."""
import os
import subprocess
from pathlib import Path

import pytest
from lib import disks, ext4fs, ext4trees

# name: type to mount as, options of mke2fs. The name's first word may be "big": more of everything.
EXT4, EXT3, EXT2 = "ext4", "ext3", "ext2"
COMBINATIONS: dict[str, tuple[str, str]] = {
    "ext2-1k": (EXT2, "-t ext2 -b 1024 -I 128"),
    "ext2-2k": (EXT2, "-t ext2 -b 2048 -I 256"),
    "ext2-4k": (EXT2, "-t ext2 -b 4096 -I 128"),
    "ext2-rev0": (EXT2, "-t ext2 -r 0 -b 1024 -O none"),
    "ext2-none": (EXT2, "-t ext2 -b 1024 -I 128 -O none"),
    "ext2-no-filetype": (EXT2, "-t ext2 -b 1024 -I 128 -O ^filetype"),
    "ext2-no-large-file": (EXT2, "-t ext2 -b 4096 -I 128 -O ^large_file,^sparse_super,^resize_inode"),
    "ext3-1k": (EXT3, "-t ext3 -b 1024 -I 128"),
    "ext3-4k": (EXT3, "-t ext3 -b 4096 -I 256"),
    "big-ext3-1k": (EXT3, "-t ext3 -b 1024 -I 256"),
    "ext3-no-dir-index": (EXT3, "-t ext3 -b 2048 -I 512 -O ^dir_index"),
    "ext4-1k": (EXT4, "-t ext4 -b 1024 -I 256"),
    "ext4-2k": (EXT4, "-t ext4 -b 2048 -I 256"),
    "big-ext4-4k": (EXT4, "-t ext4 -b 4096 -I 256"),
    "big-ext4-inline": (EXT4, "-t ext4 -b 1024 -I 512 -O inline_data,ea_inode,64bit,metadata_csum"),
    "inode-128": (EXT4, "-t ext4 -b 4096 -I 128"),
    "inode-512": (EXT4, "-t ext4 -b 4096 -I 512"),
    "inode-1024": (EXT4, "-t ext4 -b 1024 -I 1024"),
    "inode-4096": (EXT4, "-t ext4 -b 4096 -I 4096 -N 2048"),
    "inode-2048-inline": (EXT4, "-t ext4 -b 4096 -I 2048 -O inline_data"),
    "no-extents": (EXT4, "-t ext4 -b 4096 -I 256 -O ^extents,^64bit"),
    "no-extents-1k": (EXT4, "-t ext4 -b 1024 -I 256 -O ^extents,^64bit"),
    "no-64bit": (EXT4, "-t ext4 -b 4096 -O ^64bit"),
    "64bit-no-csum": (EXT4, "-t ext4 -b 1024 -O 64bit,^metadata_csum"),
    "no-csum": (EXT4, "-t ext4 -b 4096 -O ^metadata_csum,^64bit"),
    "uninit-bg": (EXT4, "-t ext4 -b 1024 -O ^metadata_csum,uninit_bg,^64bit -E lazy_itable_init=1"),
    "lazy-csum": (EXT4, "-t ext4 -b 1024 -O metadata_csum -E lazy_itable_init=1"),
    "csum-seed": (EXT4, "-t ext4 -b 4096 -O metadata_csum,metadata_csum_seed"),
    "csum-no-64bit": (EXT4, "-t ext4 -b 1024 -O metadata_csum,^64bit"),
    "no-flex-bg": (EXT4, "-t ext4 -b 1024 -O ^flex_bg -g 2048"),
    "flex-bg-64": (EXT4, "-t ext4 -b 1024 -G 64 -g 512"),
    "flex-bg-1": (EXT4, "-t ext4 -b 1024 -G 1 -g 1024"),
    "meta-bg": (EXT4, "-t ext4 -b 1024 -O meta_bg,^resize_inode -g 256"),
    "meta-bg-no-64bit": (EXT4, "-t ext4 -b 1024 -O meta_bg,^resize_inode,^64bit,^flex_bg -g 256"),
    "meta-bg-ext2": (EXT2, "-t ext2 -b 1024 -O meta_bg,^resize_inode -g 256"),
    "bigalloc-4k-16k": (EXT4, "-t ext4 -b 4096 -O bigalloc -C 16384"),
    "bigalloc-1k-8k": (EXT4, "-t ext4 -b 1024 -O bigalloc -C 8192"),
    "bigalloc-4k-64k": (EXT4, "-t ext4 -b 4096 -O bigalloc -C 65536"),
    "no-dir-index": (EXT4, "-t ext4 -b 1024 -O ^dir_index"),
    "no-dir-index-csum": (EXT4, "-t ext4 -b 4096 -O ^dir_index,metadata_csum"),
    "inline": (EXT4, "-t ext4 -b 4096 -I 256 -O inline_data"),
    "inline-1024": (EXT4, "-t ext4 -b 1024 -I 1024 -O inline_data"),
    "inline-no-csum": (EXT4, "-t ext4 -b 2048 -I 512 -O inline_data,^metadata_csum"),
    "ea-inode": (EXT4, "-t ext4 -b 4096 -O ea_inode"),
    "ea-inode-1k": (EXT4, "-t ext4 -b 1024 -I 128 -O ea_inode,^metadata_csum"),
    "sparse-super2": (EXT4, "-t ext4 -b 1024 -O sparse_super2,^resize_inode -g 1024"),
    "sparse-super2-none": (EXT4, "-t ext4 -b 1024 -O sparse_super2,^resize_inode -g 1024 -E num_backup_sb=0"),
    "large-dir": (EXT4, "-t ext4 -b 1024 -O large_dir"),
    "no-huge-file": (EXT4, "-t ext4 -b 4096 -O ^huge_file"),
    "no-dir-nlink": (EXT4, "-t ext4 -b 4096 -O ^dir_nlink"),
    "no-extra-isize": (EXT4, "-t ext4 -b 4096 -O ^extra_isize"),
    "isize-small": (EXT4, "-t ext4 -b 4096 -I 256"),
    "isize-wanted": (EXT4, "-t ext4 -b 1024 -I 512"),
    "quota": (EXT4, "-t ext4 -b 4096"),
    "quota-project": (EXT4, "-t ext4 -b 4096"),
    "verity": (EXT4, "-t ext4 -b 4096"),
    "no-journal": (EXT4, "-t ext4 -b 1024 -O ^has_journal"),
    "no-filetype": (EXT4, "-t ext4 -b 4096 -O ^filetype"),
    "stable-inodes": (EXT4, "-t ext4 -b 4096 -O stable_inodes"),
    "encrypt": (EXT4, "-t ext4 -b 4096 -O encrypt"),
    "orphan-file": (EXT4, "-t ext4 -b 4096 -O orphan_file"),
    "fast-commit": (EXT4, "-t ext4 -b 4096 -O fast_commit"),
    "mmp": (EXT4, "-t ext4 -b 4096"),
    "packed": (EXT4, "-t ext4 -b 1024 -E packed_meta_blocks=1,hash_seed=5d0a7ea5-0000-4000-8000-000000000000"),
    "half-md4": (EXT4, "-t ext4 -b 1024 -E stride=4,stripe_width=8,root_owner=70000:80000"),
    "inodes-per-group": (EXT4, "-t ext4 -b 1024 -N 2048 -g 8192"),
    "all": (EXT4, "-t ext4 -b 4096 -I 512 -O inline_data,ea_inode,large_dir,metadata_csum_seed,orphan_file,"
            "sparse_super2,^resize_inode,meta_bg,stable_inodes -E num_backup_sb=1"),
}
# What a kernel may not have for writing: set by tune2fs when all is filled.
AFTERWARDS = {"quota": "quota", "quota-project": "quota,project", "verity": "verity", "mmp": "mmp", "all": "project"}
# name -> whether the combination could be made and mounted here.
RAN: dict[str, bool] = {}


def option(options: str, letter: str, default: int) -> int:
    """The number after -b or -I."""
    words = options.split()
    return int(words[words.index(letter) + 1]) if letter in words else default


def small_isizes(image: Path) -> None:
    """Files whose inode uses less of its room than it could: times have no nanoseconds or no birth then."""
    disks.debugfs(image, *(f"sif /times/t{number} extra_isize {4 * number}" for number in range(1, 9)))


def prepare(name: str, image: Path) -> None:
    """Make and fill the file system. OSError or CalledProcessError: it cannot be had here."""
    kind, options = COMBINATIONS[name]
    ext4trees.make(image, options.split(), "192M" if name.startswith(("big-", "bigalloc-")) else "32M")
    if name == "isize-wanted":
        disks.debugfs(image, "ssv want_extra_isize 100", "ssv min_extra_isize 40")
    with disks.mount(image, kind, "loop,noatime,user_xattr,acl" + ",noinit_itable" * (kind == EXT4)) as root:
        ext4trees.populate(root, option(options, "-b", 1024), name.startswith("big-"))
    if option(options, "-I", 256) > 128 and kind == EXT4:
        ext4trees.odd_inode_times(image)
    if name in AFTERWARDS:
        subprocess.run(["tune2fs", "-O", AFTERWARDS[name], image], check=True, capture_output=True)
    if name == "isize-small":
        small_isizes(image)


@pytest.mark.parametrize("name", COMBINATIONS)
def test_kernel_sees_the_same(name: str, mounting: None, tmp: Path) -> None:
    """All columns of all entries."""
    image = tmp / "image.raw"
    RAN[name] = False
    try:
        prepare(name, image)
        truth = ext4fs.view_of(image, COMBINATIONS[name][0])
    except subprocess.CalledProcessError as error:
        pytest.skip(f"cannot be had here: {error.stderr.decode().strip()}")
    except OSError as error:
        if error.filename != str(image):
            raise
        pytest.skip(f"mke2fs: {error.strerror}")
    RAN[name] = True
    assert len(truth) > 2000
    ext4fs.check_equal(truth, ext4fs.dump(image, "--large"))


def test_most_combinations_ran(mounting: None) -> None:
    """At least 40, where all were tried."""
    if len(RAN) == len(COMBINATIONS):
        assert sum(RAN.values()) >= 40, sorted(name for name, ran in RAN.items() if not ran)


@pytest.mark.parametrize("name", ["ext2-1k", "inline", "inode-512", "ea-inode", "meta-bg", "no-extents-1k"])
def test_oracles_agree(name: str, mounting: None, tmp: Path) -> None:
    """debugfs and the kernel tell the same, so either can be trusted where the other cannot be had. (debugfs shows ACLs
    in another form, and does not know what size an attribute in an inode of its own has.)"""
    prepare(name, tmp / "image.raw")
    truth = ext4fs.view_of(tmp / "image.raw", COMBINATIONS[name][0])
    other = ext4fs.debugfs_view(tmp / "image.raw", tmp / "files")
    for path in ("/xattrs/acl", "/xattrs/dir", "/xattrs/dir/heir", "/contents/huge"):
        truth.pop(path, None)
        other.pop(path, None)
    assert not (wrong := ext4fs.differences(truth, other)), "\n".join(wrong)


# --- more than the small tree holds -----------------------------------------------------------------------------------

def test_more_subdirectories_than_a_link_count(mounting: None, tmp: Path) -> None:
    """dir_nlink: a directory with 65,000 in it has a link count of 1."""
    image = tmp / "image.raw"
    ext4trees.make(image, "-t ext4 -b 1024 -I 256 -O inline_data -N 68000".split(), "96M")
    with disks.mount(image, "ext4", "loop,noatime") as root:
        (root / "wide").mkdir()
        for number in range(65010):
            os.mkdir(root / f"wide/{number}")
    truth = ext4fs.view_of(image)
    assert truth["/wide"][6] == "1"
    ext4fs.check_equal(truth, ext4fs.dump(image))


def test_three_levels_of_index(mounting: None, tmp: Path) -> None:
    """large_dir: more names than an index of two levels can hold in blocks of 1 KiB."""
    image = tmp / "image.raw"
    ext4trees.make(image, "-t ext4 -b 1024 -O large_dir".split(), "128M")
    with disks.mount(image, "ext4", "loop,noatime") as root:
        (root / "wide").mkdir()
        for number in range(55000):
            if number % 50000 == 0:
                first = root / f"first{number}"
                first.write_bytes(b"")
            os.link(first, root / "wide" / f"{number}".ljust(250, "n"))
    levels = disks.debugfs(image, "htree_dump /wide")[:2000]
    assert "Indirect levels: 2" in levels, levels
    ext4fs.check_equal(ext4fs.view_of(image), ext4fs.dump(image))


# --- what no kernel here mounts ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("options", ["-t ext2 -b 8192 -I 128", "-t ext4 -b 8192", "-t ext4 -b 16384 -O inline_data",
                                     "-t ext4 -b 65536", "-t ext4 -b 65536 -I 1024 -O ^metadata_csum,^64bit",
                                     "-t ext2 -b 65536", "-t ext4 -b 65536 -O ^extents,^64bit"])
def test_blocks_larger_than_a_page(options: str, mounting: None, tmp: Path) -> None:
    """Filled by mke2fs from a directory, read by debugfs."""
    tree, image = tmp / "tree", tmp / "image.raw"
    tree.mkdir()
    block = option(options, "-b", 0)
    ext4trees.types(tree / "types")
    ext4trees.names(tree / "names")
    ext4trees.small_dirs(tree / "small")
    ext4trees.many(tree / "many", 6000)
    (tree / "contents").mkdir()
    for size in (0, 1, 60, 160, block - 1, block, block + 1, 13 * block):
        ext4trees.write(tree / f"contents/size{size}", ext4trees.noise(size, size))
    ext4trees.write(tree / "contents/sparse", b"s" * block, 0, 20 * block, 200 * block)
    for name, value in (("user.a", b"1"), ("trusted.b", ext4trees.noise("b", 3000))):
        os.setxattr(tree / "contents/size1", name, value)
    try:
        ext4trees.make(image, [*options.split(), "-d", str(tree)], "256M")
    except OSError as error:
        pytest.skip(f"mke2fs: {error.strerror}")
    truth = ext4fs.debugfs_view(image, tmp / "files")
    assert len(truth) > 4000
    ext4fs.check_equal(truth, ext4fs.dump(image))
