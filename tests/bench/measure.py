# SPDX-License-Identifier: GPL-2.0-or-later
"""The measurements of scripts/bench, which prepares what is used here and the namespaces around it."""
import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

BUILD = os.environ["DAVIT_BENCH_BUILD"]
FLOOR = os.environ.get("DAVIT_BENCH_FLOOR")
DAVIT = os.path.join(BUILD, "root/bin/davit")
LOAD = os.path.join(BUILD, "tests/bench/load_manifest")
RUNTIME = os.path.join(BUILD, "tests/bench/runtime_start")


def run(*words, **more):
    return subprocess.run(words, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, **more).stdout


def make_root(path):
    """The smallest root: busybox, and the directories that are mounted on."""
    for name in ("bin", "proc", "dev", "tmp", "sys", "etc", "run", "var/tmp"):
        os.makedirs(os.path.join(path, name))
    shutil.copy("/usr/bin/busybox", os.path.join(path, "bin/busybox"))
    for name in ("sh", "true", "sleep"):
        os.symlink("busybox", os.path.join(path, "bin", name))


def start_us(program, root, count, net):
    words = [program, "--count", str(count)] + (["--net"] if net else []) + [root, "/bin/true"]
    out = run(*words)
    match = re.search(r"(\d+) starts, 0 failed, (\d+(?:\.\d+)?) us each", out)
    if not match:
        sys.exit(f"bench: {program} said: {out.strip()}")
    return float(match.group(2))


def bench_start(root, rounds, count):
    """Interleaved, so that a busy moment of the machine falls on both sides."""
    print(f"start to exit of /bin/true, median of {rounds} interleaved rounds of {count}:")
    for net in (False, True):
        davit, floor = [], []
        for _ in range(rounds):
            if FLOOR:
                floor.append(start_us(FLOOR, root, count, net))
            davit.append(start_us(RUNTIME, root, count, net))
        name = "with a network namespace" if net else "without network namespace"
        text = f"  {name}: davit {statistics.median(davit) / 1000:.2f} ms"
        if FLOOR:
            ratio = statistics.median(d / f for d, f in zip(davit, floor))
            text += f", floor {statistics.median(floor) / 1000:.2f} ms, ratio {ratio:.2f}"
        print(text, flush=True)


def bench_load():
    print("CPU time of loading a manifest, median of 21:")
    for services in (500, 1000):
        print("  " + run(LOAD, str(services)).strip(), flush=True)


def supervisor_memory(run_dir):
    """(rss, private) in KiB of the process that has the stack's run directory and is a supervisor."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/comm", encoding="ascii") as comm:
                if not comm.read().startswith("davit-superviso"):
                    continue
            with open(f"/proc/{pid}/environ", "rb") as environ:
                if f"DAVIT_RUN_DIR={run_dir}".encode() not in environ.read().split(b"\0"):
                    continue
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
                values = dict(re.findall(r"^(\w+):\s+(\d+) kB", rollup.read(), re.M))
        except (FileNotFoundError, ProcessLookupError):
            continue
        return int(values["Rss"]), int(values["Private_Clean"]) + int(values["Private_Dirty"])
    sys.exit("bench: found no supervisor")


def bench_up(work, root, instances):
    results = {}
    print("davit up --wait until all are ready:")
    for count in (1, instances):
        place = os.path.join(work, f"up-{count}")
        env = dict(os.environ, DAVIT_RUN_DIR=f"{place}/run", DAVIT_LOG_DIR=f"{place}/log",
                   DAVIT_STATE_DIR=f"{place}/state")
        os.makedirs(place)
        manifest = os.path.join(place, "compose.yaml")
        with open(manifest, "w", encoding="ascii") as out:
            out.write(f"name: davit-bench-{count}\nservices:\n  sleeper:\n    x-rootfs: {root}\n"
                      "    command: [/bin/sleep, '100000']\n    read_only: true\n    stop_signal: SIGKILL\n"
                      f"    deploy: {{replicas: {count}, resources: {{limits: "
                      "{cpus: '0.5', memory: 64M, pids: 64}}}\n")
        begin = time.monotonic()
        run(DAVIT, "-f", manifest, "up", "--wait", env=env)
        up = time.monotonic() - begin
        try:
            rows = json.loads(run(DAVIT, "-f", manifest, "ps", "--json", env=env))["instances"]
            ready = sum(row["state"] == "ready" for row in rows)
            if ready != count:
                sys.exit(f"bench: {ready} of {count} instances are ready")
            results[count] = supervisor_memory(f"{place}/run")
        finally:
            begin = time.monotonic()
            run(DAVIT, "-f", manifest, "down", env=env)
            down = time.monotonic() - begin
        print(f"  {count} instance{'s' if count > 1 else ''}: {up * 1000:.0f} ms, {up * 1000 / count:.1f} ms each; "
              f"down {down * 1000:.0f} ms", flush=True)
    (rss_one, private_one), (rss_all, private_all) = results[1], results[instances]
    print("memory of the supervisor:")
    print(f"  with 1 instance: RSS {rss_one} KiB, private {private_one} KiB")
    print(f"  with {instances}: RSS {rss_all} KiB, private {private_all} KiB")
    print(f"  all of it divided by {instances} instances: RSS {rss_all / instances:.0f} KiB, "
          f"private {private_all / instances:.0f} KiB")
    print(f"  per further instance: RSS {(rss_all - rss_one) / (instances - 1):.1f} KiB, "
          f"private {(private_all - private_one) / (instances - 1):.1f} KiB")


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--instances", type=int, default=100)
    options = parser.parse_args()
    run("ip", "link", "set", "lo", "up")
    work = tempfile.mkdtemp(prefix="davit-bench-")
    try:
        run("mount", "-t", "tmpfs", "tmpfs", work)
        root = os.path.join(work, "root")
        make_root(root)
        bench_load()
        bench_start(root, options.rounds, options.count)
        bench_up(work, root, options.instances)
    except subprocess.CalledProcessError as error:
        sys.exit(f"bench: {' '.join(error.cmd[:1])} failed: {(error.stderr or error.stdout).strip()}")
    finally:
        run("umount", "-l", work)
        os.rmdir(work)


if __name__ == "__main__":
    main()
