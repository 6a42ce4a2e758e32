"""Drives a real headless Chromium over the pipe of its DevTools protocol.

No driver program and no package: the browser reads commands from file descriptor 3
and answers on 4, JSON messages that end with a null byte.
https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from tests.servers import ServerMissingError, die_with_parent, stop

ANSWER_TIMEOUT = 90.0  # a busy machine may need long; a dead browser is rare
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",  # the suite runs as root in containers
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
# Puts the two ends of the pipes where the browser looks for them.
LAUNCHER = """
import os, sys
read, write = (os.dup(int(number)) for number in sys.argv[1:3])
high = os.dup2(read, 60), os.dup2(write, 61)
os.dup2(high[0], 3)
os.dup2(high[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
KEYS = {
    "Tab": 9,
    "Enter": 13,
    "Escape": 27,
    "Space": 32,
    "End": 35,
    "Home": 36,
    "ArrowUp": 38,
    "ArrowDown": 40,
}


def browser_program():
    """The path of a Chromium, or ServerMissingError."""
    for name in PROGRAMS:
        if found := shutil.which(name):
            return found
    raise ServerMissingError("no chromium on PATH (Debian: apt-get install chromium)")


class Pipe:
    """One browser: commands out, answers and events in."""

    def __init__(self, write, read):
        self._write, self._read = write, read
        self._number = 0
        self._rest = b""
        self.events = []

    def call(self, method, session=None, **parameters):
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next(ANSWER_TIMEOUT)
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def wait_for(self, method, timeout=ANSWER_TIMEOUT):
        deadline = time.monotonic() + timeout
        while True:
            for index, event in enumerate(self.events):
                if event["method"] == method:
                    return self.events.pop(index)
            self.events.append(self._next(deadline - time.monotonic()))

    def _next(self, timeout):
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._read], [], [], max(timeout, 0))
            data = os.read(self._read, 1 << 20) if ready else b""
            if not data:
                raise AssertionError("the browser does not answer")
            self._rest += data
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)


class Page:
    """A tab with an open document. Everything it logs or asks for is recorded."""

    def __init__(self, pipe):
        self._pipe = pipe
        target = pipe.call("Target.createTarget", url="about:blank")["targetId"]
        attached = pipe.call("Target.attachToTarget", targetId=target, flatten=True)
        self._target, self._session = target, attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Performance"):
            self.call(f"{domain}.enable")
        self.resize(1280, 900)

    def call(self, method, **parameters):
        return self._pipe.call(method, self._session, **parameters)

    def open(self, path):
        self._pipe.events.clear()
        self.call("Page.navigate", url=Path(path).resolve().as_uri())
        self._pipe.wait_for("Page.loadEventFired")
        self.settle()

    def wait_for_load(self):
        self._pipe.wait_for("Page.loadEventFired")

    def close(self):
        self._pipe.call("Target.closeTarget", targetId=self._target)

    def resize(self, width, height):
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def prefer(self, scheme):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.call("Emulation.setEmulatedMedia", features=[feature])

    def without_script(self, *, off=True):
        self.call("Emulation.setScriptExecutionDisabled", value=off)

    def run(self, script):
        """The value of an expression in the page; an exception there fails here."""
        answer = self.call(
            "Runtime.evaluate",
            expression=script,
            returnByValue=True,
            awaitPromise=True,
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def settle(self):
        """Two frames on: what was asked for by then has been drawn."""
        frame = "new Promise(done => requestAnimationFrame(() => done()))"
        self.run(frame)
        self.run(frame)

    def type(self, text):
        for character in text:
            self.call("Input.insertText", text=character)
            self.settle()

    def press(self, key, *, shift=False):
        code = {"key": " " if key == "Space" else key, "code": key}
        code |= {"windowsVirtualKeyCode": KEYS[key], "modifiers": 8 if shift else 0}
        typed = {"Enter": "\r", "Space": " "}.get(key)
        down = {"type": "keyDown", "text": typed} if typed else {"type": "rawKeyDown"}
        self.call("Input.dispatchKeyEvent", **down, **code)
        self.call("Input.dispatchKeyEvent", type="keyUp", **code)
        self.settle()

    def _middle_of(self, selector):
        return self.run(
            f"(() => {{ const one = document.querySelector({json.dumps(selector)});"
            "one.scrollIntoView({block: 'center'});"
            "const box = one.getBoundingClientRect();"
            "return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )

    def click(self, selector):
        x, y = self._middle_of(selector)
        at = {"x": x, "y": y, "button": "left", "clickCount": 1}
        self.call("Input.dispatchMouseEvent", type="mousePressed", **at)
        self.call("Input.dispatchMouseEvent", type="mouseReleased", **at)
        self.settle()

    def hover(self, selector):
        x, y = self._middle_of(selector)
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        self.settle()

    def metric(self, name):
        found = self.call("Performance.getMetrics")["metrics"]
        return next(entry["value"] for entry in found if entry["name"] == name)

    def accessibility(self):
        """The nodes that a screen reader is given."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        return [node for node in nodes if not node["ignored"]]

    def complaints(self):
        """Console messages, uncaught errors, and violations of the page's policy."""
        self.settle()
        bad = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")
        return [event for event in self._pipe.events if event["method"] in bad]

    def requests(self):
        """The addresses that were asked for, the document itself left out."""
        self.settle()
        return [
            event["params"]["request"]["url"]
            for event in self._pipe.events
            if event["method"] == "Network.requestWillBeSent"
            and event["params"]["type"] != "Document"
        ]

    def screenshot(self, path, *, whole=False):
        answer = self.call(
            "Page.captureScreenshot", format="png", captureBeyondViewport=whole
        )
        Path(path).write_bytes(base64.b64decode(answer["data"]))


@contextmanager
def chromium():
    """A browser with an empty profile of its own; yields its Pipe."""
    to_browser, from_us = os.pipe()
    to_us, from_browser = os.pipe()
    with tempfile.TemporaryDirectory(
        prefix="chromium-", ignore_cleanup_errors=True
    ) as profile:
        process = subprocess.Popen(
            [
                *(sys.executable, "-c", LAUNCHER, str(to_browser), str(from_browser)),
                *(browser_program(), *FLAGS, f"--user-data-dir={profile}"),
            ],
            pass_fds=(to_browser, from_browser),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - one call, no locks involved
        )
        os.close(to_browser)
        os.close(from_browser)
        to_browser, from_browser = from_us, to_us
        pipe = Pipe(to_browser, from_browser)
        try:
            yield pipe
            pipe.call("Browser.close")
            process.wait(10)
        finally:
            stop(process)
            os.close(to_browser)
            os.close(from_browser)
