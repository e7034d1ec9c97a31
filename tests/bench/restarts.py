# SPDX-License-Identifier: GPL-2.0-or-later
"""From SIGKILL to the first instruction of the next run: davit beside the supervisors of bare processes."""
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time

from common import built, load_average, run
from stacks import DAVIT

# Some restart at once only what ran for a second.
PAUSE_S = 1.2
ANSWER_S = 20


class Peer:
    """One supervised process; its stamps are lines of a file."""

    def __init__(self, name, work):
        self.name = name
        self.place = os.path.join(work, f"restart-{name}")
        self.stamps = os.path.join(self.place, "stamps")
        self.process = None
        os.makedirs(self.place)

    def spawn(self, *words):
        self.process = subprocess.Popen(words, cwd=self.place, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, start_new_session=True)

    def lines(self):
        try:
            with open(self.stamps, encoding="ascii") as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []

    def wait_for(self, count):
        """The moment in ns and the pid of run number @count."""
        end = time.monotonic() + ANSWER_S
        while time.monotonic() < end:
            lines = self.lines()
            if len(lines) >= count:
                return [int(word) for word in lines[count - 1].split()]
            time.sleep(0.0005)
        sys.exit(f"bench: {self.name} did not start its service again")

    def pid(self):
        return int(self.lines()[-1].split()[1])

    def restart_us(self):
        before = len(self.lines())
        pid = self.pid()
        killed_ns = time.monotonic_ns()
        os.kill(pid, signal.SIGKILL)
        return (self.wait_for(before + 1)[0] - killed_ns) / 1000

    def stop(self):
        """The supervising process first: what it supervises would come back."""
        if self.process:
            self.process.kill()
            self.process.wait()
        if self.lines():
            try:
                os.kill(self.pid(), signal.SIGKILL)
            except ProcessLookupError:
                pass


class Directory(Peer):
    """A supervisor that is given a directory with a program called run."""

    def begin(self, _root):
        service = os.path.join(self.place, "service")
        os.makedirs(service)
        script = os.path.join(service, "run")
        with open(script, "w", encoding="ascii") as out:
            out.write(f"#!/bin/sh\nexec {built('tests/bench/stamp')} {self.stamps}\n")
        os.chmod(script, 0o755)
        self.spawn(self.name, service)


class Supervisord(Peer):
    def begin(self, _root):
        config = os.path.join(self.place, "conf")
        with open(config, "w", encoding="ascii") as out:
            out.write(f"[supervisord]\nnodaemon=true\nlogfile={self.place}/log\npidfile={self.place}/pid\n"
                      f"[program:stamp]\ncommand={built('tests/bench/stamp')} {self.stamps}\nautorestart=true\n"
                      "startsecs=0\n")
        self.spawn("supervisord", "-c", config)


class Davit(Peer):
    def begin(self, root):
        shutil.copy(built("tests/bench/stamp"), os.path.join(root, "bin/stamp"))
        self.env = dict(os.environ, DAVIT_RUN_DIR=f"{self.place}/run", DAVIT_LOG_DIR=f"{self.place}/log",
                        DAVIT_STATE_DIR=f"{self.place}/state")
        self.manifest = os.path.join(self.place, "compose.yaml")
        with open(self.manifest, "w", encoding="ascii") as out:
            out.write(f"name: davit-bench-restart\nservices:\n  stamp:\n    x-rootfs: {root}\n"
                      "    command: [/bin/stamp, /out/stamps]\n    read_only: true\n    restart: always\n"
                      f"    x-restart: {{delay: 0s}}\n    volumes: ['{self.place}:/out']\n"
                      "    deploy: {resources: {limits: {cpus: '0.5', memory: 64M, pids: 64}}}\n")
        self.davit("up", "--wait")

    def davit(self, *words):
        return run(DAVIT, "-f", self.manifest, *words, env=self.env)

    def pid(self):
        return json.loads(self.davit("ps", "--json"))["instances"][0]["pid"]

    def stop(self):
        self.davit("down")


PEERS = [("davit", Davit, None), ("runsv", Directory, "runit"), ("s6-supervise", Directory, "s6"),
         ("supervise", Directory, "daemontools"), ("supervisord", Supervisord, "supervisor")]


def floor_us(root, count):
    words = run(built("tests/bench/floor"), "--net", "--count", str(count), root, "/bin/true").split()
    return statistics.median(float(word) for word in words)


def measure(peers, root, restarts):
    times = {peer.name: [] for peer in peers}
    try:
        for peer in peers:
            peer.begin(root)
        for peer in peers:
            peer.wait_for(1)
        for _ in range(restarts):
            time.sleep(PAUSE_S)
            for peer in peers:
                times[peer.name].append(peer.restart_us())
    finally:
        for peer in peers:
            peer.stop()
    return {name: statistics.median(values) / 1000 for name, values in times.items() if values}


def bench_restart(work, root, restarts):
    print(f"SIGKILL to the next run's first instruction, median of {restarts}, load average {load_average()}:")
    absent = [package for name, _, package in PEERS if package and not shutil.which(name)]
    if absent:
        print(f"  not installed: {', '.join(absent)} (group bench of scripts/packages)")
    peers = [kind(name, work) for name, kind, package in PEERS if not package or shutil.which(name)]
    floor_ms = floor_us(root, restarts) / 1000
    print(f"  {'floor':<13}{floor_ms:>8.2f} ms  a whole start and exit with the same namespaces, bare system calls")
    medians = measure(peers, root, restarts)
    for name, ms in medians.items():
        print(f"  {name:<13}{ms:>8.2f} ms  {'an instance, isolated as ever' if name == 'davit' else 'a bare process'}")
    extra_ms = medians["davit"] - floor_ms
    print(f"  davit - floor {extra_ms:.2f} ms (goal <= 1): {'met' if extra_ms <= 1 else 'MISSED'}")
    sys.stdout.flush()
