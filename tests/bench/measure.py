# SPDX-License-Identifier: GPL-2.0-or-later
"""The measurements of scripts/bench, which prepares what is used here and the namespaces around it."""
import argparse
import os
import subprocess
import sys
import tempfile

from common import built, load_average, make_root, run
from idle import bench_idle, bench_scaled_idle
from look import bench_look
from logs import bench_logs
from names import bench_dns
from network import bench_network
from restarts import bench_restart
from scaling import bench_scale
from stacks import bench_up
from starts import bench_start
from waking import bench_waking

KINDS = ("load", "start", "up", "restart", "idle", "look", "logs", "scale", "network", "dns")


def bench_load():
    print(f"CPU time of loading a manifest, median of 21, load average {load_average()}:")
    for services in (500, 1000):
        print("  " + run(built("tests/bench/load_manifest"), str(services)).strip(), flush=True)


def measure(kinds, work, options):
    run("mount", "-t", "tmpfs", "tmpfs", work)
    root = os.path.join(work, "root")
    make_root(root)
    if "load" in kinds:
        bench_load()
    if "up" in kinds:
        bench_up(work, root, (1, options.few, options.many))
    if "start" in kinds:
        bench_start(work, root, options.starts)
    if "restart" in kinds:
        bench_restart(work, root, options.restarts)
    if "look" in kinds:
        bench_look(work, root, options.many, 4 * options.seconds)
    if "idle" in kinds:
        bench_idle(work, root, options.many, 4 * options.seconds)
        bench_scaled_idle(work, root, 4 * options.seconds)
    if "logs" in kinds:
        bench_logs(work, root, options.seconds)
    if "scale" in kinds:
        bench_waking(work)
        bench_scale(work)
    if "network" in kinds:
        bench_network(work, max(1, options.seconds // 2), (1, options.few, options.many))
    if "dns" in kinds:
        bench_dns(work, options.seconds)


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("kinds", nargs="*", metavar="KIND", help="load, start, up, restart, idle, look, logs, scale, network, dns; all without one")
    parser.add_argument("--starts", type=int, default=200)
    parser.add_argument("--restarts", type=int, default=30)
    parser.add_argument("--seconds", type=int, default=5, help="that writers of logs write, twice what wrk asks, a quarter of being idle")
    parser.add_argument("--few", type=int, default=100)
    parser.add_argument("--many", type=int, default=1000)
    options = parser.parse_args()
    kinds = options.kinds or KINDS
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown or min(options.starts, options.restarts) < 1 or not 1 < options.few < options.many:
        parser.error(f"no measurement '{unknown[0]}'" if unknown else "--starts 1.., --restarts 1.., 1 < --few < --many")
    run("ip", "link", "set", "lo", "up")
    work = tempfile.mkdtemp(prefix="davit-bench-")
    try:
        measure(kinds, work, options)
    except subprocess.CalledProcessError as error:
        sys.exit(f"bench: {' '.join(error.cmd[:1])} failed: {(error.stderr or error.stdout).strip()}")
    finally:
        run("umount", "-l", work)
        os.rmdir(work)


if __name__ == "__main__":
    main()
