# SPDX-License-Identifier: GPL-2.0-or-later
"""Start to exit of /bin/true: davit's runtime, the kernel's own floor, and other launchers."""
import glob
import json
import os
import shutil
import statistics
import sys

from common import built, load_average, run

# A busy moment of the machine falls on all of them.
PER_ROUND = 10
SPAWN = built("tests/bench/spawn")
# crun refuses a host with both kinds of cgroups: it sees one without the cgroup2 mount.
HYBRID = "/sys/fs/cgroup/unified"
WITHOUT_IT = ["unshare", "-m", "sh", "-c", f'umount {HYBRID} && mount -t tmpfs none {HYBRID} && exec "$@"', "sh"]
GROUP = f"/davit-test-bench-{os.getpid()}"


def bundle(work, root, net):
    """What crun and runc are given: the namespaces, limits and read-only root that the floor has."""
    path = os.path.join(work, "bundle-net" if net else "bundle")
    os.makedirs(path)
    run("runc", "spec", cwd=path)
    config = os.path.join(path, "config.json")
    with open(config, encoding="utf-8") as file:
        spec = json.load(file)
    spec["process"].update(terminal=False, args=["/bin/true"])
    spec["root"] = {"path": root, "readonly": True}
    # The host's cgroups are not what is measured.
    spec["mounts"] = [mount for mount in spec["mounts"] if mount["type"] != "cgroup"]
    linux = spec["linux"]
    linux["cgroupsPath"] = f"{GROUP}/peer"
    linux["resources"].update(cpu={"quota": 50000, "period": 100000}, memory={"limit": 64 << 20},
                              pids={"limit": 64})
    if not net:
        linux["namespaces"] = [ns for ns in linux["namespaces"] if ns["type"] != "network"]
    with open(config, "w", encoding="utf-8") as file:
        json.dump(spec, file)
    return path


def oci(program):
    def command(work, root, net):
        state = os.path.join(work, f"{program}-state")
        return [SPAWN, program, "--root", state, "run", "--bundle", bundle_of(work, root, net), "%d"]
    return command


def bundle_of(work, root, net):
    path = os.path.join(work, "bundle-net" if net else "bundle")
    return path if os.path.exists(path) else bundle(work, root, net)


def bwrap(_work, root, net):
    share = ["--share-net"] if not net else []
    return [SPAWN, "bwrap", "--unshare-all", *share, "--ro-bind", root, "/",
            "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "/bin/true"]


def own(program):
    def command(_work, root, net):
        return [built(f"tests/bench/{program}"), *(["--net"] if net else []), root, "/bin/true"]
    return command


# name, program that has to be installed, its command, what its figure includes or leaves out
LAUNCHERS = [
    ("floor", None, own("floor"), "the kernel's work alone"),
    ("davit", None, own("runtime_start"), "own user ids, filter"),
    ("bubblewrap", "bwrap", bwrap, "no cgroup, no filter"),
    ("crun", "crun", oci("crun"), "no filter; its process, its group's removal"),
    ("runc", "runc", oci("runc"), "no filter; its process, its group's removal"),
]


def times_us(command, count):
    around = WITHOUT_IT if command[1] == "crun" and os.path.ismount(HYBRID) else []
    return [float(line) for line in run(*around, command[0], "--count", str(count), *command[1:]).split()]


def remove_groups():
    """crun and runc leave the parent of their groups."""
    for path in glob.glob(f"/sys/fs/cgroup/*{GROUP}") + glob.glob(f"/sys/fs/cgroup{GROUP}"):
        os.rmdir(path)


def measure(work, root, net, starts):
    """{name: median in µs} of the launchers that are installed; exits when one fails."""
    commands = {name: make(work, root, net) for name, program, make, _ in LAUNCHERS
                if not program or shutil.which(program)}
    times = {name: [] for name in commands}
    for _ in range(max(1, starts // PER_ROUND)):
        for name, command in commands.items():
            times[name] += times_us(command, min(PER_ROUND, starts))
    return {name: statistics.median(values) for name, values in times.items()}


def verdicts(medians):
    """The goals, where the two sides of a ratio are there."""
    goals = [("davit / floor", "davit", "floor", 1.25, True),
             ("crun / davit", "crun", "davit", 2.5, False),
             ("runc / davit", "runc", "davit", 7.0, False)]
    for text, above, below, bound, at_most in goals:
        if above in medians and below in medians:
            ratio = medians[above] / medians[below]
            met = ratio <= bound if at_most else ratio >= bound
            yield f"  {text} {ratio:.2f} (goal {'<=' if at_most else '>='} {bound}): " \
                  f"{'met' if met else 'MISSED'}"


def bench_start(work, root, starts):
    absent = [name for name, program, _, _ in LAUNCHERS if program and not shutil.which(program)]
    print(f"start to exit of /bin/true, median of {starts} interleaved starts, "
          f"load average {load_average()}:")
    if absent:
        print(f"  not installed: {', '.join(absent)} (group bench of scripts/packages)")
    try:
        measured = {net: measure(work, root, net, starts) for net in (True, False)}
    finally:
        remove_groups()
    print(f"  {'':<11}{'with network namespace':>27}{'without':>27}")
    print(f"  {'':<11}{'ms':>9}{'/ floor':>9}{'/ davit':>9}{'ms':>9}{'/ floor':>9}{'/ davit':>9}")
    for name, _, _, note in LAUNCHERS:
        if name not in measured[True]:
            continue
        line = f"  {name:<11}"
        for net in (True, False):
            here = measured[net]
            line += f"{here[name] / 1000:>9.2f}{here[name] / here['floor']:>9.2f}" \
                    f"{here[name] / here['davit']:>9.2f}"
        print(f"{line}  {note}")
    for line in verdicts(measured[True]):
        print(line)
    sys.stdout.flush()
