# SPDX-License-Identifier: GPL-2.0-or-later
"""A headless Chromium for tests of the status page, driven over a pair of pipes by its own protocol
(--remote-debugging-pipe): no driver, no port, nothing to install but the browser."""
import atexit
import base64
import json
import os
import select
import shutil
import signal
import subprocess
import time

from davit_test import SLOW, Skip

FLAGS = ["--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage",
         "--disable-background-networking", "--disable-component-update", "--disable-default-apps", "--disable-extensions",
         "--disable-sync", "--mute-audio", "--no-proxy-server", "--hide-scrollbars", "--force-device-scale-factor=1"]


class Page:
    """One page of a browser of its own."""

    def __init__(self, profile):
        if not shutil.which("chromium"):
            raise Skip("no chromium here: apt-get install --no-install-recommends chromium")
        os.makedirs(profile, exist_ok=True)
        their_in, self.out = os.pipe()
        self.inn, their_out = os.pipe()
        self.number, self.pending, self.faults, self.session = 0, b"", [], None
        words = " ".join(["exec chromium", *FLAGS, f"--user-data-dir={profile}", f"about:blank 3<&{their_in} 4>&{their_out}"])
        self.process = subprocess.Popen(["bash", "-c", words], pass_fds=(their_in, their_out), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
                                        env=dict(os.environ, HOME=profile, TMPDIR=profile))
        atexit.register(self.close)
        os.close(their_in)
        os.close(their_out)
        try:
            self.call("Browser.getVersion")
        except AssertionError as error:
            raise Skip(f"chromium does not start here: {error}") from error
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Accessibility"):
            self.call(domain + ".enable")

    def close(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def receive(self, seconds):
        end = time.monotonic() + seconds * SLOW
        while b"\0" not in self.pending:
            if not select.select([self.inn], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError("the browser does not answer")
            got = os.read(self.inn, 1 << 16)
            if not got:
                raise AssertionError("the browser has ended")
            self.pending += got
        message, self.pending = self.pending.split(b"\0", 1)
        return json.loads(message)

    def note(self, message):
        """What a developer would see in red."""
        if message.get("method") == "Runtime.exceptionThrown":
            self.faults.append(json.dumps(message["params"]["exceptionDetails"])[:600])
        elif message.get("method") == "Log.entryAdded" and message["params"]["entry"]["level"] == "error":
            self.faults.append(json.dumps(message["params"]["entry"])[:600])

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive(180)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                return answer["result"]
            self.note(answer)

    def look(self, width, height, scheme="light"):
        """How the page is seen."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def go(self, url):
        self.call("Page.navigate", url=url)

    def ask(self, expression):
        """The value of an expression of the page's language."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise AssertionError(f"{expression}: {json.dumps(result['exceptionDetails'])[:600]}")
        return result["result"].get("value")

    def press(self, key, code, number):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=code, windowsVirtualKeyCode=number,
                      **({"text": key} if len(key) == 1 and kind == "keyDown" else {}))

    def accessible(self):
        """(role, name) of everything that a screen reader is told of."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        return [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes if not node.get("ignored")]

    def picture(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))
