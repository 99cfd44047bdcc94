"""Sources are added, reloaded, drained, removed and looked at while referrals flow over many connections: nothing that was acknowledged is lost or there
twice, no connection is closed that need not be, and nobody waits longer than a moment."""
import os
import pathlib
import re
import shutil
import socket
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fascia import BUILD, PATIENCE, SANITIZED, Node, therapist, wait_for  # noqa: E402

PAUSE = 30 if SANITIZED else 8  # what a sender may have to wait while a process is replaced on a busy machine
SOURCE_TEXT = """
  - name: {name}
    plugin: {plugin}
    isolation: process
    stream:
      listen: "127.0.0.1:{port}"
    options:
      sender: {sender}
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Flow:
    """One connection that sends a line and waits for its answer, or `ahead` lines at a time, until it is stopped."""
    count = 0

    def __init__(self, port, ahead=1):
        Flow.count += 1
        self.name, self.ahead = f"F{os.getpid()}-{Flow.count}", ahead
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE * 2)
        self.file = self.socket.makefile("rb")
        self.answers, self.longest, self.closed, self.stopped = {}, 0.0, False, False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        number = 0
        while not self.stopped:
            names = [f"{self.name}-{number + i}" for i in range(self.ahead)]
            number += self.ahead
            began = time.monotonic()
            try:
                self.socket.sendall("".join(f"REFER|{name}|chiropractor|Dr Ana Lindqvist|1679576722|Harmon|Zoe|1971-04-09|KY|40508|M54.50|97140|HUMANA|\n"
                                            for name in names).encode())
                for name in names:
                    answer = self.file.readline().decode()
                    if answer == "":
                        self.closed = True
                        return
                    self.answers[name] = answer
            except OSError:
                self.closed = True
                return
            self.longest = max(self.longest, time.monotonic() - began)

    def stop(self):
        self.stopped = True
        self.thread.join()
        self.file.close()
        self.socket.close()


class Live(unittest.TestCase):
    def setUp(self):
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="fascia-live-"))
        self.addCleanup(shutil.rmtree, self.place, ignore_errors=True)
        self.place.chmod(0o755)
        self.plugin = self.place / "lines.so"
        self.replace_file()
        self.ports = {"first": free_port(), "second": free_port()}
        self.node = Node(sources=self.text("first")).__enter__()
        self.addCleanup(self.node.__exit__, None, None, None)
        self.node.start()
        self.node.mllp_port = 0  # the last that was listened on: not that of the source whose place it would take in the configuration
        self.node.import_therapists(therapist())
        self.flows = []
        self.addCleanup(lambda: [flow.stop() for flow in self.flows])
        wait_for(lambda: self.row("first")["state"] == "running")

    def replace_file(self):
        """As an installation does: a new file in place of the old one, which the running process still has."""
        shutil.copy(BUILD / "plugins/template.so", self.place / "new")
        (self.place / "new").rename(self.plugin)

    def text(self, name, sender="lines"):
        return SOURCE_TEXT.format(name=name, plugin=self.plugin, port=self.ports[name], sender=sender)

    def configure(self, *sources):
        self.node.extra["sources"] = "".join(sources)
        self.node.write_config()

    def row(self, name):
        return next((row for row in self.node.ctl("plugin", "list")["plugins"] if row["source"] == name), None)

    def flow(self, name, ahead=1):
        flow = Flow(self.ports[name], ahead)
        self.flows.append(flow)
        return flow

    def progress(self, flows):
        """Each has had an answer since."""
        before = [len(flow.answers) for flow in flows]
        wait_for(lambda: all(len(flow.answers) > count for flow, count in zip(flows, before)), seconds=PAUSE + PATIENCE)

    def kept(self, name):
        rows, after = [], 0
        while True:
            page = self.node.ctl("referral", "list", "--all", "--limit", 1000, "--after", after)["referrals"]
            rows += [row for row in page if row["source"] == name]
            if len(page) < 1000:
                return rows
            after = page[-1]["referral"]

    def all_is_kept_once(self, name, flows):
        for flow in flows:
            flow.stop()
        answers = {key: answer for flow in flows for key, answer in flow.answers.items()}
        numbers = set()
        for key, answer in answers.items():
            match = re.fullmatch(rf"OK\|{key}\|(\d+)\|.*\n", answer)
            self.assertIsNotNone(match, answer)
            numbers.add(int(match[1]))
        self.assertEqual(len(numbers), len(answers))
        kept = [int(row["referral"]) for row in self.kept(name)]
        self.assertEqual(len(kept), len(set(kept)))
        self.assertLessEqual(numbers, set(kept))
        return len(answers), set(kept) - numbers

    def test_reloads_under_load(self):
        flows = [self.flow("first", ahead) for ahead in (1, 1, 1, 1, 20, 100)]
        self.progress(flows)
        pids = {self.row("first")["pid"]}
        for round_ in range(6):
            if round_ % 2:
                self.replace_file()
            self.configure(self.text("first", sender=f"lines-{round_ // 2}"))
            row = self.node.ctl("plugin", "reload", "first")["plugins"][0]
            self.assertEqual(row["state"], "running")
            pids.add(row["pid"])
            self.assertIn("one referral a line", self.node.ctl("plugin", "describe", "first", json_out=False))
            self.assertIn("one referral a line", self.node.ctl("plugin", "describe", self.plugin, json_out=False))
            self.progress(flows)
        self.assertEqual(len(pids), 7)
        self.assertEqual([flow.closed for flow in flows], [False] * 6)
        self.assertLess(max(flow.longest for flow in flows), PAUSE)
        count, others = self.all_is_kept_once("first", flows)
        self.assertGreater(count, 200)
        self.assertEqual(others, set())  # every one of them was acknowledged
        row = wait_for(lambda: (row := self.row("first"))["open"] == 0 and row)  # statuses of what was taken go on for a moment
        self.assertEqual((row["restarts"], row["refused"], row["expired"]), (0, 0, 0), row)

    def test_one_comes_and_goes_while_another_works(self):
        first = [self.flow("first") for _ in range(3)]
        self.progress(first)
        self.assertNotEqual(self.node.ctl("plugin", "add", "second", check=False)[0], 0)  # it stands nowhere yet
        second = []
        for _ in range(3):
            self.configure(self.text("first"), self.text("second"))
            self.assertEqual(self.node.ctl("plugin", "add", "second")["plugins"][0]["state"], "running")
            flows = [self.flow("second", ahead) for ahead in (1, 10)]
            second += flows
            self.progress(flows)
            self.assertEqual(self.node.ctl("plugin", "drain", "second")["plugins"][0]["state"], "drained")
            for flow in flows:  # what they had sent was answered or never taken; then they are let go
                wait_for(lambda flow=flow: flow.closed)
            self.assertEqual(self.node.ctl("plugin", "remove", "second")["plugins"][0]["state"], "removed")
            with self.assertRaises(OSError):
                socket.create_connection(("127.0.0.1", self.ports["second"]), timeout=5).close()
            self.progress(first)
        self.assertEqual([flow.closed for flow in first], [False] * 3)
        self.assertLess(max(flow.longest for flow in first), PAUSE)
        self.assertEqual(self.all_is_kept_once("first", first)[1], set())
        count, _ = self.all_is_kept_once("second", second)
        self.assertGreater(count, 5)

    def test_a_reload_that_goes_wrong_and_one_that_mends_it(self):
        flows = [self.flow("first") for _ in range(3)]
        self.progress(flows)
        self.configure(self.text("first", sender="'a|b'"))
        code, out, _ = self.node.ctl("plugin", "reload", "first", check=False)
        self.assertEqual(code, 1, out)
        self.assertIn("leave it out", self.row("first")["why"])
        for flow in flows:  # they find out at once
            wait_for(lambda flow=flow: flow.closed)
        self.configure(self.text("first"))
        self.assertEqual(self.node.ctl("plugin", "reload", "first")["plugins"][0]["state"], "running")
        again = [self.flow("first") for _ in range(3)]
        self.progress(again)
        self.all_is_kept_once("first", flows + again)


if __name__ == "__main__":
    unittest.main()
