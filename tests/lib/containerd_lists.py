# SPDX-License-Identifier: Apache-2.0
"""What the program lists of images and containers: is it what containerd's databases, manifests and configurations say?

Those containerd_truth.py reads; how Docker shortens the names of images its own `docker image inspect` shows.
"""
from collections import defaultdict
from collections.abc import Iterator

from lib.case_check import Result
from lib.containerd_truth import ContainerdCase, Image, image_ids, life_of, pod_of, runtimes
from lib.reading import Row
from lib.truth import faults, iso_ns, show


def check_images(case: ContainerdCase, listed: list[Row], history: list[Row]) -> Result:
    """The list of images with names and layers, and every step of their history."""
    result, steps = Result(), defaultdict(set)
    for row in history:
        steps[row.get("image_identifier")].add((row["date_time"], squeezed(row.get("command"))))
    for image in case.images:
        text = f"image {image.namespace} {show(image.target)}"
        said = [row for row in listed if row["image_identifier"] in image.ids
                and row.get("container_namespace", "moby") == image.namespace]
        if result.expect(said, text):
            for fault in (*name_faults(image, said), *layer_faults(case, image, said)):
                result.report("wrong", f"{text}: {fault}")
            for row in said:
                want = {"container_runtime": runtimes(case, image.namespace, None)}
                if bad := faults(want, row):
                    result.report("wrong", f"{text}: {bad}")
        have = set().union(*(steps[digest] for digest in image.ids))
        for one in image.manifests:
            for step in one.history:
                wanted = iso_ns(step.get("created")), squeezed(step.get("created_by"))
                if wanted[0] is not None:
                    result.expect(wanted in have, f"step of {text} {one.platform}: {show(wanted)}")
    return result


def squeezed(text: str | None) -> str:
    """With single blanks."""
    return " ".join((text or "").split())


def name_faults(image: Image, said: list[Row]) -> Iterator[str]:
    """What is wrong in the names of an image, and in when it was made."""
    names = {name for name in image.names if not name.startswith(("moby-dangling@", "sha256:"))}
    told = {name for row in said for name in row.get("image_names", [])}
    short = {name: {name.removeprefix("docker.io/").removeprefix("library/")} for name in names}
    if image.namespace != "moby":                     # Docker alone shortens them
        short = {name: every | {name} for name, every in short.items()}
    if lacking := [name for name in names if not told & short[name]]:
        yield f"{sorted(told)} without {lacking}"
    digests = {name.rpartition(":")[0] + "@" + image.target for every in short.values() for name in every}
    if unknown := told - digests - set().union(*short.values(), image.names):
        yield f"{sorted(unknown)}?"
    created = {one.created for one in image.manifests}
    if wrong := [row["created"] for row in said if row.get("created") and iso_ns(row["created"]) not in created]:
        yield f"created {wrong}, not {created}"


def layer_faults(case: ContainerdCase, image: Image, said: list[Row]) -> Iterator[str]:
    """What is wrong in the layers of an image: at least the platforms that were unpacked must be told right."""
    keys = ("diff_identifier", "chain_identifier", "blob_identifier", "blob_size")
    got = [[tuple(layer.get(key) for key in keys) for layer in row.get("layers", [])] for row in said]
    for one in image.manifests:
        places = {key: [str(place.directory.decode()).removesuffix("/fs") for name in case.inner
                        if (place := case.snapshot(image.namespace, name, key))] for key in one.chains}
        if not any(places.values()):
            continue
        want = [(diff, chain, blob, size) for diff, chain, (blob, size) in zip(one.diff_ids, one.chains, one.blobs)]
        if want not in got:
            yield f"{one.platform} layers {show(got)}, not {show(want)}"
            continue
        for key, layer in zip(one.chains, said[got.index(want)]["layers"]):
            if layer.get("path", "").removesuffix("/fs") not in (places[key] or [""]):
                yield f"layer {show(key)} at {layer.get('path')}, not {places[key]}"


def check_containers(case: ContainerdCase, containers: list[Row], listed: list[Row]) -> Result:
    """The list of containers: all of these, with name, image, namespace, pod and times."""
    result, by_id = Result(), {row["container_identifier"]: row for row in listed}
    for container in containers:
        cid, text = container["Id"], f"container {show(container['Id'])} {container['Name'][1:]}"
        row = by_id.pop(cid, None)
        if not result.expect(row, text):
            continue
        want = {"container_name": container["Name"][1:]}
        if cid in case.tops:
            want |= {"container_namespace": container["namespace"], **pod_of(container),
                     "container_runtime": runtimes(case, container["namespace"], container),
                     "image_identifier": tuple(image_ids(case, container["namespace"], {container["Image"]}))}
        if container.get("runtime") == "":
            times = {action: time for action, time, _more in life_of(container)}
            for action, key in (("create", "created"), ("start", "started"), ("finish", "finished")):
                if (action in times or container["status"]) and iso_ns(row.get(key)) != times.get(action):
                    result.report("wrong", f"{text}: {key} {row.get(key)}, not {times.get(action)}")
            want |= {"exit_code": container["status"]["ExitCode"]} if "finish" in times else {}
        if bad := faults(want, row):
            result.report("wrong", f"{text}: {'; '.join(bad)}")
    for cid in by_id:
        result.report("extra", f"container {show(cid)}")
    return result
