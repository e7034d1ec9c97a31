# SPDX-License-Identifier: GPL-2.0-or-later
"""What it costs to look at a stack: davit ps and --version, and davit top with its supervisor."""
import fcntl
import os
import pty
import select
import struct
import termios
import time

from common import load_average, run
from idle import processes, processor_seconds, verdict
from stacks import DAVIT, Stack

TRIES = 20
PS_GOAL_MS = 20
VERSION_GOAL_MS = 3
TOP_GOAL = 0.02


def best_ms(*words, **more):
    """The best of some tries: what the machine does besides is not what is asked."""
    times = []
    for _ in range(TRIES):
        begin = time.monotonic()
        run(*words, **more)
        times.append((time.monotonic() - begin) * 1000)
    return min(times)


def drain(fd, seconds):
    """Reads what a terminal is sent, for so long."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if select.select([fd], [], [], left)[0]:
            os.read(fd, 65536)


def share_of_top(stack, seconds):
    """(supervisor's, top's) share of a processor while davit top shows 45 of the instances."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(DAVIT, [DAVIT, "-f", stack.manifest, "top"], dict(stack.env, TERM="xterm", LC_ALL="C.UTF-8"))
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
    drain(fd, 5)
    both = (processes(f"{stack.place}/run")["supervisor"], pid)
    before = [processor_seconds(one) for one in both]
    drain(fd, seconds)
    shares = [(processor_seconds(one) - was) / seconds for one, was in zip(both, before)]
    os.write(fd, b"q")
    os.waitpid(pid, 0)
    os.close(fd)
    return shares


def bench_look(work, root, count, seconds):
    print(f"looking at {count} instances, load average {load_average()}:")
    stack = Stack(work, root, count)
    stack.davit("up", "--wait")
    try:
        ps_ms = best_ms(DAVIT, "-f", stack.manifest, "ps", env=stack.env)
        print(f"  davit ps: {ps_ms:.1f} ms (goal < {PS_GOAL_MS}): {verdict(ps_ms < PS_GOAL_MS)}")
        version_ms = best_ms(DAVIT, "--version")
        print(f"  davit --version: {version_ms:.1f} ms (goal < {VERSION_GOAL_MS}): {verdict(version_ms < VERSION_GOAL_MS)}")
        supervisor, top = share_of_top(stack, seconds)
        print(f"  davit top, a look each second: supervisor {supervisor:.2%}, top {top:.2%} of a processor "
              f"(goal < {TOP_GOAL:.0%} together): {verdict(supervisor + top < TOP_GOAL)}", flush=True)
    finally:
        stack.davit("down")
