"""A notifier hears what it is granted: each event at least once and in order, later when it is down, and nothing of who a patient is."""
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fascia import BUILD, Listener, Node, field, referral, therapist, wait_for  # noqa: E402

PLUGINS = """plugins:
  - name: screen
    plugin: datagram
    isolation: {isolation}
    network: true
{grants}
    options: {{to: {to}}}
"""
GRANTS = "    grants: [events]\n"
PATIENT = ("ARCHER", "ELLIOT", "19790822", "1979-08-22", "Woodland", "5550177", "MRN-1", "NOTE-MARKER")


class Receiver:
    """A program that listens on a Unix datagram socket."""

    def __init__(self, path):
        self.path, self.socket, self.heard = path, None, []

    def listen(self):
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        os.chmod(self.path, 0o777)
        self.socket.setblocking(False)
        return self

    def read(self):
        while self.socket is not None:
            try:
                self.heard.append(json.loads(self.socket.recv(65536)))
            except BlockingIOError:
                break
        return self.heard

    def close(self):
        if self.socket is not None:
            self.socket.close()
        self.socket = None


class Notifier(unittest.TestCase):
    def node(self, grants=GRANTS, isolation="inproc", senders=(), start=True):
        place = pathlib.Path(tempfile.mkdtemp(prefix="fascia-screen-"))
        place.chmod(0o755)
        self.receiver = Receiver(place / "events.sock")
        self.addCleanup(self.receiver.close)
        node = Node(sources=PLUGINS.format(isolation=isolation, grants=grants.rstrip("\n"), to=self.receiver.path), senders=senders)
        node.__enter__()
        self.addCleanup(node.__exit__, None, None, None)
        if start:
            node.start()
            node.import_therapists(therapist())
        return node

    @staticmethod
    def refer(node, count=1, **how):
        with node.connect() as sender:
            for _ in range(count):
                assert field(sender.ask(referral(note="NOTE-MARKER", **how)), "MSA", 1) == "AA"

    def kinds(self):
        return [notice["kind"] for notice in self.receiver.read()]

    def assert_once_and_in_order(self):
        ids = [notice["id"] for notice in self.receiver.read()]
        self.assertEqual(ids, sorted(set(ids)))

    def told_of_a_referral(self, isolation):
        node = self.node(isolation=isolation)
        self.receiver.listen()
        self.refer(node)
        wait_for(lambda: "offered" in self.kinds())
        number = node.offers()[0]["referral"]
        node.ctl("offer", "accept", f"R{number}", "--therapist", "1000000004")
        wait_for(lambda: "visit-booked" in self.kinds())
        self.assertIn("therapist-changed", self.kinds())
        of_it = [notice for notice in self.receiver.heard if notice.get("referral") == number]
        self.assertEqual([notice["kind"] for notice in of_it][:4], ["received", "screened", "matched", "offered"])
        offered = next(notice for notice in of_it if notice["kind"] == "offered")
        self.assertEqual((offered["state"], offered["therapist"], offered["source"], offered["attempt"]),
                         ("OFFERED", "1000000004", "clinic", 1))
        self.assert_once_and_in_order()
        text = json.dumps(self.receiver.heard)
        for marker in PATIENT:
            self.assertNotIn(marker, text)

    def test_a_referral(self):
        self.told_of_a_referral("inproc")

    def test_a_referral_in_a_process_of_its_own(self):
        self.told_of_a_referral("process")

    def test_only_what_it_asked_for(self):
        node = self.node(grants=GRANTS + "    events: [offered]\n")
        self.receiver.listen()
        self.refer(node, 3)
        wait_for(lambda: len(self.kinds()) == 3)
        self.assertEqual(set(self.kinds()), {"offered"})

    def test_nothing_without_a_grant(self):
        node = self.node(grants="", start=False)
        done = subprocess.run([str(BUILD / "fasciad"), "--config", str(node.place / "fascia.yaml"), "--check-config"], capture_output=True, text=True)
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stderr, r"fascia\.yaml:\d+.*plugin datagram is a notifier, and hears of nothing unless it is granted")
        done = subprocess.run([str(BUILD / "fasciad"), "--config", str(node.place / "fascia.yaml")], capture_output=True, text=True, timeout=60)
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stdout + done.stderr, r"fascia\.yaml:\d+.*plugin datagram is a notifier")

    def test_nobody_listens_for_a_while_and_a_restart(self):
        listener = Listener()
        self.addCleanup(listener.close)
        node = self.node(senders=[{"application": "BLUEGRASS_EHR", "status_to": f"127.0.0.1:{listener.port}"}])
        self.refer(node, 5)
        wait_for(lambda: len(node.offers()) == 5)
        node.ctl("offer", "accept", f"R{node.offers()[0]['referral']}", "--therapist", "1000000004")
        wait_for(lambda: len(listener.heard) >= 1)  # senders do not wait for the notifier
        waiting = node.ctl("outbox", "list")["outbox"]
        self.assertGreater(len(waiting), 20)
        self.assertEqual({row["source"] for row in waiting if row["source"] != "clinic"}, {"screen"})
        node.kill()
        node.start()
        self.receiver.listen()
        wait_for(lambda: self.receiver.read() and node.ctl("outbox", "list").get("outbox", []) == [])
        self.assert_once_and_in_order()
        self.assertEqual(self.kinds().count("received"), 5)
        self.assertEqual(self.kinds().count("offered"), 5)

    def test_what_was_given_up_is_told_when_asked_for(self):
        node = self.node(start=False)
        node.extra["delivery"] = "  give_up_after: 1s"
        node.write_config()
        node.start()
        node.import_therapists(therapist())
        wait_for(lambda: [row for row in node.ctl("outbox", "list", "--given-up").get("outbox", []) if row["source"] == "screen"])
        self.receiver.listen()
        node.ctl("outbox", "retry")
        wait_for(lambda: "therapist-changed" in self.kinds())


if __name__ == "__main__":
    unittest.main()
