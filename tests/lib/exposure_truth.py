# SPDX-License-Identifier: Apache-2.0
"""What exposes a host to a container, and what bounds the container, by docker inspect: what the user asked for."""

SHARED = {"PidMode": "share the host's processes", "NetworkMode": "share the host's network",
          "IpcMode": "share the host's IPC", "UTSMode": "share the host's name",
          "CgroupnsMode": "share the host's view of cgroups"}
# moby oci/caps/defaults.go
DEFAULT_CAPABILITIES = set("CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE "
                           "SYS_CHROOT KILL AUDIT_WRITE".split())
UNCONFINED = {"seccomp=unconfined": "run without seccomp", "apparmor=unconfined": "run without AppArmor",
              "label=disable": "run without SELinux label"}
SENSITIVE = ("/etc", "/root", "/proc", "/sys", "/dev", "/run", "/var/run", "/var/lib/docker", "/boot")
LIMITS = ("Memory", "MemoryReservation", "MemorySwap", "NanoCpus", "CpuQuota", "CpuPeriod", "CpuShares", "PidsLimit",
          "CpusetCpus", "CpusetMems", "CgroupParent", "BlkioWeight", "OomScoreAdj")


def expected(said: dict) -> list[tuple[str, str]]:
    """(what is done, setting) by docker inspect: all but what a mount or a port means."""
    host = said["HostConfig"]
    rows = [(action, f"{field}=host") for field, action in SHARED.items() if host.get(field) == "host"]
    if host["Privileged"]:
        rows.append(("run privileged", "Privileged=true"))
    rows += [("add a capability", f"CapAdd={name}") for name in host["CapAdd"] or []
             if name.removeprefix("CAP_") not in DEFAULT_CAPABILITIES]
    rows += [(UNCONFINED[option], f"SecurityOpt={option}") for option in host["SecurityOpt"] or []
             if option in UNCONFINED]
    if host.get("MaskedPaths") == []:
        rows.append(("unmask system paths", "MaskedPaths=[]"))
    for mount in said["Mounts"]:
        setting = f"bind {mount['Source']} -> {mount['Destination']} {'rw' if mount['RW'] else 'ro'}"
        if mount["Type"] != "bind":
            continue
        if mount["Source"].endswith(("docker.sock", "containerd.sock")):
            rows.append(("mount the socket of a container engine", setting))
        elif mount["Source"] == "/" or (mount["Source"] + "/").startswith(tuple(path + "/" for path in SENSITIVE)):
            rows.append(("mount a sensitive path of the host", setting))
    for port, bindings in (host["PortBindings"] or {}).items():
        rows += [("publish a port on all addresses", f"PortBindings={item['HostIp']}:{item['HostPort']}->{port}")
                 for item in bindings if item["HostIp"] in ("", "0.0.0.0", "::")]
    for item in host["Devices"] or []:
        disk = item["PathOnHost"].startswith(("/dev/sd", "/dev/vd", "/dev/loop", "/dev/nvme"))
        action = "use a disk or the memory of the host" if disk else "use a device of the host"
        rows.append((action, f"Devices={item['PathOnHost']}"))
    rows += [("allow devices by rule", f"DeviceCgroupRules={rule}") for rule in host.get("DeviceCgroupRules") or []]
    return sorted(rows)


def limits(said: dict) -> set[str]:
    """What bounds the container, by docker inspect."""
    host = said["HostConfig"]
    facts = {f"{field}={host[field]}" for field in LIMITS if host.get(field)}
    facts |= {f"Ulimits={item['Name']}:{item['Soft']}:{item['Hard']}" for item in host["Ulimits"] or []}
    facts |= {"OomKillDisable=true"} if host.get("OomKillDisable") else set()
    facts |= set() if host["Memory"] > 0 else {"no limit of memory"}
    return facts | (set() if (host["PidsLimit"] or 0) > 0 else {"no limit of processes"})
