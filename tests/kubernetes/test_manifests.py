# SPDX-License-Identifier: Apache-2.0
"""Pods that a node starts from files, and the kubelet's configuration: what they say, and what they expose."""
import json
import os
import random
from pathlib import Path

import pytest
from lib import reading
from lib.nodes import BASE, UID, Node, cri_line
from lib.reading import Row

MANIFEST = """\
apiVersion: v1
kind: Pod
metadata:
  name: agent          # a comment
  namespace: kube-system
  labels: {}
spec:
  hostNetwork: true
  hostPID: "true"
  initContainers:
  - name: prepare
    image: registry.example/prepare:1
    command: ["sh", "-c", "chmod 0 /x"]
  containers:
    - image: 'registry.example/agent:2'
      name: agent
      command:
      - /agent
      - --verbose
      args: [a, b]
      securityContext:
        privileged: true
        capabilities:
          add: [SYS_ADMIN]
      volumeMounts:
      - mountPath: /host
        name: host
      - name: logs
        mountPath: /logs
        readOnly: true
  volumes:
  - name: host
    hostPath:
      path: /
      type: Directory
  - hostPath:
      path: /var/log
    name: logs
"""
PLACES = ["etc/kubernetes/manifests", "var/lib/rancher/k3s/agent/pod-manifests", "var/lib/rancher/rke2/server/manifests",
          "var/lib/k0s/manifests/stack"]


@pytest.fixture
def node(tmp: Path) -> Node:
    """A node with a pod."""
    node = Node(tmp / "node")
    node.pod("volumes/kubernetes.io~empty-dir/scratch")
    return node


def put(node: Node, text: str, path: str = "etc/kubernetes/manifests/agent.yaml") -> Path:
    """A manifest that was written at BASE."""
    path = node.write(path, text)
    os.utime(path, ns=(BASE, BASE))
    return path


def findings(rows: list[Row]) -> dict[str, str]:
    """Action and severity of what was found."""
    return {row["action"]: reading.severity(row) for row in rows}


@pytest.mark.parametrize("place", PLACES)
def test_manifest(place: str, node: Node) -> None:
    """Who runs what, by which image, and with which paths of the host."""
    put(node, MANIFEST, f"{place}/agent.yaml")
    result = node.run()
    (row,) = result.where(data_type="container:pod:manifest")
    assert reading.nanoseconds(row) == BASE and row["confidence"] == "claimed"
    assert row["image_reference"] == "registry.example/agent:2" and row["command"] == "/agent --verbose a b"
    assert row["mounts"] == ["/ rw", "/var/log ro"] and not result.errors
    for fact in ("kind Pod", "name agent", "namespace kube-system", "container prepare",
                 "image registry.example/prepare:1"):
        assert fact in row["facts"]


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_exposure(form: str, node: Node) -> None:
    """The severity of each setting is that of exposure.def. JSON says the same."""
    yaml = pytest.importorskip("yaml")
    put(node, MANIFEST if form == "yaml" else json.dumps(yaml.safe_load(MANIFEST)))
    rows = [row for row in node.run().where(data_type="container:exposure")
            if reading.location(row).endswith(b"/agent.yaml")]
    assert findings(rows) == {"run privileged": "critical", "share the host's processes": "high",
                              "share the host's network": "medium", "add a capability": "high",
                              "mount a sensitive path of the host": "medium"} and len(rows) == 6
    paths = {row["setting"] if "setting" in row else " ".join(row["facts"]): reading.severity(row) for row in rows
             if row["action"].startswith("mount")}
    assert sorted(paths.values()) == ["critical", "medium"]




@pytest.mark.parametrize("seed", range(3))
def test_as_others_write(seed: int, node: Node) -> None:
    """What a writer of YAML makes of pods, indented as kubeadm does or not, with quotes where it needs them."""
    yaml = pytest.importorskip("yaml")
    rng, wanted = random.Random(seed), {}
    words = ["a", "yes", "1.5", "x: y", "#no", "it's", 'say "x"', "- z", "null", "/a/b:c", "{}", "tab\tbed", "*s", "&t",
             "! u"]
    for number in range(40):
        spec = {"hostNetwork": rng.random() < 0.5,
                "containers": [{"name": f"c{at}", "image": rng.choice(words), "command": rng.choices(words, k=3),
                                "securityContext": {"privileged": rng.random() < 0.5},
                                "volumeMounts": [{"name": "v0", "mountPath": "/x", "readOnly": rng.random() < 0.5}]}
                               for at in range(rng.randrange(1, 4))],
                "volumes": [{"name": "v0", "hostPath": {"path": rng.choice(["/", "/etc", "/srv/a b"])}},
                            {"name": "v1", "emptyDir": {}}]}
        text = yaml.safe_dump({"kind": "Pod", "metadata": {"name": f"pod{number}"}, "spec": spec}, width=1000,
                              sort_keys=rng.random() < 0.5)
        put(node, text, f"etc/kubernetes/manifests/{number}.yaml")
        wanted[f"name pod{number}"] = spec
    result = node.run()
    assert not result.errors
    for row in result.where(data_type="container:pod:manifest"):
        spec = wanted.pop(row["facts"][1])
        first, read_only = spec["containers"][0], all(c["volumeMounts"][0]["readOnly"] for c in spec["containers"])
        assert len(reading.facts(row, "image")) == len(spec["containers"])
        assert row["mounts"] == [f"{spec['volumes'][0]['hostPath']['path']} {'ro' if read_only else 'rw'}"]
        privileged = sum(c["securityContext"]["privileged"] for c in spec["containers"]) + spec["hostNetwork"]
        assert len([p for p in row.get("privileges", []) if "hostPath" not in p]) == privileged
        if not set("\"'\t") & set("".join(first["command"] + [first["image"]])):
            assert row["command"] == " ".join(first["command"]) and row["image_reference"] == first["image"]
    assert not wanted


def test_owner(node: Node) -> None:
    """The kubelet adds the name of the node to that of the pod."""
    node.log(cri_line("a", BASE), pod="agent-node1", namespace="kube-system")
    put(node, MANIFEST)
    (row,) = node.run().where(data_type="container:pod:manifest")
    assert (row["pod_name"], row["pod_identifier"]) == ("agent-node1", UID)
    assert "owner_inferred" in row["tag"] and row["layer_role"] == "host"


def test_several_documents(node: Node) -> None:
    """A Deployment among them, as k3s takes them; its pod is below a template."""
    put(node, "---\n" + MANIFEST + "---\nkind: Deployment\nmetadata: \n  name: two\nspec:\n  template:\n    spec:\n"
        "      containers:\n      - name: b\n        image: b:1\n        securityContext:\n          privileged: true\n")
    result = node.run()
    rows = result.where(data_type="container:pod:manifest")
    assert [row["image_reference"] for row in rows] == ["registry.example/agent:2", "b:1"]
    assert len(result.where(action="run privileged")) == 2


def test_what_is_not_understood(node: Node) -> None:
    """It is told with its line, and the rest is read."""
    put(node, "kind: Pod\nmetadata: {name: x}\nspec:\n  hostNetwork: true\n")
    result = node.run()
    assert result.error()["code"] == "unsupported" and "first: line 2" in result.error()["reason"]
    assert result.where(action="share the host's network")


def test_hidden_file(node: Node) -> None:
    """The kubelet does not read it, but somebody put it there."""
    put(node, MANIFEST, "etc/kubernetes/manifests/.agent.yaml")
    (row,) = node.run().where(data_type="container:pod:manifest")
    assert any("ignores" in fact for fact in row["facts"])


CONFIG = """\
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous:
    enabled: true
authorization:
  mode: AlwaysAllow
readOnlyPort: 10255
staticPodPath: /srv/pods
containerLogMaxSize: 10Mi
"""


def test_configuration(node: Node) -> None:
    """What exposes the node, and where its static pods are."""
    put(node, CONFIG, "var/lib/kubelet/config.yaml")
    put(node, MANIFEST, "srv/pods/agent.yaml")
    result = node.run()
    rows = [row for row in result.where(data_type="container:exposure")
            if reading.location(row) == b"/var/lib/kubelet/config.yaml"]
    assert findings(rows) == {"configure the daemon": "info", "let anybody talk to the kubelet": "high",
                              "let the kubelet allow all requests": "critical",
                              "serve the kubelet's read-only port": "medium", "run pods from files": "info"}
    assert all(reading.nanoseconds(row) == BASE for row in rows)
    assert len(result.where(data_type="container:pod:manifest")) == 1


def test_flags(node: Node) -> None:
    """The command line that kubeadm writes says the same by options."""
    put(node, 'KUBELET_KUBEADM_ARGS="--anonymous-auth=true --read-only-port=0 --container-runtime-endpoint=unix:///x"\n',
        "var/lib/kubelet/kubeadm-flags.env")
    rows = node.run().where(data_type="container:exposure")
    assert findings(rows) == {"configure the daemon": "info", "let anybody talk to the kubelet": "high"}
