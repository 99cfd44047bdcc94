"""A policy removes and reorders candidates, within its time and its grants; a bad one has abstained and the match goes on; and each replays without it."""
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fascia import BUILD, SANITIZED, Node, field, referral, therapist, wait_for  # noqa: E402

HOUSE = """plugins:
  - name: contracts
    plugin: house-list
    isolation: {isolation}
    {grants}
    weight: 400
    time: {time}
    options:
      favoured: [{{therapist: "1000000009"}}, {{therapist: "1000000008", score: -500}}]
      barred: ["1000000004"]
"""
BAD = """plugins:
  - name: temper
    plugin: {plugin}
    isolation: {isolation}
    grants: [gate, score]
    time: 400ms
    options: {{does: {does}{copy}}}
"""
PATIENT = ("ARCHER", "ELLIOT", "19790822", "1979-08-22", "Woodland", "5550177", "MRN-1", "NOTE-MARKER", "40508")
TIME = "10s" if SANITIZED else "2s"


class Policy(unittest.TestCase):
    def node(self, plugins, therapists=("1000000004", "1000000008", "1000000009"), start=True):
        node = Node(sources=plugins)
        node.__enter__()
        self.addCleanup(node.__exit__, None, None, None)
        if start:
            node.start()
            node.import_therapists(*[therapist(identifier) for identifier in therapists])
        return node

    def house(self, grants="grants: [gate, score]", isolation="inproc", **how):
        return self.node(HOUSE.format(grants=grants, isolation=isolation, time=TIME), **how)

    @staticmethod
    def refer(node):
        with node.connect() as sender:
            assert field(sender.ask(referral(note="NOTE-MARKER")), "MSA", 1) == "AA"

    def match(self, node):
        self.refer(node)
        offer = wait_for(node.offers)[0]
        return offer, node.ctl("match", "explain", f"R{offer['referral']}")["explanation"]

    @staticmethod
    def parts(explanation):
        return {candidate["therapist"]: {part["name"]: part.get("points", 0) for part in candidate["parts"]} for candidate in explanation["candidates"]}

    def replays(self, node, count):
        report = node.ctl("match", "replay", "--all")["replay"]
        self.assertEqual((report["same"], report["different"], report["inconclusive"]), (count, 0, 0), report)

    def removes_and_reorders(self, isolation):
        node = self.house(isolation=isolation)
        if isolation == "process":
            wait_for(lambda: node.ctl("plugin", "list")["plugins"][-1]["state"] == "running")
        offer, explanation = self.match(node)
        self.assertEqual(offer["therapist"], "1000000009")
        parts = self.parts(explanation)
        self.assertEqual(list(parts), ["1000000009", "1000000008"])
        self.assertEqual([part["policy:contracts"] for part in parts.values()], [400, -200])
        for candidate in explanation["candidates"]:
            self.assertEqual(candidate["score"], sum(part.get("points", 0) for part in candidate["parts"]))
        gate = next(gate for gate in explanation["gates"] if gate["gate"] == "policy:contracts")
        self.assertEqual((gate["removed"], explanation["passed"]), (1, 2))
        text = node.ctl("match", "explain", f"R{offer['referral']}", json_out=False)
        self.assertIn("POLICY:CONTRACTS", text)
        self.assertIn("1000000004 fails: barred", text)
        self.replays(node, 1)
        # The policy is gone, and what it said is still in the history.
        self.assertEqual(node.stop(), 0)
        node.extra["sources"] = ""
        node.write_config()
        node.start()
        self.replays(node, 1)
        self.refer(node)
        wait_for(lambda: len(node.offers()) == 2)
        self.assertEqual(node.offers()[-1]["therapist"], "1000000004")
        self.replays(node, 2)

    def test_in_the_daemon(self):
        self.removes_and_reorders("inproc")

    def test_in_a_process_of_its_own(self):
        self.removes_and_reorders("process")

    def test_only_what_is_granted_counts(self):
        node = self.house(grants="grants: [score]")
        _, explanation = self.match(node)
        self.assertEqual(list(self.parts(explanation)), ["1000000009", "1000000004", "1000000008"])
        self.assertNotIn("policy:contracts", [gate["gate"] for gate in explanation["gates"]])
        node = self.house(grants="grants: [gate]")
        _, explanation = self.match(node)
        self.assertEqual(list(self.parts(explanation)), ["1000000008", "1000000009"])
        self.assertNotIn("policy:contracts", self.parts(explanation)["1000000009"])

    def test_without_a_grant_it_is_refused(self):
        for grants, why in (("grants: []", "is a policy, and is asked nothing unless it is granted"),
                            ("grants: [events]", "is a policy, and is asked nothing unless it is granted"),
                            ("grants: [rule]", "is none of events, gate, score")):
            node = self.house(grants=grants, start=False)
            done = subprocess.run([str(BUILD / "fasciad"), "--config", str(node.place / "fascia.yaml"), "--check-config"], capture_output=True, text=True)
            self.assertNotEqual(done.returncode, 0)
            self.assertRegex(done.stderr, rf"fascia\.yaml:\d+:.*{why}")

    def test_everybody_barred_waits(self):
        node = self.house(therapists=("1000000004",))
        self.refer(node)
        row = wait_for(lambda: node.ctl("referral", "list")["referrals"][0]["state"].lower() == "waitlisted" and node.ctl("match", "explain", "R1")["explanation"])
        self.assertEqual(row.get("passed", 0), 0)
        node.import_therapists(therapist("1000000008"))
        wait_for(lambda: node.offers())
        self.replays(node, 2)

    def test_a_trial_says_that_it_was_not_asked(self):
        node = self.house()
        tried = node.ctl("match", "try", "--condition", "M54.50", "--jurisdiction", "US-KY", "--postal-code", "40508")["explanation"]
        self.assertIn("not asked", tried["policies"][0]["abstained"])

    def abstains(self, does, isolation, why):
        with tempfile.TemporaryDirectory() as place:
            copy = f", copy: {place}/given" if isolation == "inproc" else ""
            node = self.node(BAD.format(plugin=BUILD / "tests/hostile/hostile-policy.so", isolation=isolation, does=does, copy=copy))
            if isolation == "process":
                wait_for(lambda: node.ctl("plugin", "list")["plugins"][-1]["state"] == "running")
            begun = time.monotonic()
            offer, explanation = self.match(node)
            self.assertEqual(offer["therapist"], "1000000004")
            self.assertEqual(explanation["policies"][0]["abstained"], why)
            self.assertEqual(len(explanation["candidates"]), 3)
            self.replays(node, 1)
            for marker in PATIENT if copy else ():
                self.assertNotIn(marker.encode(), pathlib.Path(place, "given").read_bytes())
            return node, time.monotonic() - begun

    def test_silence(self):
        self.abstains("nothing", "inproc", "no answer in time")

    def test_garbage(self):
        self.abstains("garbage", "inproc", "it failed")

    def test_a_stranger(self):
        self.abstains("stranger", "inproc", "its answer can't be used")

    def test_points_out_of_bounds(self):
        self.abstains("far", "inproc", "its answer can't be used")

    @unittest.skipIf(SANITIZED, "a sanitizer's own signals are not what is tried here")
    def test_a_crash(self):
        node, _ = self.abstains("crash", "process", "it failed")
        self.refer(node)
        wait_for(lambda: len(node.offers()) == 2)

    def test_silence_of_a_process(self):
        self.abstains("nothing", "process", "no answer in time")


if __name__ == "__main__":
    unittest.main()
