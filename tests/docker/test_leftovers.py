# SPDX-License-Identifier: Apache-2.0
"""What removals, pulls and accidents leave behind: each is there, and named as what it is.

The hosts are written by hand; what Docker leaves where is told in moby daemon/internal/layer/filestore.go and
daemon/delete.go: a record is renamed to <digest>-<random>-removing before its layer is removed, a pull writes its record
below layerdb/tmp first, and a container is saved as dead before its layer goes.
"""
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from lib import hosts, launch, reading
from lib.hosts import Container, Host, container, hex_id
from lib.reading import Row


def files(host: Host, name: str, **options: Any) -> list[Row]:
    """The rows of one file of the host, by its path in the container."""
    result = host.run(**options)
    rows = [row for row in result.rows if row.get("filename") == name and row["data_type"] == "fs:stat"]
    assert rows and result.code == 0, result.errors
    return rows


def listed(command: str, host: Host, code: int = 0) -> list[Row]:
    """The objects of a command."""
    return launch.objects(command, host.root, code=code)


def top(host: Host, name: str, code: int = 0) -> Row:
    """What `containers` says of one."""
    [row] = [row for row in listed("containers", host, code) if row["container_identifier"] == container(host, name).id]
    return row


def test_init_layer_without_its_container(host: Host) -> None:
    """Its role is still told by its name, its owner by nothing."""
    host.store(hex_id("gone") + "-init", None, {"left": "over"})
    for row in files(host, "/left"):
        assert row["layer_role"] == "init" and row["tag"] == ["orphan_layer", "no_layer_record"]
        assert "container_identifier" not in row


def test_rw_layer_without_its_container(host: Host) -> None:
    """An init layer beside it tells what it was."""
    host.store(hex_id("gone") + "-init", None, {})
    host.store(hex_id("gone"), hex_id("gone") + "-init", {"left": "over"})
    for row in files(host, "/left"):
        assert row["layer_role"] == "rw" and row["tag"] == ["container_rw", "orphan_layer", "no_layer_record"]


def remove_layers(made: Container) -> None:
    """Remove the rw layer and the init layer of a container, with their links."""
    for path in (made.rw, made.rw.with_name(made.rw.name + "-init")):
        (path.parent / "l" / made.host.link(path.name)).unlink()
        shutil.rmtree(path)


def remove_image(host: Host, image: str) -> None:
    """The image is gone, but the removal of its layer was cut short."""
    [chain] = host.layers(image)
    records = host.meta / "layerdb/sha256"
    (records / chain[7:]).rename(records / f"{chain[7:]}-1234567890-removing")
    (host.meta / "imagedb/content/sha256" / image[7:]).unlink()
    del host.repositories["old"]
    host.write(host.meta / "repositories.json", {"Repositories": host.repositories})


def test_layer_whose_removal_was_cut_short(host: Host) -> None:
    """Its record tells its diff ID; no image claims it."""
    image = host.image("old:1", {"left": "over"})
    diff = json.loads((host.meta / "imagedb/content/sha256" / image[7:]).read_text())["rootfs"]["diff_ids"][0]
    remove_image(host, image)
    for row in files(host, "/left"):
        assert row["tag"] == ["orphan_layer", "removing"] and row["layer_identifier"] == diff
        assert "image_identifier" not in row and "used_by_images" not in row
    assert image not in {row["image_identifier"] for row in listed("images", host)}


def test_removal_cut_short_and_image_pulled_again(host: Host) -> None:
    """The new layer of the same digest is the image's; the old one stays what it is."""
    image = host.image("old:1", {"left": "over"})
    [chain] = host.layers(image)
    record = host.meta / "layerdb/sha256" / chain[7:]
    old = record.parent / (chain[7:] + "-99-removing")
    shutil.copytree(record, old)
    host.store(hex_id("earlier"), None, {"earlier": "x"})
    (old / "cache-id").write_text(hex_id("earlier"))
    result = host.run()
    assert result.code == 0, result.errors
    for name, tags, images in (("/left", [], {reading.short(image)}), ("/earlier", ["orphan_layer", "removing"], set())):
        rows = result.where(filename=name, data_type="fs:stat")
        assert rows and all((row["tag"], reading.users(row, "images")) == (tags, images) for row in rows)


def test_removal_cut_short_after_the_layer(host: Host) -> None:
    """Only the record is left: that is said."""
    remove_image(host, host.image("old:1", {"left": "over"}))
    shutil.rmtree(host.data / "overlay2" / hex_id("layer old:1 0"))
    (host.data / "overlay2/l" / host.link(hex_id("layer old:1 0"))).unlink()
    result = host.run()
    assert result.error()["code"] == "missing" and result.error()["path"].endswith("-removing")


def test_unfinished_pull(host: Host) -> None:
    """A layer that was still being unpacked, one of which the record is not yet complete, and one without any."""
    for number, parts in enumerate((("cache-id", "diff", "size"), ("cache-id",), ())):
        host.store(hex_id(f"new {number}"), None, {f"new{number}": "x"})
        record = host.meta / f"layerdb/tmp/write-set-{number}"
        record.mkdir(parents=True)
        values = {"cache-id": hex_id(f"new {number}"), "diff": "sha256:" + hex_id("d"), "size": "7"}
        for part in parts:
            (record / part).write_text(values[part])
    result = host.run()
    assert result.code == 0, result.errors
    for number, tag in enumerate(("unfinished", "unfinished", "no_layer_record")):
        rows = result.where(filename=f"/new{number}", data_type="fs:stat")
        assert rows and all(row["tag"] == ["orphan_layer", tag] for row in rows)


def test_aufs_names_what_it_removes(tmp: Any) -> None:
    """aufs renames a layer's directory before it removes it (moby v23.0.6 daemon/graphdriver/aufs/aufs.go)."""
    host = hosts.shop(tmp / "host")
    (host.data / "image/aufs/layerdb/sha256").mkdir(parents=True)
    name = hex_id("old") + "-removing"
    hosts.write_tree(bytes(host.data), {"aufs": {"diff": {name: {"left": "over"}}, "layers": {name: ""}}})
    for row in files(host, "/left"):
        assert row["tag"] == ["orphan_layer", "no_layer_record", "removing"]


def test_container_whose_configuration_is_gone(host: Host) -> None:
    """layerdb still knows it: its rows have its ID, `containers` lists it."""
    web = container(host, "web")
    shutil.rmtree(web.path)
    rows = files(host, "/run.log")
    assert all(row["container_identifier"] == web.id and "configuration_missing" in row["tag"] for row in rows)
    created = [row for row in host.run().rows if row.get("action") == "create rw layer" and
               row["container_identifier"] == web.id]
    assert len(created) == 1 and "configuration_missing" in created[0]["tag"]
    row = top(host, "web")
    assert row["tag"] == ["configuration_missing", "image_inferred"] and "container_name" not in row
    assert "created" not in row and row["image_name"] == "shop:1"
    assert row["layer_identifier"] == web.rw.name
    done = launch.run("-q", "ids", web.id[:12], host.root, "--json")
    [card] = json.loads(done.stdout)
    assert done.returncode == 0 and card["ran_at_seizure"] == "no" and "config_path" not in card
    assert "config.v2.json: not readable" in card["ran_evidence"]


def test_container_whose_layer_is_gone(host: Host) -> None:
    """Its configuration is there; that layerdb names a missing layer is an error."""
    web = container(host, "web")
    remove_layers(web)
    result = host.run()
    assert result.code == 1 and {error["code"] for error in result.errors} == {"missing"}
    rows = result.where(container_identifier=web.id, data_type="docker:container:configuration")
    assert len(rows) == 3 and all("rw_layer_missing" in row["tag"] for row in rows)
    [row] = [row for row in listed("containers", host, code=1) if row["container_identifier"] == web.id]
    assert row["tag"] == ["rw_layer_missing"] and row["state"] == "exited"


def test_container_without_layer_and_record(host: Host) -> None:
    """docker rm was cut short after the layer: no error, since nothing names what is missing."""
    web = container(host, "web")
    remove_layers(web)
    shutil.rmtree(web.mounts)
    web.change(State={"Dead": True, "RemovalInProgress": True, "StartedAt": hosts.ZERO_TIME})
    assert top(host, "web")["tag"] == ["removing", "rw_layer_missing"]
    assert top(host, "web")["state"] == "removing" and host.run().code == 0


def test_containers_of_other_stores_are_not_called_incomplete(host: Host) -> None:
    """Where their layers lie is not known: that is an error, and nothing is missing."""
    web = container(host, "web")
    shutil.rmtree(web.mounts)
    remove_layers(web)
    web.change(Driver="overlayfs")
    assert top(host, "web", code=1)["tag"] == []


def test_dead_container(host: Host) -> None:
    """All its rows tell that its removal was under way."""
    web = container(host, "web")
    web.change(State={"Dead": True, "ExitCode": 1, "StartedAt": hosts.ZERO_TIME, "FinishedAt": hosts.ZERO_TIME})
    assert all("removing" in row["tag"] for row in files(host, "/run.log"))
    assert top(host, "web")["tag"] == ["removing"] and top(host, "web")["state"] == "dead"


def test_image_that_only_a_container_names(host: Host) -> None:
    """It is listed with its users, and nothing is made up about it."""
    web, db = container(host, "web"), container(host, "db")
    image = json.loads(web.config.read_text())["Image"]
    (host.meta / "imagedb/content/sha256" / image[7:]).unlink()
    host.write(host.meta / "repositories.json", {"Repositories": {}})
    [row] = listed("images", host)
    assert row["image_identifier"] == image and row["tag"] == ["image_missing"]
    assert sorted(row["used_by_containers"]) == sorted([web.id, db.id])
    assert not {"created", "registered", "size", "layer_count"} & set(row) and row["image_names"] == []
    assert top(host, "web")["tag"] == ["image_missing"]


def test_dangling_image(host: Host) -> None:
    """Without a name and without a child; its rows say so. An intermediate image is none."""
    parent, child = host.image("parent:1", {"a": "1"}), host.image("child:1", {"b": "1"})
    host.repositories = {"shop": host.repositories["shop"]}
    host.write(host.meta / "repositories.json", {"Repositories": host.repositories})
    host.write(host.meta / "imagedb/metadata/sha256" / child[7:] / "parent", parent)
    tags = {row["image_identifier"]: row["tag"] for row in listed("images", host)}
    assert (tags[parent], tags[child]) == ([], ["dangling"])
    rows = host.run().where(image_identifier=child, data_type="docker:layer:configuration")
    assert rows and all("dangling" in row["tag"] for row in rows)


def test_volume_that_is_gone(host: Host) -> None:
    """A container still names it: it is listed without a path."""
    shutil.rmtree(host.data / "volumes/data")
    [row] = listed("volumes", host)
    assert row["volume_name"] == "data" and "path" not in row and "created" not in row
    assert [user["container_name"] for user in row["users"]] == ["web"] and row["used_by"] == [
        f"web@{container(host, 'web').id[:12]}:/data rw"]


def test_bad_size_of_a_layer(host: Host) -> None:
    """The image's size is then unknown, not wrong."""
    [chain, _] = host.layers(listed("images", host)[0]["image_identifier"])
    (host.meta / "layerdb/sha256" / chain[7:] / "size").write_text("-5")
    [row] = listed("images", host, code=1)
    assert "size" not in row and row["layer_count"] == 2


def test_image_of_a_shared_layer(tmp: Path) -> None:
    """Several images have the same layers: files are named by the one that a container uses."""
    host = Host(tmp / "host")
    first = host.image("shop:1", {"bin": {"sh": "x"}})
    config = json.loads((host.meta / "imagedb/content/sha256" / first[7:]).read_text())
    others = [json.dumps(config | {"author": f"{n}"}) for n in range(4)]
    names = [hashlib.sha256(text.encode()).hexdigest() for text in others]
    for name, text in zip(names, others):
        host.write(host.meta / "imagedb/content/sha256" / name, text)
        host.repositories[f"a{name[:4]}"] = {f"a{name[:4]}:1": "sha256:" + name}
    host.write(host.meta / "repositories.json", {"Repositories": host.repositories})
    used = sorted([first, *("sha256:" + name for name in names)])[2]
    host.container("web", used, {})
    rows = [row for row in host.run().where(layer_role="image") if row["data_type"] == "fs:stat" and "layer_identifier" in row]
    assert {row["image_identifier"] for row in rows} == {used} and rows
    assert all(len(row["used_by_images"]) == 5 for row in rows)
