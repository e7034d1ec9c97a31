# SPDX-License-Identifier: GPL-2.0-or-later
"""What the integration tests share: a place of their own, stacks, waiting, TAP.

A test script registers functions with @test("a sentence about behaviour") and ends with main(). It
runs again inside fresh mount and network namespaces, so that scripts may run side by side and the
host's links, rules and mounts are out of reach; its files are on a tmpfs that goes with it. Control
groups are the host's: every stack is named davit-test-…, and the last test of each script is that
nothing of its stacks is left.
"""
import atexit
import ctypes
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import traceback

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
SCRIPT = os.path.basename(sys.argv[0])
# The virtual machine is many times slower; figures below are for a busy two-core host.
SLOW = float(os.environ.get("DAVIT_TEST_SLOW", "1"))
# A service that says `up`, then does nothing until it is asked to stop.
IDLE = """["sh", "-c", "trap 'exit 0' TERM; echo up; sleep 10000 & wait"]"""
WORK = None
TESTS = []
STACKS = []


class Skip(Exception):
    """Raised by a test for which the kernel lacks something; the text says what."""


def check(condition, message):
    if not condition:
        raise AssertionError(message)


def check_equal(value, wanted, what="value"):
    check(value == wanted, f"{what}: {value!r}, wanted {wanted!r}")


def check_match(pattern, text, what="output"):
    check(re.search(pattern, text, re.M), f"{what} does not match {pattern!r}:\n{text}")


def wait_for(condition, what, seconds=180):
    """Calls until the result is true, returns it; fails with @what otherwise, late: a machine may be slow or busy."""
    end = time.monotonic() + seconds * SLOW
    while True:
        result = condition()
        if result:
            return result
        check(time.monotonic() < end, f"waited {seconds * SLOW:.0f} s in vain: {what}")
        time.sleep(0.05)


def run(*words, status=0, timeout=300, **more):
    """Runs a command to its end; @status None accepts any exit status."""
    more.setdefault("stdin", subprocess.DEVNULL)
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
                          timeout=timeout * SLOW, **more)
    if status is not None and done.returncode != status:
        raise AssertionError(f"{' '.join(words)}: exit status {done.returncode}, wanted {status}\n"
                             f"stdout: {done.stdout}\nstderr: {done.stderr}")
    return done


def read(path):
    with open(path, encoding="utf-8", errors="replace") as text:
        return text.read()


def glance(path):
    """What a file of /proc or of a control group says, "" for one that has gone meanwhile."""
    try:
        return read(path)
    except OSError:
        return ""


def comm(pid):
    return glance(f"/proc/{pid}/comm").strip()


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    os.chmod(path, mode)
    return path


def alive(pid):
    """False for zombies too: they have ended."""
    text = glance(f"/proc/{pid}/stat")
    return bool(text) and not re.search(r"\) [ZX] ", text)


def send(pid, number):
    """A signal, also to one that may have ended."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def trap_stands(pid):
    """False for a shell that has yet to set one of its traps: the kernel keeps a signal that has no handler from who is
    first of its pid namespace, so what is sent earlier is lost."""
    words, status = glance(f"/proc/{pid}/cmdline"), glance(f"/proc/{pid}/status")
    if not words.startswith("sh\0"):
        return True
    minded = 0
    for mask in re.findall(r"^Sig(?:Ign|Cgt):\s+(\w+)", status, re.M):
        minded |= int(mask, 16)
    names = " ".join(re.findall(r"\btrap ['\"][^'\"]*['\"] ([A-Z0-9 ]+)", words)).split()
    return not status or all(minded >> (signal.Signals["SIG" + name] - 1) & 1 for name in names)


def words_of(pid):
    """What the process is, for a failure's text."""
    try:
        state = re.search(r"^State:\s*(.*)", read(f"/proc/{pid}/status"), re.M).group(1)
        return f'{read(f"/proc/{pid}/comm").strip()}, {state}, child of {read(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()[1]}'
    except (OSError, AttributeError):
        return "gone"


def busybox_root():
    """A root directory of one static program: fast to start, also under emulation."""
    root = os.path.join(WORK, "root")
    if not os.path.exists(root):
        for name in ("bin", "proc", "dev", "sys", "tmp", "run", "etc", "var/tmp", "data"):
            os.makedirs(os.path.join(root, name))
        os.chmod(os.path.join(root, "tmp"), 0o1777)
        shutil.copy("/usr/bin/busybox", os.path.join(root, "bin/busybox"))
        for name in run("/usr/bin/busybox", "--list").stdout.split():
            if name != "busybox":
                os.symlink("busybox", os.path.join(root, "bin", name))
        write(os.path.join(root, "etc/passwd"), "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n")
        write(os.path.join(root, "etc/group"), "root:x:0:\nnogroup:x:65534:\n")
    return root


def cgroup_file(pid, controller, v1_file, v2_file):
    """The text of a control file of the process's group, whichever hierarchy has the controller."""
    mounts = read("/proc/self/mountinfo")
    for line in read(f"/proc/{pid}/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            for mount in mounts.splitlines():
                left, right = mount.split(" - ")
                if right.split()[0] == "cgroup" and controller in right.split()[2].split(","):
                    return read(left.split()[4] + path + "/" + v1_file).strip()
    for line in read(f"/proc/{pid}/cgroup").splitlines():
        if line.startswith("0::") and os.path.exists("/sys/fs/cgroup/cgroup.controllers"):
            return read("/sys/fs/cgroup" + line[3:] + "/" + v2_file).strip()
    raise AssertionError(f"process {pid} is in no {controller} group:\n" + read(f"/proc/{pid}/cgroup"))


class Stack:
    """One stack with a directory, run, log and state directories of its own."""

    def __init__(self, name, manifest, **files):
        self.name = f"davit-test-{name}-{os.getpid()}"
        self.dir = os.path.join(WORK, name)
        self.env = dict(os.environ, NO_COLOR="1", DAVIT_RUN_DIR=f"{self.dir}/run", DAVIT_LOG_DIR=f"{self.dir}/log",
                        DAVIT_STATE_DIR=f"{self.dir}/state")
        os.makedirs(self.dir)
        self.manifest = os.path.join(self.dir, "compose.yaml")
        self.edit(manifest)
        for file, text in files.items():
            write(os.path.join(self.dir, file), text)
        STACKS.append(self)

    def edit(self, manifest):
        """Writes the manifest: NAME and ROOT stand for the stack's name and a busybox root."""
        write(self.manifest, "name: NAME\n" + manifest)
        text = read(self.manifest).replace("NAME", self.name).replace("ROOT", busybox_root())
        write(self.manifest, text)

    def line_of(self, text):
        """The number of the manifest's line with this text, for checking positions."""
        for number, line in enumerate(read(self.manifest).splitlines(), 1):
            if text in line:
                return number
        raise AssertionError(f"the manifest has no {text!r}")

    def davit(self, *words, **more):
        more.setdefault("cwd", self.dir)
        try:
            return run("davit", *words, env=self.env, **more)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"davit {' '.join(words)} does not end; said: {error.stdout} {error.stderr}") from error

    def describe(self):
        """What a person would look at when something is not as it should be."""
        text = [f"stack {self.name}:"] + [one for one in self.leftovers() if not one.startswith(("file", "link"))]
        for pid in self.processes(all=True):
            text.append(f"{pid} {comm(pid)} is in {glance(f'/proc/{pid}/wchan')}, {glance(f'/proc/{pid}/syscall').strip()}")
        for path in glob.glob(f"{self.dir}/run/*/control.sock"):
            text.append(run("curl", "-sS", "-m", "3", "--unix-socket", path, "http://davit/v1/instances", status=None).stdout)
        return "\n".join(text) + "\n" + self.supervisor_log()[-3000:]

    def start(self, *words, **more):
        """A davit command that goes on; killed at the end if need be."""
        process = subprocess.Popen(["davit", *words], env=self.env, cwd=self.dir, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
        atexit.register(lambda: process.poll() is None and process.kill())
        return process

    def up(self, *words, **more):
        done = self.davit("up", "--wait", *words, **more)
        if done.returncode == 0:
            for row in self.ps().values():
                wait_for(lambda pid=row["pid"]: trap_stands(pid), f"the trap of {row['instance']}")
        return done

    def ps(self):
        rows = json.loads(self.davit("ps", "--json").stdout)["instances"]
        return {row["instance"]: row for row in rows}

    def status(self):
        rows = json.loads(self.davit("status", "--json").stdout)["services"]
        return {row["service"]: row for row in rows}

    def instance(self, name):
        rows = self.ps()
        check(name in rows, f"no instance {name}, only {sorted(rows)}")
        return rows[name]

    def lookup(self, client, name):
        """The addresses that the name server of an instance has for a name, in order."""
        pid = self.instance(client)["pid"]
        server = read(f"/proc/{pid}/root/etc/resolv.conf").split("nameserver ")[1].split()[0]
        return run("nsenter", "-t", str(pid), "-n", "dig", "+short", "+tries=1", "+time=20", "@" + server, name).stdout.split()

    def wait_state(self, name, *states, seconds=180):
        def reached():
            row = self.ps().get(name)
            return row if row and row["state"] in states and trap_stands(row["pid"]) else None
        try:
            return wait_for(reached, "", seconds)
        except AssertionError as error:
            raise AssertionError(f"{name} is not {' or '.join(states)} but {self.ps().get(name)}") from error

    def logs(self, *words):
        return self.davit("logs", *words).stdout

    def expect_error(self, *words, status, patterns):
        """A command that must fail with one line on standard error that matches every pattern."""
        done = self.davit(*words, status=status)
        lines = [line for line in done.stderr.splitlines() if "error" in line]
        check(lines, f"no error on standard error:\n{done.stderr}\nstdout:\n{done.stdout}")
        for pattern in patterns:
            check_match(pattern, "\n".join(lines), "error")
        return done

    def supervisors(self):
        """(Without their children that have yet to become another program.)"""
        parents = {}
        for pid in self.processes():
            status = glance(f"/proc/{pid}/status")
            if status.startswith("Name:\tdavit-superviso\n"):
                parents[pid] = int(re.search(r"^PPid:\s*(\d+)", status, re.M).group(1))
        return [pid for pid, parent in parents.items() if parent not in parents]

    def processes(self, all=False):
        """All of davit's own that serve the stack; @all: the name server and the holder, too, which need none of the others."""
        found = []
        for path in glob.glob("/proc/[0-9]*/comm"):
            pid = int(path.split("/")[2])
            try:
                comm = read(path)
                if comm.startswith("davit-") and (all or comm not in ("davit-dns\n", "davit-hold\n")) and \
                        f"DAVIT_RUN_DIR={self.dir}/run".encode() in open(f"/proc/{pid}/environ", "rb").read().split(b"\0"):
                    found.append(pid)
            except OSError:
                pass
        return [pid for pid in found if alive(pid)]

    def cgroups(self):
        """The stack's own, in every hierarchy; (not looked for in those of others, who may have thousands)."""
        return [path for above in ("", "*/", "*/*/") for path in glob.glob(f"/sys/fs/cgroup/{above}*{self.name}*") if os.path.isdir(path)]

    def leftovers(self):
        """Everything of this stack's that is on the machine, in words."""
        left = [f"process {pid} {words_of(pid)}" for pid in self.processes(all=True)]
        left += [f"cgroup {path}" for path in self.cgroups()]
        left += [f"mount {line.split()[4]}" for line in read("/proc/self/mountinfo").splitlines()
                 if self.dir + "/" in line.split()[4]]
        left += [f"nft table {line}" for line in run("nft", "list", "tables").stdout.splitlines()
                 if "davit_" in line and re.sub(r"\W", "_", self.name) in re.sub(r"\W", "_", line)]
        links = [f"link {line}" for line in run("ip", "-o", "link").stdout.splitlines() if ": dv" in line]
        if links and all(stack is self or not stack.supervisors() for stack in STACKS):  # a link tells no stack
            left += links
        left += [f"file {path}" for path in glob.glob(f"{self.dir}/run/**", recursive=True)[1:]]
        return left

    def check_clean(self, seconds=180):
        try:
            wait_for(lambda: not self.leftovers(), "", seconds)
        except AssertionError as error:
            raise AssertionError("left over:\n" + "\n".join(self.leftovers()[:12]) + "\n" + self.supervisor_log()[-3000:]) from error

    def supervisor_log(self):
        return "".join(read(path) for path in glob.glob(f"{self.dir}/log/*/supervisor.log"))

    def destroy(self):
        """Makes sure that nothing stays, whatever davit does."""
        try:
            run("davit", "-p", self.name, "down", "-t", "1", env=self.env, cwd=self.dir, status=None, timeout=20)
        except subprocess.TimeoutExpired:
            pass
        for number in (signal.SIGSTOP, signal.SIGKILL):  # none starts another
            for pid in self.processes(all=True):
                send(pid, number)
        for path in sorted((path for top in self.cgroups() for path, _, _ in os.walk(top)), reverse=True):
            for _ in range(100):
                try:
                    for pid in read(path + "/cgroup.procs").split():
                        send(int(pid), signal.SIGKILL)
                    os.rmdir(path)
                    break
                except OSError:
                    time.sleep(0.02)


def test(sentence):
    def register(function):
        TESTS.append((sentence, function))
        return function
    return register


@atexit.register
def clean_up():
    if WORK is None:
        return
    for stack in STACKS:
        try:
            if stack.leftovers():
                stack.destroy()
        except Exception:  # pylint: disable=broad-except
            traceback.print_exc()  # (the others and the mount go all the same)
    subprocess.run(["umount", "-l", WORK], check=False)
    os.rmdir(WORK)


def reap(pid):
    """What a host's init does, at once: not every first process of a sandbox is as quick with orphans."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: os.kill(pid, number))
    while True:
        ended, status = os.wait()
        if ended == pid:
            os._exit(os.waitstatus_to_exitcode(status) & 0xff)


def enter():
    """Starts this script again in its own namespaces, then makes the place for its files."""
    global WORK
    if os.environ.get("DAVIT_TEST_INSIDE") != str(os.getpid()):
        prctl = ctypes.CDLL(None).prctl
        prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
        pid = os.fork()
        if pid:
            reap(pid)
        prctl(1, signal.SIGTERM, 0, 0, 0)  # PR_SET_PDEATHSIG
        # unshare replaces itself by the script, so the process id stays
        os.environ["DAVIT_TEST_INSIDE"] = str(os.getpid())
        os.execvp("unshare", ["unshare", "-m", "-n", sys.executable, *sys.argv])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    run("ip", "link", "set", "lo", "up")
    WORK = f"/tmp/davit-test-{os.getpid()}"
    os.mkdir(WORK)
    run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", WORK)


def one(number, sentence, function):
    start = time.monotonic()
    try:
        function()
        print(f"# {time.monotonic() - start:.1f} s", flush=True)
        print(f"ok {number} - {sentence}", flush=True)
        return True
    except Skip as why:
        print(f"ok {number} - {sentence} # SKIP {why}", flush=True)
        return True
    except Exception:  # pylint: disable=broad-except
        print(f"not ok {number} - {sentence}")
        for line in (traceback.format_exc(limit=-4) + surroundings()).splitlines():
            print(f"# {line}")
        sys.stdout.flush()
        return False


def surroundings():
    """How the machine is, and the stacks of which something is there, or the latest."""
    text = f"load {read('/proc/loadavg').strip()}\n"
    try:
        for stack in STACKS:
            if stack is STACKS[-1] or stack.processes(all=True):
                text += stack.describe()
    except Exception:  # pylint: disable=broad-except
        text += traceback.format_exc(limit=-2)
    return text


def nothing_left():
    for stack in STACKS:
        if stack.supervisors():
            stack.davit("-p", stack.name, "down")
    for stack in STACKS:
        stack.check_clean()


def main():
    wanted = sys.argv[1:]  # words of the sentences, to run a few by hand
    chosen = [t for t in TESTS if not wanted or any(word in t[0] for word in wanted)]
    print(f"1..{len(chosen) + 1}", flush=True)
    good = True
    for number, (sentence, function) in enumerate(chosen, 1):
        good &= one(number, sentence, function)
    good &= one(len(chosen) + 1, "nothing of the stacks is left behind", nothing_left)
    sys.exit(0 if good else 1)


enter()
