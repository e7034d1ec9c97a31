# SPDX-License-Identifier: GPL-2.0-or-later
"""What a stack costs in which nothing happens: how often its keeper and supervisor wake up, what the keeper holds, and what
watching services costs that would be scaled with their load."""
import os
import re
import sys
import time

from common import load_average
from stacks import Stack

RSS_GOAL_KIB = 512
SCALED = 200
SHARE_GOAL, LOOK_GOAL_US, LOOKS_PER_SECOND = 0.01, 20, 4


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


class ScaledStack(Stack):
    """Services with an instance each, which nobody calls."""

    def __init__(self, work, root, idle):
        super().__init__(work, root, f"scaled-{idle}")
        with open(self.manifest, "w", encoding="ascii") as out:
            out.write(f"name: davit-bench-scaled-{idle}\nservices:\n")
            for number in range(SCALED):
                out.write(f"  s{number}:\n    x-rootfs: {root}\n    command: [/bin/sleep, '100000']\n    stop_signal: SIGKILL\n"
                          f"    x-autoscale: {{max: 8, idle: {idle}}}\n")


def processor_seconds(pid):
    return int(read(f"/proc/{pid}/schedstat").split()[0]) / 1e9


def share_of(stack, seconds):
    pid = processes(f"{stack.place}/run")["supervisor"]
    before = processor_seconds(pid)
    time.sleep(seconds)
    return (processor_seconds(pid) - before) / seconds


def bench_scaled_idle(work, root, seconds):
    print(f"{SCALED} services with x-autoscale that nobody calls, for {seconds} s, load average {load_average()}:")
    for idle, what, asleep in (("5m", "awake", False), ("2s", "asleep", True)):
        stack = ScaledStack(work, root, idle)
        stack.davit("up", "--wait")
        try:
            time.sleep(5)
            while asleep and stack.davit("status", "--json").count('"asleep"') < SCALED:
                time.sleep(1)
            share = share_of(stack, seconds)
            each_us = share / LOOKS_PER_SECOND / SCALED * 1e6
            print(f"  {what}: {100 * share:.2f} % of a processor (goal <= {100 * SHARE_GOAL:.0f} %), {each_us:.1f} us for each of "
                  f"{LOOKS_PER_SECOND} looks per second and service (goal <= {LOOK_GOAL_US}): "
                  f"{verdict(share <= SHARE_GOAL and each_us <= LOOK_GOAL_US)}", flush=True)
        finally:
            stack.davit("down")
