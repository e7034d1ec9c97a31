# SPDX-License-Identifier: GPL-2.0-or-later
"""Logs: how much one writer and a hundred get rid of, and how long a quiet neighbour's lines take meanwhile."""
import datetime
import glob
import os
import re
import shutil
import statistics
import subprocess
import sys
import time

from common import built, load_average, run

DAVIT = built("root/bin/davit")
WRITER = built("tests/bench/log_writer")
LINE = 100
DELAY_GOAL_MS = 10
# One log is kept as davit keeps it by default.
FILE_BYTES, FILES = 10 << 20, 3


def davit(place, root, writers, words):
    """One stack, one supervisor for all of them; gives the directory of the logs."""
    env = dict(os.environ, DAVIT_RUN_DIR=f"{place}/run", DAVIT_LOG_DIR=f"{place}/log", DAVIT_STATE_DIR=f"{place}/state")
    manifest = os.path.join(place, "compose.yaml")
    def service(kind, more=""):
        return (f"{{x-rootfs: {root}, network_mode: none, restart: 'no', "
                f"command: [/bin/log_writer, {', '.join(repr(word) for word in words(kind))}]{more}}}\n")
    with open(manifest, "w", encoding="ascii") as out:
        out.write("name: davit-bench-logs\nservices:\n  flood: " +
                  service("flood", f", scale: {writers}") +
                  "  quiet: " + service("quiet"))
    run(DAVIT, "-f", manifest, "up", "-d", env=env)
    try:
        logs = f"{place}/log/davit-bench-logs"
        await_ends(f"{logs}/flood-*.log*", f"{logs}/quiet-1.log*", writers)
        kept = os.path.join(place, "kept")
        shutil.copytree(logs, kept)
    finally:
        run(DAVIT, "-f", manifest, "down", env=env)
    return f"{kept}/flood-*.log*", f"{kept}/quiet-1.log*"


def pipes(commands):
    """Each command's output into its own logger: [(writer's words, logger's words)]."""
    running = []
    for writer, logger in commands:
        process = subprocess.Popen(writer, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        running += [process, subprocess.Popen(logger, stdin=process.stdout)]
        process.stdout.close()
    for process in running:
        process.wait()


def s6_log(place, _root, writers, words):
    def logger(name):
        os.makedirs(f"{place}/{name}")
        return ["s6-log", f"n{FILES - 1}", f"s{FILE_BYTES}", "T", f"{place}/{name}"]
    pipes([([WRITER, *words("quiet")], logger("quiet"))] +
          [([WRITER, *words("flood")], logger(f"flood-{i}")) for i in range(writers)])
    return f"{place}/flood-*/*", f"{place}/quiet/*"


# What conmon takes for a container runtime: it starts the program and says its pid.
RUNTIME = """#!/bin/sh
while [ $# -gt 0 ]; do
	case $1 in --pid-file) file=$2 ;; create) create=1 ;; esac
	shift
done
[ -n "$create" ] || exit 0
$LOG_WRITER &
echo $! >"$file"
"""


def conmon(place, _root, writers, words):
    runtime = os.path.join(place, "runtime")
    with open(runtime, "w", encoding="ascii") as out:
        out.write(RUNTIME)
    os.chmod(runtime, 0o755)
    os.makedirs(f"{place}/bundle")
    os.makedirs(f"{place}/exits")
    for name in ["quiet"] + [f"flood-{i}" for i in range(writers)]:
        subprocess.run(["conmon", "-c", name, "-u", name, "-n", name, "-r", runtime, "-b", f"{place}/bundle",
                        "-p", f"{place}/{name}.pid", "--exit-dir", f"{place}/exits", "--socket-dir-path", f"{place}/exits",
                        "-l", f"k8s-file:{place}/{name}.log", "--log-size-max", str(FILE_BYTES)],
                       env=dict(os.environ, LOG_WRITER=" ".join([WRITER, *words(name.split("-", maxsplit=1)[0])])), stdin=subprocess.DEVNULL, check=True)
    await_ends(f"{place}/flood-*.log", f"{place}/quiet.log", writers)
    return f"{place}/flood-*.log", f"{place}/quiet.log"


LOGGERS = [("davit", None, davit), ("s6-log", "s6-log", s6_log), ("conmon", "conmon", conmon)]


def lines_of(pattern, marker):
    for path in glob.glob(pattern):
        with open(path, encoding="ascii", errors="replace") as text:
            yield from (line for line in text if marker in line)


def await_ends(floods, quiet, writers):
    end = time.monotonic() + 200
    while len(list(lines_of(quiet, "to the end"))) < 1 or len(list(lines_of(floods, "flooded"))) < writers:
        if time.monotonic() > end:
            sys.exit("bench: the writers do not come to an end")
        time.sleep(0.5)


def delays_ms(quiet):
    """From the writing of each line to its stamp in the log."""
    found = []
    for line in lines_of(quiet, "sent "):
        stamp, sent = re.match(r"(\S+?[ T]\d\d:\d\d:\d\d\.\d{6}).* sent ([0-9.]+)$", line).groups()
        at = datetime.datetime.fromisoformat(stamp).replace(tzinfo=datetime.timezone.utc).timestamp()
        found.append((at - float(sent)) * 1000)
    return sorted(found)


def use_memory(work, size):
    """Pages that a virtual machine has never used are dear: nobody shall pay for them but this."""
    path = os.path.join(work, "used")
    with open(path, "wb") as out:
        for _ in range(size >> 20):
            out.write(bytes(1 << 20))
    os.unlink(path)


def measure(work, root, writers, seconds):
    """{name: (MB/s of all, p99 and most of the neighbour's delay in ms)} of those that are installed."""
    results = {}
    for name, program, logger in LOGGERS:
        if program and not shutil.which(program):
            continue
        place = os.path.join(work, f"logs-{name}-{writers}")
        os.makedirs(place)
        use_memory(work, (writers + 1) * (FILES + 1) * FILE_BYTES)
        # All begin at one moment, however long their start takes.
        begin = time.monotonic() + 2 + writers / 5

        def words(kind, begin=begin):
            return [kind, f"{begin:.3f}", str(seconds)] + ([str(LINE)] if kind == "flood" else [])
        floods, quiet = logger(place, root, writers, words)
        ends = [re.search(r"flooded (\d+) bytes until ([0-9.]+)", line).groups() for line in lines_of(floods, "flooded")]
        rate = sum(int(size) for size, _ in ends) / (max(float(end) for _, end in ends) - begin) / 1e6
        delays = delays_ms(quiet)
        results[name] = (rate, delays[int(len(delays) * 0.99)], delays[-1], statistics.median(delays))
        shutil.rmtree(place)
    return results


def bench_logs(work, root, seconds):
    shutil.copy(WRITER, os.path.join(root, "bin/log_writer"))
    absent = [name for name, program, _ in LOGGERS if program and not shutil.which(program)]
    print(f"logs, lines of {LINE} bytes for {seconds} s, and a neighbour with a line every 5 ms, "
          f"load average {load_average()}:")
    if absent:
        print(f"  not installed: {', '.join(absent)} (group bench of scripts/packages)")
    for writers in (1, 100):
        results = measure(work, root, writers, seconds)
        for name, (rate, p99, most, median) in results.items():
            print(f"  {writers:3} writer{'s' if writers > 1 else ' '}  {name:7} {rate:6.0f} MB/s, "
                  f"the neighbour's lines {median:.2f} ms, p99 {p99:.1f}, at most {most:.1f}", flush=True)
        rates = {name: result[0] for name, result in results.items()}
        best = max((name for name in rates if name != "davit"), key=rates.get, default=None)
        if best:
            ratio = rates["davit"] / rates[best]
            print(f"  {writers:3} writer{'s' if writers > 1 else ' '}  davit / {best} {ratio:.2f} (goal >= 1): "
                  f"{'met' if ratio >= 1 else 'MISSED'}; p99 {results['davit'][1]:.1f} ms (goal <= {DELAY_GOAL_MS}): "
                  f"{'met' if results['davit'][1] <= DELAY_GOAL_MS else 'MISSED'}", flush=True)
