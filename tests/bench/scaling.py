# SPDX-License-Identifier: GPL-2.0-or-later
"""A load that steps up to eight times as much: how soon instances follow, what waits meanwhile, and what it costs, beside
the rules of Kubernetes' autoscaler (HPA, with its defaults) carried out by the same supervisor."""
import json
import math
import os
import threading
import time

from common import built, load_average, run

DAVIT = built("root/bin/davit")
COST_MS, SHARE = 10, 0.2  # a request's processor time, and what an instance may have of a processor: 20 requests per second
LOW, HIGH = 10, 80	  # requests per second
BEFORE_S, DURING_S = 20, 60
LATE_MS = 100
HPA_PERIOD_S, HPA_TARGET, HPA_TOLERANCE = 15, 0.7, 0.1


class Stack:
    def __init__(self, work, name, autoscale):
        self.place = os.path.join(work, name)
        self.env = dict(os.environ, DAVIT_RUN_DIR=f"{self.place}/run", DAVIT_LOG_DIR=f"{self.place}/log",
                        DAVIT_STATE_DIR=f"{self.place}/state")
        os.makedirs(self.place)
        self.manifest = os.path.join(self.place, "compose.yaml")
        with open(self.manifest, "w", encoding="ascii") as out:
            out.write(f"name: davit-bench-{name}\nservices:\n  web:\n    x-rootfs: host\n    cpus: {SHARE}\n"
                      f"    volumes: ['{built('tests/bench/serve')}:/serve:ro']\n"
                      f"    command: [/serve, '80', '{COST_MS}']\n    stop_signal: SIGKILL\n{autoscale}"
                      "  client:\n    x-rootfs: host\n    init: true\n"
                      f"    volumes: ['{built('tests/bench/callers')}:/callers:ro']\n    command: [sleep, infinity]\n")

    def davit(self, *words):
        return run(DAVIT, "-f", self.manifest, *words, env=self.env)

    def wanted(self):
        rows = json.loads(self.davit("status", "--json"))["services"]
        return next((row["desired"], row["ready"]) for row in rows if row["service"] == "web")


class Observer(threading.Thread):
    """Notes how many instances there are, four times a second; with HPA's rules it also sets how many."""

    def __init__(self, stack, hpa):
        super().__init__(daemon=True)
        self.stack, self.hpa = stack, hpa
        self.begin = time.monotonic()
        self.seen = []  # (seconds, desired, ready)
        self.proposals = []  # (seconds, instances) of the last five minutes
        self.over = threading.Event()

    def cpu_seconds(self):
        rows = json.loads(self.stack.davit("stats", "--json", "web"))["instances"]
        return [row["cpu"] / SHARE for row in rows if row["state"] == "ready"]

    def decide(self, current):
        """algorithms: ceil(ready * use / target) beyond the tolerance, the most of five minutes, at most doubled or four more."""
        uses = self.cpu_seconds()
        ratio = sum(uses) / len(uses) / HPA_TARGET if uses else 1
        proposal = current if abs(ratio - 1) <= HPA_TOLERANCE else math.ceil(ratio * len(uses))
        now = time.monotonic()
        self.proposals = [(at, n) for at, n in self.proposals if now - at < 300] + [(now, proposal)]
        wanted = min(max(max(n for _, n in self.proposals), 1), 8, max(2 * current, current + 4))
        if wanted != current:
            self.stack.davit("scale", f"web={wanted}")

    def run(self):
        last = self.begin
        while not self.over.wait(0.25):
            desired, ready = self.stack.wanted()
            self.seen.append((time.monotonic() - self.begin, desired, ready))
            if self.hpa and time.monotonic() - last >= HPA_PERIOD_S:
                last = time.monotonic()
                self.decide(desired)


def measure(work, name, autoscale, hpa):
    stack = Stack(work, name, autoscale)
    stack.davit("up", "--wait")
    try:
        address = stack.davit("exec", "-T", "client", "getent", "ahostsv4", "web").split()[0]
        observer = Observer(stack, hpa)
        observer.start()
        calls = stack.davit("exec", "-T", "client", "/callers", address, "80", f"{LOW}:{BEFORE_S}", f"{HIGH}:{DURING_S}")
        observer.over.set()
        observer.join()
    finally:
        stack.davit("down")
    return [tuple(map(float, line.split())) for line in calls.splitlines()], observer.seen


def report(name, calls, seen):
    after = [(at - BEFORE_S, ready) for at, _, ready in seen if at >= BEFORE_S]
    begun = max((ready for at, _, ready in seen if at < BEFORE_S), default=1)
    first = next((at for at, ready in after if ready > begun), None)
    enough = next((at for at, ready in after if ready >= HIGH * COST_MS / 1000 / SHARE), None)
    late = sum(took < 0 or took > LATE_MS for _, took in calls)
    failed = sum(took < 0 for _, took in calls)
    spent = sum(desired * (seen[i + 1][0] - seen[i][0]) for i, (_, desired, _) in enumerate(seen[:-1]))
    steps = [desired for i, (_, desired, _) in enumerate(seen) if i == 0 or desired != seen[i - 1][1]]
    turns = sum((b - a) * (c - b) < 0 for a, b, c in zip(steps, steps[1:], steps[2:]))
    shown = [f"{value:.1f} s" if value is not None else "never" for value in (first, enough)]
    print(f"  {name:6}  another instance after {shown[0]}, enough after {shown[1]}; {late} of {len(calls)} requests over "
          f"{LATE_MS} ms, {failed} failed; {spent:.0f} instance seconds, {turns} reversals, numbers {steps}", flush=True)
    return first, late, spent, turns


def bench_scale(work):
    print(f"the controller, load average {load_average()}:")
    for instances in (1, 64, 1000):
        print("  " + run(built("tests/bench/decide"), str(instances)).strip(), flush=True)
    print(f"requests of {COST_MS} ms, {LOW} and then {HIGH} per second, an instance manages {SHARE * 1000 / COST_MS:.0f}; "
          f"load average {load_average()}:")
    davit = report("davit", *measure(work, "scale-davit", "    x-autoscale: {max: 8}\n", False))
    hpa = report("HPA", *measure(work, "scale-hpa", "", True))
    if davit[0] is None or hpa[0] is None:
        print("  no instance was added: MISSED")
        return
    faster, cost = hpa[0] / max(davit[0], 0.25), davit[2] / hpa[2]
    print(f"  reaction {faster:.0f} times as fast (goal >= 20): {'met' if faster >= 20 else 'MISSED'}; "
          f"cost {cost:.2f} times as much (goal <= 1.1): {'met' if cost <= 1.1 else 'MISSED'}; "
          f"{davit[3]} reversals (goal <= 1): {'met' if davit[3] <= 1 else 'MISSED'}", flush=True)
