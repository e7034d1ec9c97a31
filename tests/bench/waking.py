# SPDX-License-Identifier: GPL-2.0-or-later
"""The first request to a service that sleeps: what it takes beyond the start of an instance, and where that is spent."""
import datetime
import json
import socket
import statistics
import time

from common import built, load_average
from scaling import Stack

TIMES = 20
GOAL_MS = 20
PARTS = ("until an instance is started", "starting it", "from ready to the answer")


def asleep(stack):
    while '"asleep"' not in stack.davit("status", "--json"):
        time.sleep(0.1)


def ask(address):
    """When it was asked, and when it answered."""
    begin = time.time()
    with socket.create_connection((address, 80), timeout=60) as peer:
        peer.sendall(b"x")
        peer.recv(100)
        return begin, time.time()


def moment(event):
    return datetime.datetime.fromisoformat(event["time"]).timestamp()


def parts_of(stack, begin, end):
    """Seconds of each of PARTS, by the stack's own events."""
    events = [json.loads(line) for line in stack.davit("events", "--no-follow", "--json", "web").splitlines()]
    after = [event for event in events if moment(event) >= begin]
    starting, ready = (next(moment(event) for event in after if event["action"] == action) for action in ("starting", "ready"))
    return starting - begin, ready - starting, end - ready


def bench_waking(work):
    stack = Stack(work, "waking", "    x-autoscale: {max: 1, idle: 500ms}\n", cost_ms=0)
    stack.davit("up", "--wait")
    try:
        address = json.loads(stack.davit("status", "--json"))["services"]
        address = next(iter(next(row["addresses"] for row in address if row["service"] == "web").values()))
        asleep(stack)
        seen = []
        for _ in range(TIMES):
            seen.append(parts_of(stack, *ask(address)))
            asleep(stack)
    finally:
        stack.davit("down")
    beyond = statistics.median(one[0] + one[2] for one in seen) * 1000
    shown = ", ".join(f"{what} {statistics.median(one[i] for one in seen) * 1000:.1f} ms" for i, what in enumerate(PARTS))
    print(f"the first request to a service that sleeps, median of {TIMES}, load average {load_average()}:\n"
          f"  {shown}; beyond the start {beyond:.1f} ms (goal <= {GOAL_MS}): {'met' if beyond <= GOAL_MS else 'MISSED'}", flush=True)
