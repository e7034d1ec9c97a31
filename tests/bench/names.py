# SPDX-License-Identifier: GPL-2.0-or-later
"""Names: how many answers an instance gets from the stack's name server, and what one costs; dnsmasq beside it."""
import json
import os
import re
import subprocess
import time

from common import built, load_average, run

DAVIT = built("root/bin/davit")
GOAL = 20000
TICKS = os.sysconf("SC_CLK_TCK")
QUESTIONS = "web A\nweb-1 A\nwww A\ntasks.web A\nweb AAAA\n"
PEER = "127.0.0.2"


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        words = file.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / TICKS


def ask(address, questions, seconds, pid, before):
    """Answers a second, and for each second of the server's processor time."""
    start = cpu_s(pid)
    said = run(*before, "dnsperf", "-s", address, "-d", questions, "-l", str(seconds), "-c", "4")
    done = int(re.search(r"Queries completed:\s+(\d+)", said)[1])
    return float(re.search(r"Queries per second:\s+([\d.]+)", said)[1]), done / max(cpu_s(pid) - start, 1 / TICKS)


def davit(work, questions, seconds):
    place = os.path.join(work, "names")
    env = dict(os.environ, DAVIT_RUN_DIR=f"{place}/run", DAVIT_LOG_DIR=f"{place}/log", DAVIT_STATE_DIR=f"{place}/state")
    os.makedirs(place)
    manifest = os.path.join(place, "compose.yaml")
    with open(manifest, "w", encoding="ascii") as out:
        out.write("name: davit-bench-names\nservices:\n  web:\n    x-rootfs: host\n    command: [sleep, '100000']\n"
                  "    stop_signal: SIGKILL\n    scale: 2\n    networks: {default: {aliases: [www]}}\n")
    try:
        run(DAVIT, "-f", manifest, "up", "--wait", env=env)
        rows = json.loads(run(DAVIT, "-f", manifest, "ps", "--json", env=env))["instances"]
        with open(f"{place}/run/davit-bench-names/dns", encoding="ascii") as file:
            server = int(file.read().split()[0])
        inside = ("nsenter", "-t", str(rows[0]["pid"]), "-n")
        gateway = run(*inside, "ip", "route").split()[2]
        return ask(gateway, questions, seconds, server, inside)
    finally:
        run(DAVIT, "-f", manifest, "down", env=env)


def dnsmasq(questions, seconds):
    with subprocess.Popen(["dnsmasq", "-k", "-C", "/dev/null", "--no-resolv", "--no-hosts", "--bind-interfaces", "--user=root",
                           f"--listen-address={PEER}", "--pid-file", "--host-record=web,www,192.0.2.1",
                           "--host-record=web-1,192.0.2.2", "--host-record=tasks.web,192.0.2.2",
                           "--host-record=tasks.web,192.0.2.3"], stdin=subprocess.DEVNULL) as server:
        time.sleep(0.5)
        try:
            return ask(PEER, questions, seconds, server.pid, ())
        finally:
            server.kill()


def bench_dns(work, seconds):
    questions = os.path.join(work, "questions")
    with open(questions, "w", encoding="ascii") as out:
        out.write(QUESTIONS)
    print(f"names, 4 clients for {seconds} s, load average {load_average()}:")
    for name, (rate, per_core) in (("davit-dns, from an instance", davit(work, questions, seconds)),
                                   ("dnsmasq, over the loopback", dnsmasq(questions, seconds))):
        print(f"  {name:<28} {rate:9.0f} answers/s   {per_core:9.0f} for a second of processor time", flush=True)
    print(f"  (goal: {GOAL} on one core)")
