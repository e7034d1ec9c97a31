# SPDX-License-Identifier: GPL-2.0-or-later
"""What the measurements of scripts/bench share."""
import os
import shutil
import subprocess

BUILD = os.environ["DAVIT_BENCH_BUILD"]


def built(path):
    return os.path.join(BUILD, path)


def run(*words, **more):
    return subprocess.run(words, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, **more).stdout


def make_root(path):
    """The smallest root: busybox, and the directories that are mounted on."""
    for name in ("bin", "proc", "dev", "tmp", "sys", "etc", "run", "var/tmp"):
        os.makedirs(os.path.join(path, name))
    shutil.copy("/usr/bin/busybox", os.path.join(path, "bin/busybox"))
    for name in ("sh", "true", "sleep"):
        os.symlink("busybox", os.path.join(path, "bin", name))


def load_average():
    with open("/proc/loadavg", encoding="ascii") as file:
        return file.read().split()[0]
