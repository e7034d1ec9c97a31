# SPDX-License-Identifier: GPL-2.0-or-later
"""What a stack costs in which nothing happens: how often its keeper and supervisor wake up, and what the keeper holds."""
import os
import re
import sys
import time

from common import load_average
from stacks import Stack

RSS_GOAL_KIB = 512


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def processes(run_dir):
    """{"keeper" or "supervisor": pid} of the stack with this run directory."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            name = re.fullmatch(r"davit-(keeper|superviso)r?", read(f"/proc/{pid}/comm").strip())
            with open(f"/proc/{pid}/environ", "rb") as environ:
                ours = f"DAVIT_RUN_DIR={run_dir}".encode() in environ.read().split(b"\0")
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if name and ours:
            found["keeper" if name.group(1) == "keeper" else "supervisor"] = pid
    if len(found) != 2:
        sys.exit(f"bench: found only {found or 'nothing'} of keeper and supervisor")
    return found


def wake_ups(pid):
    """Of all its threads, each of which sleeps of its own will before it can be woken."""
    return sum(int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", read(f"/proc/{pid}/task/{task}/status"), re.M).group(1))
               for task in os.listdir(f"/proc/{pid}/task"))


def private_kib(pid):
    values = dict(re.findall(r"^(\w+):\s+(\d+) kB", read(f"/proc/{pid}/smaps_rollup"), re.M))
    return int(values["Private_Clean"]) + int(values["Private_Dirty"])


def verdict(good):
    return "met" if good else "MISSED"


def bench_idle(work, root, count, seconds):
    print(f"{count} idle instances for {seconds} s, load average {load_average()}:")
    stack = Stack(work, root, count)
    stack.davit("up", "--wait")
    try:
        found = processes(f"{stack.place}/run")
        time.sleep(5)  # what a start leaves to be done later
        before = {name: wake_ups(pid) for name, pid in found.items()}
        time.sleep(seconds)
        for name, pid in found.items():
            woken = wake_ups(pid) - before[name]
            print(f"  {name}: {woken} wake-ups, {woken / seconds:.2f} per second (goal 0): {verdict(woken == 0)}")
        held = private_kib(found["keeper"])
        print(f"  keeper: private {held} KiB (goal <= {RSS_GOAL_KIB}): {verdict(held <= RSS_GOAL_KIB)}", flush=True)
    finally:
        stack.davit("down")
