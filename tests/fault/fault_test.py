# SPDX-License-Identifier: GPL-2.0-or-later
"""What the fault tests that run the whole program share: its allocations under control, requests to
its socket without a command in between, and what must be true of a stack whatever has failed."""
import glob
import http.client
import json
import mmap
import os
import random
import socket
import struct
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests/integration"))
import davit_test  # pylint: disable=wrong-import-position,wrong-import-order
from davit_test import Stack, alive, check, check_equal, wait_for  # pylint: disable=wrong-import-position

SEED = int(os.environ.get("DAVIT_FAULT_SEED", random.randrange(1000)))
EVERY = int(os.environ.get("DAVIT_FAULT_EVERY", "0"))
NEVER = 1 << 62
print(f"# DAVIT_FAULT_SEED={SEED} DAVIT_FAULT_EVERY={EVERY}")


class Connection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path, timeout):
        super().__init__("davit", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        end = time.monotonic() + self.timeout
        while self.sock.connect_ex(self.path) != 0:  # (the queue may be full of those who have left)
            if time.monotonic() > end or not os.path.exists(self.path):
                raise ConnectionRefusedError(self.path)
            time.sleep(0.02)


class Allocations:
    """The state that a supervisor shares with us (tests/fault/alloc.h)."""

    def __init__(self, path):
        with open(path, "wb") as file:
            file.truncate(32)
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 32)

    def arm(self, nth):
        """From now on allocation number @nth fails."""
        self.memory[0:32] = struct.pack("=4Q", 0, 0, nth, 0)
        self.memory[8:16] = struct.pack("=Q", nth)

    def disarm(self):
        """How many were asked for, and how many failed."""
        self.memory[8:16] = struct.pack("=Q", 0)
        count, _, _, failed = struct.unpack("=4Q", self.memory[0:32])
        return count, failed

    def quiet(self):
        """Waits until no more are asked for."""
        before, since = -1, time.monotonic()
        end = since + 2 * davit_test.SLOW
        while time.monotonic() < end:
            count, = struct.unpack("=Q", self.memory[0:8])
            if count != before:
                before, since = count, time.monotonic()
            elif time.monotonic() - since > 0.04 * davit_test.SLOW:
                return
            time.sleep(0.005)


class FaultyStack(Stack):
    """A stack whose supervisor's allocations can be made to fail."""

    def __init__(self, name, manifest, **files):
        super().__init__(name, manifest, **files)
        self.allocations = Allocations(f"{self.dir}/allocations")
        self.env["LD_PRELOAD"] = os.path.join(os.environ["DAVIT_TEST_BUILD"], "tests/fault/libfault_alloc.so")
        self.env["DAVIT_FAULT_FILE"] = f"{self.dir}/allocations"
        # the library has to be in front of the sanitiser's
        self.env["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"

    def socket(self):
        return glob.glob(f"{self.dir}/run/*/control.sock")[0]

    def ask(self, method, path, body=None, timeout=60):
        """Status and document of the answer; (0, None) when the connection was closed instead."""
        connection = Connection(self.socket(), timeout * davit_test.SLOW)
        try:
            connection.request(method, path, body=json.dumps(body) if body is not None else None)
            answer = connection.getresponse()
            text = answer.read().decode()
            return answer.status, json.loads(text) if text.startswith("{") else text
        except (http.client.HTTPException, ConnectionError):
            return 0, None
        finally:
            connection.close()

    def rows(self):
        status, answer = self.ask("GET", "/v1/instances")
        check_equal(status, 200, "status of /v1/instances")
        return {row["instance"]: row for row in answer["instances"]}

    def groups(self):
        """The control groups of runs."""
        for top in ("/sys/fs/cgroup/pids", "/sys/fs/cgroup"):
            if os.path.isdir(f"{top}/davit"):
                return [path for path in glob.glob(f"{top}/davit/{self.name}/*/") if os.path.isdir(path)]
        return []

    def settled(self, names):
        """True when exactly these instances run, each once, and nothing else does."""
        rows = self.rows()
        if sorted(rows) != sorted(names) or any(row["state"] != "ready" for row in rows.values()):
            return False
        pids = {row["pid"] for row in rows.values()}
        return len(pids) == len(names) and all(alive(pid) for pid in pids) and len(self.groups()) == len(names)

    def wait_settled(self, names, why):
        try:
            wait_for(lambda: self.settled(names), "")
        except AssertionError as error:
            states = {name: (row["state"], row["pid"], row.get("reason")) for name, row in self.rows().items()}
            raise AssertionError(f"{why}: not {sorted(names)} but {states}, groups {self.groups()}\n"
                                 + self.supervisor_log()[-1500:]) from error


def sample(count, few):
    """Which of @count are tried: @few of them, or every EVERYth."""
    if EVERY:
        return range(1 + SEED % EVERY, count + 1, EVERY)
    return sorted(random.Random(SEED).sample(range(1, count + 1), min(few, count)))
