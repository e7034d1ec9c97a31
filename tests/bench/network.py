# SPDX-License-Identifier: GPL-2.0-or-later
"""What an instance's network costs to set up, against bare requests; what a service's own address and a published port
cost a connection, against the instance's own address."""
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time

from common import built, load_average, run

DAVIT = built("root/bin/davit")
# One port of the server for each way: who comes back with the same port and another clock within a minute, as a client
# of two addresses of one server does, is let in a second later.
PORT = 18099
PROXY_PORT = 18098
AGAIN, PROXY_WAY = "the same once more", "haproxy before it"
UNJUDGED = (AGAIN, PROXY_WAY)
CONF = """
daemon off;
worker_processes 1;
pid /tmp/nginx.pid;
error_log /dev/null;
events { worker_connections 512; }
http {
	access_log off;
	keepalive_requests 1000000000;
	server { listen 8000; listen 8001; listen 8002; location / { return 200 "ok\\n"; } }
}
"""
PROXY = f"""
defaults
	mode tcp
	timeout connect 5s
	timeout client 30s
	timeout server 30s
listen web
	bind 127.0.0.1:{PROXY_PORT}
	server web ADDRESS:8002
"""


class Stack:
    """One server, and one client that only lends its network."""

    def __init__(self, work):
        self.place = os.path.join(work, "network")
        self.env = dict(os.environ, DAVIT_RUN_DIR=f"{self.place}/run", DAVIT_LOG_DIR=f"{self.place}/log",
                        DAVIT_STATE_DIR=f"{self.place}/state")
        os.makedirs(self.place)
        self.manifest = os.path.join(self.place, "compose.yaml")
        with open(self.manifest, "w", encoding="ascii") as out:
            out.write("name: davit-bench-network\nservices:\n"
                      "  web:\n    x-rootfs: host\n    command: [nginx, -c, /tmp/nginx.conf, -e, /dev/null]\n"
                      f"    ports: ['{PORT}:8001']\n    tmpfs: [/var/lib/nginx, /var/log/nginx]\n"
                      "    configs: [{source: conf, target: /tmp/nginx.conf}]\n"
                      "    x-probe: {readiness: {tcp: 8000, interval: 50ms, retries: 50}}\n"
                      "  client: {x-rootfs: host, command: [sleep, '100000'], stop_signal: SIGKILL}\n"
                      "configs: {conf: {file: nginx.conf}}\n")
        with open(os.path.join(self.place, "nginx.conf"), "w", encoding="ascii") as out:
            out.write(CONF)

    def davit(self, *words):
        return run(DAVIT, "-f", self.manifest, *words, env=self.env)

    def instances(self):
        return {row["instance"]: row for row in json.loads(self.davit("ps", "--json"))["instances"]}

    def address_of(self, name):
        found = self.davit("exec", "client", "getent", "ahostsv4", name).split()
        return found[0] if found else sys.exit(f"bench: no address of {name}")


def wrk(where, address, port, seconds, close):
    """(requests a second, their 99th percentile in µs)"""
    words = [*where, "wrk", "-t1", "-c16", f"-d{seconds}s", "--latency", f"http://{address}:{port}/"]
    out = run(*words, *(["-H", "Connection: close"] if close else []))
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", out).groups()
    return rate, float(value) * {"us": 1, "ms": 1000, "s": 1000000}[unit]


def compare(title, ways, seconds, rounds):
    """The ways take turns, so that what else the machine does meets all; the first one is what the others are held to,
    itself once more among them: what that shows is chance."""
    for close in (False, True):
        seen = {name: [] for name, *_ in ways}
        for _ in range(rounds):
            for name, where, address, port in ways:
                seen[name].append(wrk(where, address, port, seconds, close))
        print(f"  {title}, {'a connection per request' if close else 'kept connections'}:")
        base = None
        for name, *_ in ways:
            rate = statistics.median(one[0] for one in seen[name])
            p99 = statistics.median(one[1] for one in seen[name])
            # Of neighbours in time: they had the same machine.
            ratio = statistics.median(one[0] / other[0] for one, other in zip(seen[name], base or seen[name]))
            late = statistics.median(one[1] / other[1] for one, other in zip(seen[name], base or seen[name]))
            goal = f": {'met' if ratio >= 0.97 and late <= 1.05 else 'MISSED'}" if base and name not in UNJUDGED else ""
            print(f"    {name:28} {rate:8.0f}/s  p99 {p99:6.0f} µs" +
                  (f"   ratio {ratio:.2f} (goal >= 0.97), p99 {late:.2f} (goal <= 1.05){goal}" if base else ""), flush=True)
            base = base or seen[name]


def medians(program, *words, runs):
    """Of what it prints, in microseconds."""
    rows = [[float(word) for word in run(built("tests/bench/" + program), *words).split()] for _ in range(runs)]
    return [statistics.median(column) for column in zip(*rows)]


def bench_setup(counts):
    """The programs take turns at each count."""
    print(f"CPU time of setting up the network of an instance, load average {load_average()}:")
    ours = {}
    for count in counts:
        runs = 21 if count < 10 else 5
        bare, ours[count] = medians("links", str(count), runs=runs)[0], medians("network_setup", str(count), runs=runs)
        ratio = ours[count][0] / bare
        print(f"  of {count}: {ours[count][0]:.0f} us, bare requests {bare:.0f} us: {ratio:.2f} (goal <= 1.5): "
              f"{'met' if ratio <= 1.5 else 'MISSED'}; its part of the balancer's rules {ours[count][1]:.0f} us; "
              f"one that goes or comes {ours[count][2]:.0f} us", flush=True)
    last = counts[-1]
    apart = medians("network_setup", str(last), str(last), runs=3)
    print(f"  each of {last} a service of its own: {apart[0]:.0f} us, {apart[0] / ours[last][0]:.2f} of that in one; "
          f"balancer {apart[1]:.0f} us, one that goes or comes {apart[2]:.0f} us", flush=True)


def start_proxy(place, address):
    if not shutil.which("haproxy"):
        return None
    conf = os.path.join(place, "haproxy.cfg")
    with open(conf, "w", encoding="ascii") as out:
        out.write(PROXY.replace("ADDRESS", address))
    return subprocess.Popen(["haproxy", "-db", "-f", conf], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


def bench_network(work, seconds, counts, rounds=5):
    bench_setup(counts)
    print(f"requests of wrk to one nginx, 16 at a time, {rounds} rounds of {seconds} s, load average {load_average()}:")
    stack = Stack(work)
    proxy = None
    stack.davit("up", "--wait")
    try:
        rows = stack.instances()
        own, virtual = rows["web-1"]["address"], stack.address_of("web")
        inside = ["nsenter", "-t", str(rows["client-1"]["pid"]), "-n"]
        compare("from an instance", [("the instance's own address", inside, own, 8000), (AGAIN, inside, own, 8000),
                                     ("the service's address", inside, virtual, 8001)], seconds, rounds)
        proxy = start_proxy(stack.place, own)
        time.sleep(0.5)
        ways = [("the instance's own address", [], own, 8000), (AGAIN, [], own, 8000),
                ("the published port", [], "127.0.0.1", PORT)]
        compare("from the host", ways + ([(PROXY_WAY, [], "127.0.0.1", PROXY_PORT)] if proxy else []), seconds, rounds)
    finally:
        if proxy:
            proxy.kill()
            proxy.wait()
        stack.davit("down", "-t", "0")
