# SPDX-License-Identifier: GPL-2.0-or-later
"""A load that steps up to eight times as much, and down again: how soon instances follow, what waits meanwhile, and what it
costs until both are back, beside the rules of Kubernetes' autoscaler (HPA, with its defaults) carried out by the same supervisor."""
import json
import math
import os
import threading
import time

from common import built, load_average, run

DAVIT = built("root/bin/davit")
COST_MS, SHARE = 10, 0.2  # a request's processor time, and what an instance may have of a processor: 20 requests per second
LOW, HIGH = 10, 80	  # requests per second
BEFORE_S, DURING_S, AFTER_S = 10, 60, 330  # (HPA holds what it has for five minutes)
UP_S = BEFORE_S + DURING_S
LATE_MS = 100
HPA_PERIOD_S, HPA_TARGET, HPA_TOLERANCE = 15, 0.7, 0.1


class Stack:
    def __init__(self, work, name, autoscale, cost_ms=COST_MS):
        self.place = os.path.join(work, name)
        self.env = dict(os.environ, DAVIT_RUN_DIR=f"{self.place}/run", DAVIT_LOG_DIR=f"{self.place}/log",
                        DAVIT_STATE_DIR=f"{self.place}/state")
        os.makedirs(self.place)
        self.manifest = os.path.join(self.place, "compose.yaml")
        with open(self.manifest, "w", encoding="ascii") as out:
            out.write(f"name: davit-bench-{name}\nservices:\n  web:\n    x-rootfs: host\n    cpus: {SHARE}\n"
                      f"    volumes: ['{built('tests/bench/serve')}:/serve:ro']\n"
                      f"    command: [/serve, '80', '{cost_ms}']\n    stop_signal: SIGKILL\n{autoscale}"
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
        calls = stack.davit("exec", "-T", "client", "/callers", address, "80", f"{LOW}:{BEFORE_S}", f"{HIGH}:{DURING_S}",
                            f"{LOW}:{AFTER_S}")
        observer.over.set()
        observer.join()
    finally:
        stack.davit("down")
    return [tuple(map(float, line.split())) for line in calls.splitlines()], observer.seen


def reversals(numbers):
    steps = [n for i, n in enumerate(numbers) if i == 0 or n != numbers[i - 1]]
    return sum((b - a) * (c - b) < 0 for a, b, c in zip(steps, steps[1:], steps[2:]))


def shown(seconds):
    return f"{seconds:.1f} s" if seconds is not None else "never"


def spent(seen, begin, end):
    """Instance seconds, of those that were wanted."""
    return sum(desired * (min(after, end) - max(at, begin)) for (at, desired, _), (after, _, _) in zip(seen, seen[1:])
               if after > begin and at < end)


def report(name, calls, seen):
    """What it says, and (seconds to another instance, instance seconds of all, most reversals of a step, seconds until back)."""
    up = [(at - BEFORE_S, ready) for at, _, ready in seen if BEFORE_S <= at < UP_S]
    begun = max((ready for at, _, ready in seen if at < BEFORE_S), default=1)
    first = next((at for at, ready in up if ready > begun), None)
    enough = next((at for at, ready in up if ready >= HIGH * COST_MS / 1000 / SHARE), None)
    above = [at for at, desired, _ in seen if at >= UP_S and desired > begun]
    back = max(above) - UP_S if above and max(above) < seen[-1][0] - 1 else None if above else 0
    late = [at for at, took in calls if took < 0 or took > LATE_MS]
    failed = sum(took < 0 for _, took in calls)
    turns = [reversals([desired for at, desired, _ in seen if begin <= at < end]) for begin, end in ((0, UP_S), (UP_S, 1e9))]
    numbers = [desired for i, (_, desired, _) in enumerate(seen) if i == 0 or desired != seen[i - 1][1]]
    all_s, up_s = spent(seen, 0, 1e9), spent(seen, 0, UP_S)
    print(f"  {name:6}  another instance after {shown(first)}, enough after {shown(enough)}, back after {shown(back)}; {len(late)} of "
          f"{len(calls)} requests over {LATE_MS} ms ({sum(at < UP_S for at in late)} of them in the step), {failed} failed;\n"
          f"          {all_s:.0f} instance seconds ({up_s:.0f} of them until the step was over), {turns[0]} reversals up and {turns[1]} down, "
          f"numbers {numbers}", flush=True)
    return first, all_s, max(turns), back


def bench_cycles(work):
    """HPA's first; while that is held at the low load, davit's: two steps at once are more than two processors have."""
    cycles = {}

    def cycle(name, autoscale, hpa):
        cycles[name] = measure(work, f"scale-{name.lower()}", autoscale, hpa)

    threads = [threading.Thread(target=cycle, args=("HPA", "", True)),
               threading.Thread(target=cycle, args=("davit", "    expose: [80]\n    x-autoscale: {max: 8}\n", False))]
    threads[0].start()
    time.sleep(UP_S + 2)
    threads[1].start()
    for thread in threads:
        thread.join()
    return [report(name, *cycles[name]) for name in ("davit", "HPA")]


def bench_scale(work):
    print(f"the controller, load average {load_average()}:")
    for instances in (1, 64, 1000):
        print("  " + run(built("tests/bench/decide"), str(instances)).strip(), flush=True)
    print(f"requests of {COST_MS} ms: {LOW} per second for {BEFORE_S} s, {HIGH} for {DURING_S} s, {LOW} for {AFTER_S} s; an instance manages "
          f"{SHARE * 1000 / COST_MS:.0f}; davit with x-autoscale: {{max: 8}}, HPA with a target of {HPA_TARGET:.0%}, looks each {HPA_PERIOD_S} s, "
          f"a tolerance of {HPA_TOLERANCE:.0%} and a window of five minutes; load average {load_average()}:", flush=True)
    davit, hpa = bench_cycles(work)
    if davit[0] is None or hpa[0] is None or davit[3] is None or hpa[3] is None:
        print("  no instance was added, or those that were did not go: MISSED")
        return
    faster, cost = hpa[0] / max(davit[0], 0.25), davit[1] / hpa[1]
    print(f"  reaction {faster:.0f} times as fast (goal >= 20): {'met' if faster >= 20 else 'MISSED'}; "
          f"cost of the cycle {cost:.2f} times as much (goal <= 1.1): {'met' if cost <= 1.1 else 'MISSED'}; "
          f"{davit[2]} reversals in a step (goal <= 1): {'met' if davit[2] <= 1 else 'MISSED'}", flush=True)
