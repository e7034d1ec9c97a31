# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole stacks: how long `up` and `down` take, and what the supervisor needs for each instance."""
import http.client
import json
import os
import re
import socket
import sys
import tempfile
import time

from common import built, load_average, run

DAVIT = built("root/bin/davit")
TURN_GOAL_S = 0.01
# A bridge has no more ports than 1023.
LINKS_MAX = 1020


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def loop_turns(socket_path):
    """Of the supervisor's loop {upper bound in seconds: turns that took at most that}, and the same of their own time."""
    connection = UnixConnection(socket_path)
    connection.request("GET", "/v1/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    return tuple({float(bound): int(count) for bound, count in
                  re.findall(rf'^davit_loop_turn_{kind}seconds_bucket\{{le="([^"]+)"\}} (\d+)$', text, re.M)}
                 for kind in ("", "own_"))


def slow_turns(turns):
    """How many took longer than the goal, and the bound that none was above."""
    total = turns[float("inf")]
    return total - turns[TURN_GOAL_S], min(bound for bound, count in turns.items() if count == total)


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


class Stack:
    """One stack of sleepers, in directories of its own."""

    def __init__(self, work, root, count):
        self.count = count
        self.place = tempfile.mkdtemp(prefix=f"up-{count}-", dir=work)
        self.env = dict(os.environ, DAVIT_RUN_DIR=f"{self.place}/run", DAVIT_LOG_DIR=f"{self.place}/log",
                        DAVIT_STATE_DIR=f"{self.place}/state")
        self.manifest = os.path.join(self.place, "compose.yaml")
        with open(self.manifest, "w", encoding="ascii") as out:
            out.write(f"name: davit-bench-{count}\nservices:\n  sleeper:\n    x-rootfs: {root}\n"
                      "    command: [/bin/sleep, '100000']\n    read_only: true\n    stop_signal: SIGKILL\n"
                      f"    deploy: {{replicas: {count}, resources: {{limits: "
                      "{cpus: '0.5', memory: 64M, pids: 64}}}\n")

    def davit(self, *words):
        return run(DAVIT, "-f", self.manifest, *words, env=self.env)

    def timed_ms(self, *words):
        begin = time.monotonic()
        self.davit(*words)
        return (time.monotonic() - begin) * 1000

    def measure(self):
        """{up_ms, down_ms, rss, private} of one life of the stack."""
        result = {"up_ms": self.timed_ms("up", "--wait")}
        try:
            rows = json.loads(self.davit("ps", "--json"))["instances"]
            ready = sum(row["state"] == "ready" for row in rows)
            if ready != self.count:
                sys.exit(f"bench: {ready} of {self.count} instances are ready")
            result["rss"], result["private"] = supervisor_memory(f"{self.place}/run")
            result["turns"] = loop_turns(f"{self.place}/run/davit-bench-{self.count}/control.sock")
        finally:
            result["down_ms"] = self.timed_ms("down")
        return result


def report_memory(results, few, many):
    more = many - few
    each = {kind: (results[many][kind] - results[few][kind]) / more for kind in ("rss", "private")}
    total = results[many]["private"]
    print("  memory of the supervisor:")
    for count, result in results.items():
        print(f"    with {count}: RSS {result['rss']} KiB, private {result['private']} KiB")
    print(f"    per instance from {few} to {many}: RSS {each['rss']:.1f} KiB, private {each['private']:.1f} KiB "
          f"(goal <= 16): {'met' if each['private'] <= 16 else 'MISSED'}")
    print(f"    private with {many}: {total / 1024:.1f} MiB (goal <= 8): {'met' if total <= 8192 else 'MISSED'}")


def report_kernel(few, many):
    """What grows with the number of links in the kernel itself."""
    costs = {count: [float(word) for word in run(built("tests/bench/links"), str(count)).split()]
             for count in (few, many)}
    for i, what in enumerate(("making", "removing")):
        print(f"  the kernel's own part in that, {what} network namespaces with a link to one bridge: "
              f"{costs[few][i]:.0f} us each of {few}, {costs[many][i]:.0f} of {many}: "
              f"{costs[many][i] / costs[few][i]:.2f}")


def bench_up(work, root, counts):
    print(f"davit up --wait until all are ready, load average {load_average()}:")
    results = {}
    for count in counts:
        result = results[count] = Stack(work, root, count).measure()
        print(f"  {count} instance{'s' if count > 1 else ''}: {result['up_ms']:.0f} ms, "
              f"{result['up_ms'] / count:.2f} ms each; down {result['down_ms']:.0f} ms, "
              f"{result['down_ms'] / count:.2f} ms each", flush=True)
    for count, result in results.items():
        turns, own = result["turns"]
        slow, longest = slow_turns(turns)
        own_slow, own_longest = slow_turns(own)
        print(f"  turns of the loop with {count}: {turns[float('inf')]}, the longest at most {longest * 1000:g} ms, "
              f"{slow} above 10 ms (goal 0): {'met' if slow == 0 else 'MISSED'}; without waiting for a processor "
              f"at most {own_longest * 1000:g} ms, {own_slow} above 10 ms: {'met' if own_slow == 0 else 'MISSED'}")
    few, many = counts[-2:]
    for key in ("up_ms", "down_ms"):
        ratio = results[many][key] / many / (results[few][key] / few)
        print(f"  {key[:-3]} of {many} per instance / of {few}: {ratio:.2f} (goal <= 1.2): "
              f"{'met' if ratio <= 1.2 else 'MISSED'}")
    report_kernel(min(few, LINKS_MAX), min(many, LINKS_MAX))
    report_memory(results, few, many)
    sys.stdout.flush()
