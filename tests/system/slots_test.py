"""When therapists have time, as fasciactl tells it; and whose referrals are whose."""
import datetime
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fascia import Node, referral, therapist, wait_for  # noqa: E402

HOURS = "Mon-Sun 08:00-18:00"


def minutes(slot):
    return (int(slot["to"]) - int(slot["from"])) // 60000


class Slots(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.node = Node()
        cls.addClassCleanup(lambda: cls.node.__exit__(None))
        cls.node.start()
        cls.node.import_therapists(
            therapist("T1", hours=HOURS, places=[{"name": "Main Street", "postal_code": "40507"}]),
            therapist("T2", hours=HOURS, languages=["fr"], places=[{"name": "", "postal_code": "10001"}], capacity=0))
        with cls.node.connect() as sender:
            sender.ask(referral())
            sender.ask(referral(application="ANOTHER_EHR", patient="MRN-2"))
        wait_for(lambda: len(cls.node.offers()) == 2)

    def slots(self, *words):
        return self.node.ctl("therapist", "slots", *words).get("slots", [])

    def test_holds_are_taken_out_and_bookings_too(self):
        held = [(int(offer["hold_from"]), int(offer["hold_to"])) for offer in self.node.offers()]
        self.assertEqual(len(held), 2)
        free = self.slots("T1", "--limit", 1000)
        self.assertGreater(len(free), 100)
        for begins, ends in held:
            self.assertFalse([slot for slot in free if int(slot["from"]) < ends and begins < int(slot["to"])])
        shown = self.slots("T1", "--busy", "--limit", 1000)
        self.assertEqual([(int(slot["from"]), int(slot["to"])) for slot in shown if slot["kind"] == "tentative"], sorted(held))
        self.assertEqual(shown, sorted(shown, key=lambda slot: int(slot["from"])))
        offer = self.node.offers()[0]
        self.node.ctl("offer", "accept", f"R{offer['referral']}", "--therapist", "T1")
        shown = self.slots("T1", "--busy", "--limit", 1000)
        self.assertEqual([int(slot["from"]) for slot in shown if slot["kind"] == "busy"], [int(offer["hold_from"])])

    def test_a_stretch_of_time_is_asked_for_between_two_times(self):
        day = datetime.date.today() + datetime.timedelta(days=30)
        between = ("--zone", "America/New_York", "--from", f"{day} 09:10", "--to", f"{day} 17:00")
        found = self.slots("T2", *between)
        self.assertEqual([minutes(slot) for slot in found], [465])
        self.assertEqual((found[0]["place_name"], found[0]["time_zone"], found[0]["kind"]), ("10001", "America/New_York", "free"))
        self.assertEqual(self.slots("T2", *between, "--minutes", 480), [])
        table = self.node.ctl("therapist", "slots", "T2", *between, json_out=False)
        self.assertRegex(table, rf"T2 +10001 +free +\w+ {day} 09:15 .* 17:00 .* 465")

    def test_who_offers_what_is_asked_for(self):
        def who(*words):
            return sorted({slot["therapist"] for slot in self.slots("--limit", 1000, *words)})
        self.assertEqual(who(), ["T1", "T2"])
        self.assertEqual(who("--language", "fr"), ["T2"])
        self.assertEqual(who("--near", "40508"), ["T1"])
        self.assertEqual(who("--technique", "no-such-technique"), [])

    def test_what_is_wrong_is_said(self):
        def said(*words):
            code, _, errors = self.node.ctl("therapist", "slots", *words, check=False)
            return code, errors
        self.assertEqual(said("T1", "--language", "es")[0], 2)
        self.assertIn("--mode is one of clinic, home, remote", said("--mode", "x")[1])
        self.assertIn("--within goes with --near", said("--within", 5)[1])
        self.assertIn("--from", said("T1", "--from", "soon")[1])
        self.assertEqual(said("nobody")[0], 1)
        self.assertIn("there is no therapist", said("nobody")[1])
        self.assertIn("postal code", said("--near", "00000")[1])

    def test_referrals_are_listed_by_their_sender(self):
        rows = self.node.ctl("referral", "list", "--all")["referrals"]
        senders = {row["sender"] for row in rows}
        self.assertEqual(len(senders), 2)
        for row in rows:
            mine = self.node.ctl("referral", "list", "--all", "--sender", row["sender"])["referrals"]
            self.assertEqual([one["referral"] for one in mine], [row["referral"]])
            self.assertIn(row["sender"], self.node.ctl("referral", "show", f"R{row['referral']}", json_out=False))
            self.assertIn(row["sender"], self.node.ctl("referral", "list", "--all", json_out=False))
        self.assertEqual(self.node.ctl("referral", "list", "--all", "--sender", "NOBODY")["referrals"], [])


if __name__ == "__main__":
    unittest.main()
