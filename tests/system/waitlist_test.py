"""The waiting list from outside: who waits, why, what would help most, and that the help, when it comes, wakes them."""
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fascia import Node, field, referral, therapist, wait_for  # noqa: E402

NAME = "ZEBEDIAH"


class Waitlist(unittest.TestCase):
    def setUp(self):
        self.node = Node().__enter__()
        self.node.start()
        self.addCleanup(self.node.__exit__, None, None, None)

    def send(self, **changes):
        urgent = changes.pop("urgent", False)
        message = referral(family=NAME, **changes)
        if urgent:
            message = message.replace("R^Routine^HL70280", "A^ASAP^HL70280")
        with self.node.connect() as sender:
            self.assertEqual(field(sender.ask(message), "MSA", 1), "AA")

    def waiting(self, count):
        return wait_for(lambda: (answer := self.node.ctl("waitlist"))["waiting"] == count and answer)

    def send_those_who_wait(self):
        self.node.import_therapists(therapist(payers=["AETNA"]))
        self.send(postal="40508")
        self.send(postal="40502")
        self.send(postal="40507", patient="MRN-2")
        self.send(postal="40202", diagnosis="I89.0^Lymphoedema^I10", procedure="", patient="MRN-3")
        return self.waiting(4)

    def test_nobody_waits(self):
        answer = self.node.ctl("waitlist")
        self.assertEqual((answer["waiting"], answer["would_help"], answer["referrals"]), (0, [], []))
        self.assertIn("nobody waits", self.node.ctl("waitlist", json_out=False))

    def test_who_waits_why_and_what_would_help_most(self):
        answer = self.send_those_who_wait()
        first = answer["would_help"][0]
        self.assertEqual((first["what"], first["referrals"]), ("somebody who accepts the payer HUMANA", 3))
        self.assertRegex(first["place"], "^US 405")
        self.assertTrue(0 < first["km"] < 20, first)
        self.assertEqual(sum(help["referrals"] for help in answer["would_help"]), 4, "each counts once")
        row = answer["referrals"][0]
        self.assertEqual(row["need"]["conditions"], ["back-pain"])
        self.assertEqual(row["place"], "US 40508")
        self.assertIn("HUMANA", row["near_misses"][0]["relaxation"])
        self.assertNotIn("position", row["need"])
        self.assertEqual(row["need"]["windows"], [])

        table = self.node.ctl("waitlist", json_out=False)
        self.assertRegex(table, r"3 referrals wait for somebody who accepts the payer HUMANA within \d+ km of US 405\d\d")
        self.assertIn("4 referrals wait: 0 stat, 0 urgent, 4 routine", table)

    def test_no_name_is_shown_and_nothing_is_recorded_of_the_look(self):
        self.send_those_who_wait()
        before = self.node.ctl("audit", "list", "--limit", 1000)["audit"]
        for said in (self.node.ctl("waitlist", json_out=False), self.node.ctl("waitlist", "--json", json_out=False)):
            self.assertNotIn(NAME, said)
            self.assertNotIn("Woodland", said)
            self.assertNotIn("MRN-", said)
        self.assertEqual(self.node.ctl("audit", "list", "--limit", 1000)["audit"], before, "as with referral list")

    def test_some_of_them(self):
        self.send_those_who_wait()
        self.assertEqual(self.node.ctl("waitlist", "--near", "40202")["waiting"], 1)
        self.assertEqual(self.node.ctl("waitlist", "--near", "40202-1234", "--within", "200")["waiting"], 4)
        self.assertEqual(self.node.ctl("waitlist", "--near", "US 40508", "--within", "10")["waiting"], 3)
        limited = self.node.ctl("waitlist", "--limit", "2")
        self.assertEqual((limited["waiting"], len(limited["referrals"])), (4, 2))
        self.assertEqual(limited["would_help"][0]["referrals"], 3, "help is worked out over all")
        self.assertEqual(self.node.ctl("waitlist", "--urgency", "urgent")["waiting"], 0)
        self.send(postal="40508", patient="MRN-9", urgent=True)
        urgent = wait_for(lambda: (answer := self.node.ctl("waitlist", "--urgency", "urgent"))["waiting"] == 1 and answer)
        self.assertEqual(self.node.ctl("waitlist")["referrals"][0]["referral"], urgent["referrals"][0]["referral"], "urgent first")
        self.assertEqual(self.node.ctl("waitlist", "--urgency", "routine")["waiting"], 4)

    def test_wrong_usage(self):
        for words, code in ((["--urgency", "soon"], 2), (["--within", "5"], 2), (["--within", "0", "--near", "40202"], 2), (["extra"], 2),
                            (["--limit", "none"], 2), (["--near", "00000"], 1)):
            self.assertEqual(self.node.ctl("waitlist", *words, check=False)[0], code, words)
        code, said = self.node.ctl("waitlist", "--help", check=False, json_out=False)[:2]
        self.assertEqual(code, 0)
        self.assertEqual(re.findall(r"^ +-[^-?V]", said, re.M), [], "an option is a short one that nobody asked for")
        self.assertIn("      --urgency=PRIORITY", said)
        self.assertEqual(self.node.stop(), 0)
        self.assertEqual(self.node.ctl("waitlist", check=False)[0], 3)

    def test_help_that_comes_wakes_them_over_a_restart_too(self):
        self.send_those_who_wait()
        self.node.import_therapists(therapist(payers=["AETNA", "humana"], capacity=1))
        wait_for(lambda: len(self.node.offers()) == 1)
        self.assertEqual(self.waiting(3)["referrals"][0]["place"], "US 40502")
        self.assertEqual(self.node.stop(), 0)
        self.node.start()
        self.assertEqual(self.waiting(3)["would_help"][0]["what"], "somebody who accepts the payer HUMANA")
        self.node.import_therapists(therapist("1000000012", payers=["HUMANA"]))
        wait_for(lambda: len(self.node.offers()) == 3)
        self.assertEqual(self.waiting(1)["referrals"][0]["place"], "US 40202")


if __name__ == "__main__":
    unittest.main()
