"""A real referral goes all the way round: received, matched, offered, accepted, booked, treated, completed, closed; its sender hears of each."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fascia import Listener, Node, field, referral, therapist, wait_for  # noqa: E402


class Loop(unittest.TestCase):
    def setUp(self):
        self.listener = Listener()
        self.node = Node(senders=[{"application": "BLUEGRASS_EHR", "status_to": f"127.0.0.1:{self.listener.port}"}]).__enter__()
        self.node.start()
        self.addCleanup(self.listener.close)
        self.addCleanup(self.node.__exit__, None, None, None)

    def heard(self, count):
        return wait_for(lambda: len(self.listener.heard) >= count and self.listener.heard)

    def states(self):
        return [field(message, "RF1", 1).split("^")[0] for message in self.listener.heard]

    def test_all_the_way_round(self):
        self.node.import_therapists(therapist("1000000004"), therapist("1000000012", gender="male"))
        with self.node.connect() as sender:
            answer = sender.ask(referral(control_id="ROUND-1", referral_id="R-ROUND-1"))
        self.assertEqual(field(answer, "MSA", 1), "AA", answer)
        self.assertEqual(field(answer, "MSA", 2), "ROUND-1")

        offer = wait_for(self.node.offers)[0]
        number = f"R{offer['referral']}"
        explanation = self.node.ctl("match", "explain", number)["explanation"]
        self.assertEqual(explanation["passed"], 2)
        self.assertEqual(explanation["candidates"][0]["therapist"], offer["therapist"])

        # Declined: the next one is asked, and the explanation says why the first was left out.
        self.node.ctl("offer", "decline", number, "--therapist", offer["therapist"], "--reason", "no-time")
        second = wait_for(lambda: [o for o in self.node.offers() if o["therapist"] != offer["therapist"]])[0]
        self.node.ctl("offer", "accept", number, "--therapist", second["therapist"])
        self.heard(2)
        self.assertEqual(self.states()[:2], ["A", "A"])
        for message in self.listener.heard:
            self.assertEqual(field(message, "MSH", 9).split("^")[:2], ["RRI", "I12"])
            self.assertIn("R-ROUND-1", field(message, "RF1", 6))
            self.assertIn("ARCHER", field(message, "PID", 5))

        # The visit is on another day: that it is over already must be meant, and is remembered.
        for words in (("visit", "done", number), ("visit", "no-show", number)):
            code, said, _ = self.node.ctl(*words, check=False)
            self.assertEqual(code, 1)
            self.assertIn("has not begun yet", said)
        code, said, _ = self.node.ctl("outcome", "report", number, "--summary", "none", "--goal", "not-met", check=False)
        self.assertEqual(code, 1)
        self.assertIn("no visit took place", said)
        self.node.ctl("visit", "done", number, "--anyway", "--note", "first visit")
        self.node.ctl("outcome", "report", number, "--summary", "pain 6 to 2", "--goal", "met", "--visits", 1)
        wait_for(lambda: self.node.ctl("referral", "show", number)["detail"]["row"]["state"] == "closed")
        history = self.node.ctl("referral", "show", number, "--history")["detail"]["history"]
        kinds = [next(iter(entry["event"])) for entry in history if entry.get("event")]
        for kind in ("received", "screened", "matched", "offered", "offer_closed", "accepted", "visit_booked", "visit_ended", "outcome"):
            self.assertIn(kind, kinds)
        self.assertTrue([entry["event"]["visit_ended"]["anyway"] for entry in history if "visit_ended" in entry.get("event", {})][0])
        self.assertTrue(self.node.ctl("audit", "verify")["audit_report"]["whole"])
        self.assertEqual(self.node.stop(), 0)

    def test_a_resend_makes_no_second_referral(self):
        self.node.import_therapists(therapist())
        message = referral(control_id="AGAIN-1", referral_id="R-AGAIN")
        with self.node.connect() as sender:
            first = sender.ask(message)
        with self.node.connect() as sender:
            second = sender.ask(message)
            third = sender.ask(referral(control_id="AGAIN-2", referral_id="R-AGAIN"))
        for answer in (first, second, third):
            self.assertEqual(field(answer, "MSA", 1), "AA", answer)
        listed = self.node.ctl("referral", "list")["referrals"]
        self.assertEqual(len(listed), 1)

    def test_it_is_all_there_after_a_kill(self):
        self.node.import_therapists(therapist())
        with self.node.connect() as sender:
            for number in range(20):
                self.assertEqual(field(sender.ask(referral(referral_id=f"R-KILL-{number}")), "MSA", 1), "AA")
        wait_for(lambda: len(self.node.offers()) == 20)
        before = sorted((o["referral"], o["therapist"], o.get("hold_from"), o["expires"]) for o in self.node.offers())
        self.node.kill()
        self.node.start()
        after = sorted((o["referral"], o["therapist"], o.get("hold_from"), o["expires"]) for o in self.node.offers())
        self.assertEqual(before, after)


if __name__ == "__main__":
    unittest.main()
