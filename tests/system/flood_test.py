"""A flood is refused or held back, not swallowed: memory stays bounded, every answer is right, and others are still served."""
import json
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fascia import BUILD, SANITIZED, Node, field, referral, therapist, wait_for  # noqa: E402

SECONDS = "3"


def resident(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    return 0


class Flood(unittest.TestCase):
    def test_beyond_the_queue_senders_hear_come_back(self):
        with Node(node="  queue: 64") as node:
            node.start()
            node.import_therapists(therapist())
            before = resident(node.process.pid)
            done = subprocess.run([str(BUILD / "tests/bench/mllp_load"), str(node.mllp_port), "64", "64", SECONDS, "F"],
                                  capture_output=True, text=True, timeout=120)
            self.assertEqual(done.returncode, 0, done.stderr)
            counts = json.loads(done.stdout)
            print(counts, f"resident {before >> 20} -> {resident(node.process.pid) >> 20} MiB")
            self.assertEqual(counts["wrong"], 0)
            self.assertEqual(counts["unanswered"], 0)
            self.assertGreater(counts["acknowledged"], 0)
            self.assertGreater(counts["refused"], 0, "the queue's bound was never met: the test shows nothing")
            if not SANITIZED:
                # What is kept for each open referral is bounded; 4,096 frames under way of 2 KB are 8 MiB.
                growth = resident(node.process.pid) - before
                self.assertLess(growth, (128 << 20) + counts["acknowledged"] * 4096)
            with node.connect() as sender:
                # What is still in the queue is worked off first; on a busy machine that takes its time.
                wait_for(lambda: field(sender.ask(referral()), "MSA", 1) == "AA")

    def test_more_connections_than_allowed_hurt_nobody(self):
        with Node(stream="      connections: 8") as node:
            node.start()
            held = [node.connect() for _ in range(8)]
            for _ in range(40):
                with node.connect() as extra:
                    extra.socket.settimeout(5)
                    try:
                        self.assertEqual(extra.socket.recv(1), b"")
                    except ConnectionResetError:
                        pass
            self.assertIn("MSA", held[0].ask(referral()) or "")
            for one in held:
                one.close()
            wait_for(lambda: node.metric("fascia_source_connections") == 0)
            with node.connect() as sender:
                self.assertIn("MSA", sender.ask(referral()) or "")

    def test_a_message_beyond_the_limit_is_answered_and_the_rest_cut_off(self):
        with Node(stream="      input: 64KiB") as node:
            node.start()
            for accept, apply, code in (("", "", "AE"), ("AL", "NE", "CE"), ("NE", "AL", "AE")):
                with self.subTest(accept=accept, apply=apply), node.connect() as greedy:
                    greedy.send(referral(control_id="BEFORE-1"))
                    greedy.send(referral(control_id="LARGE-1", msh15=accept, msh16=apply, note="x" * (4 << 20)))
                    self.assertEqual(field(greedy.receive(), "MSA", 2), "BEFORE-1")
                    answer = greedy.receive()
                    self.assertEqual((field(answer, "MSA", 1), field(answer, "MSA", 2)), (code, "LARGE-1"), answer)
                    self.assertEqual((field(answer, "ERR", 3).split("^")[0], field(answer, "ERR", 4)), ("207", "E"), answer)
                    self.assertIn("at most 65536 bytes are taken here", field(answer, "ERR", 8))
                    self.assertIsNone(greedy.receive(), "an end, no reset")
            self.assertEqual(node.metric("fascia_source_closed_by_limit_total"), 3)
            with node.connect() as greedy: # a header without an end
                greedy.send("MSH|^~\\&|" + "x" * (4 << 20))
                self.assertEqual((field(greedy.receive(), "MSA", 1), greedy.receive()), ("AE", None))
            with node.connect() as sender:
                self.assertIn("MSA", sender.ask(referral()) or "")

    def test_a_message_that_just_fits_is_taken(self):
        with Node(stream="      input: 64KiB") as node:
            node.start()
            bare = len(referral(control_id="JUST-1", referral_id="JUST", note="x").encode()) - 1
            for over, code in ((0, "AA"), (1, "AE")):
                with node.connect() as sender:
                    answer = sender.ask(referral(control_id="JUST-1", referral_id="JUST", note="x" * ((64 << 10) - 3 - bare + over)))
                    self.assertEqual((field(answer, "MSA", 1), field(answer, "MSA", 2)), (code, "JUST-1"), answer)


if __name__ == "__main__":
    unittest.main()
