"""Matches: explained, tried out, and asked again from the node's history; and lies about that history found."""
import contextlib
import pathlib
import random
import shutil
import sqlite3
import tempfile
import unittest

from fascia import Node, field, referral, therapist, wait_for

PAYERS = [["HUMANA", "AETNA"], ["HUMANA"], ["AETNA"]]
HOURS = ["Mon-Sun 08:00-18:00", "Mon-Fri 09:00-13:00", "Mon-Sat 12:00-20:00"]
DIAGNOSES = ["M54.50^Low back pain, unspecified^I10", "M54.2^Cervicalgia^I10", "I97.2^Postmastectomy lymphedema syndrome^I10"]
THERAPIST_CHANGED = 16


def somebody(chance, number):
    return therapist(f"T{number:02}", payers=chance.choice(PAYERS), hours=chance.choice(HOURS), capacity=chance.randint(1, 6),
                     rating_sum=chance.randint(0, 900), rating_count=10, visit_modes=["clinic", "home"], home_radius=chance.randint(0, 40000),
                     places=[{"name": "x", "postal_code": chance.choice(["40507", "40508", "40475", "40202"])}])


def settled(node):
    return not node.ctl("referral", "list", "--state", "matching,received").get("referrals")


class Lived(unittest.TestCase):
    """A node with a life behind it: referrals, answers, visits, and therapists who changed between."""

    @classmethod
    def setUpClass(cls):
        cls.node = Node()
        cls.addClassCleanup(lambda: cls.node.__exit__(None))
        cls.node.start()
        cls.chance = random.Random(20261123)
        cls.node.import_therapists(*(somebody(cls.chance, number) for number in range(12)))
        with cls.node.connect() as sender:
            for _ in range(8):
                cls.round(sender)
        wait_for(lambda: settled(cls.node))

    @classmethod
    def round(cls, sender):
        chance, node = cls.chance, cls.node
        for _ in range(6):
            sender.ask(referral(patient=f"MRN-{chance.randint(1, 12)}", diagnosis=chance.choice(DIAGNOSES)))
        wait_for(lambda: settled(node))
        for offer in node.offers():
            name, who = f"R{offer['referral']}", offer["therapist"]
            if chance.random() < 0.5:
                node.ctl("offer", "accept", name, "--therapist", who, check=False)
                if chance.random() < 0.5:
                    node.ctl("visit", *chance.choice([["no-show", "--anyway"], ["cancel"]]), name, check=False)
                elif chance.random() < 0.5:
                    node.ctl("outcome", "report", name, "--summary", "well", "--goal", "met", "--visits", 1, check=False)
            elif chance.random() < 0.7:
                node.ctl("offer", "decline", name, "--therapist", who, "--reason", chance.choice(["no-time", "too-far"]), check=False)
        node.import_therapists(*(somebody(chance, number) for number in chance.sample(range(14), 3)))
        if chance.random() < 0.4:
            node.ctl("therapist", "remove", f"T{chance.randint(0, 11):02}", check=False)
        wait_for(lambda: settled(node))

    def test_every_explanation_comes_out_the_same(self):
        report = self.node.ctl("match", "replay", "--all")["replay"]
        self.assertGreater(report["same"], 40)
        self.assertEqual((report["different"], report["inconclusive"], report["replays"]), (0, 0, []))
        self.assertEqual(report["events"], report["last_event"])
        text = self.node.ctl("match", "replay", "--all", json_out=False)
        self.assertIn("every one comes out the same", text)

    def test_one_explanation_comes_out_the_same_the_latest_or_one_before(self):
        for row in self.node.ctl("referral", "list", "--all", "--limit", "6")["referrals"]:
            name = f"R{row['referral']}"
            explained = self.node.ctl("match", "explain", name)
            matches = [entry["sequence"] for entry in explained["detail"]["history"] if "matched" in entry["event"]]
            self.assertEqual(self.node.ctl("match", "replay", name)["replay"]["replays"][0]["event"], matches[-1])
            for event in matches[:2]:
                report = self.node.ctl("match", "replay", name, "--event", event)["replay"]
                self.assertEqual((report["same"], report["replays"][0]["verdict"], report["events"]), (1, "same", event))
                self.assertEqual(self.node.ctl("match", "explain", name, "--event", event)["explanation"]["at"], report["replays"][0]["at"])
        code, _, error = self.node.ctl("match", "replay", "R1", "--event", "1", check=False)
        self.assertEqual((code, error), (1, "fasciactl: event 1 is no match of R1\n"))

    def test_an_explanation_says_what_became_of_its_candidates(self):
        declined = next(row for row in self.node.ctl("audit", "list", "--limit", "1000")["audit"] if row["kind"] == "offer_closed")
        text = self.node.ctl("match", "explain", f"R{declined['referral']}", "--event",
                             next(entry["sequence"] for entry in self.node.ctl("match", "explain", f"R{declined['referral']}")["detail"]["history"]
                                  if "matched" in entry["event"]), json_out=False)
        self.assertRegex(text, r"(declined: (no-time|too-far)|withdrawn)")

    def test_a_node_that_was_started_again_gives_the_same(self):
        self.assertEqual(self.node.stop(), 0)
        self.node.start()
        report = self.node.ctl("match", "replay", "--all")["replay"]
        self.assertEqual((report["different"], report["inconclusive"]), (0, 0))

    def end_of_trail(self):
        return self.node.ctl("audit", "verify")["audit_report"]["entries"]

    def test_a_what_if_keeps_nothing_but_the_trace_of_who_looked(self):
        before = self.end_of_trail()
        state = self.node.ctl("status")["node"]
        answer = self.node.ctl("match", "try", "--condition", "M54.50", "--jurisdiction", "KY", "--postal-code", "40508", "--payer", "HUMANA")
        self.assertGreater(answer["explanation"]["considered"], 0)
        self.assertEqual(self.end_of_trail(), before)
        waiting = self.node.ctl("referral", "list", "--state", "waitlisted")["referrals"][0]["referral"]
        self.assertEqual(self.node.ctl("match", "try", f"R{waiting}")["explanation"]["passed"], 0)
        self.node.ctl("match", "try", f"R{waiting}", "--without", "payer,certification,technique,condition,distance,declined,time")
        self.assertEqual(self.end_of_trail(), before + 2)
        trace = self.node.ctl("audit", "list", "--after", before)["audit"]
        self.assertEqual([(row["kind"], row["referral"]) for row in trace], [("viewed", waiting)] * 2)
        after = self.node.ctl("status")["node"]
        for name in ("referrals_open", "therapists", "offers_open", "waitlisted", "outbox_pending"):
            self.assertEqual(after[name], state[name], name)

    def test_what_if_is_read_by_the_tables(self):
        code, out, error = self.node.ctl("match", "try", "--condition", "Z99.99,M54.50", "--postal-code", "99999", check=False, json_out=False)
        self.assertEqual((code, out), (1, ""))
        self.assertIn("warning: --condition 1: this code is in no condition table", error)
        self.assertIn("problem: --jurisdiction: the patient's state or province is missing", error)
        self.assertIn("problem: --postal-code or --position: the patient's postal code is not in the table of places", error)
        answer = self.node.ctl("match", "try", "--condition", "lymphedema", "--jurisdiction", "US-KY", "--position", "38.05,-84.5", "--within", "7.5")
        need = answer["explanation"]["need"]
        self.assertEqual((need["conditions"], need["certifications"][0]["any_of"], need["max_distance"]), (["lymphoedema"], ["CLT", "CLT-LANA"], 7500))
        for words, text in ((("--gender", "x"), "--gender is one of female"), (("--window", "noon"), "--window is, for example"),
                            (("--weights", "distance"), "--weights is, for example"), (("--within", "0"), "--within is kilometres"),
                            (("--not-after", "soon"), "--not-after is a date"), (("--position", "1"), "--position is latitude")):
            code, _, error = self.node.ctl("match", "try", *words, check=False)
            self.assertEqual(code, 2)
            self.assertIn(text, error)

    # ---- lies, each in a copy of the store ----

    @contextlib.contextmanager
    def copy(self, change):
        """A node on a copy of the store, after change(database)."""
        place = pathlib.Path(tempfile.mkdtemp(prefix="fascia-lie-"))
        self.addCleanup(shutil.rmtree, place, True)
        self.node.stop()
        shutil.copytree(self.node.data, place / "data")
        self.node.start()
        with contextlib.closing(sqlite3.connect(place / "data/fascia.db")) as database:
            database.execute("DROP TRIGGER event_is_never_changed")
            change(database)
            database.commit()
        with Node(data=place / "data") as liar:
            yield liar.start()

    def test_a_lie_about_a_therapist_is_found(self):
        def change(database):
            number, payload = database.execute("SELECT sequence, payload FROM event WHERE kind = ? AND instr(payload, ?) > 0 ORDER BY sequence",
                                               (THERAPIST_CHANGED, b"HUMANA")).fetchone()
            database.execute("UPDATE event SET payload = ? WHERE sequence = ?", (payload.replace(b"HUMANA", b"NOBODY"), number))
        with self.copy(change) as liar:
            code, out, _ = liar.ctl("match", "replay", "--all", check=False, json_out=False)
            self.assertEqual(code, 5)
            self.assertIn("DIFFERENT", out)
            code, out, _ = liar.ctl("match", "replay", "--all", check=False)
            self.assertEqual(code, 5)
            # what a referral needs stays out of an answer about all of them
            self.assertNotRegex(out, r'"(stored|replayed)": "[^"]')

    def test_therapists_of_an_older_release_make_it_inconclusive(self):
        def change(database):
            for number, payload in database.execute("SELECT sequence, payload FROM event WHERE kind = ?", (THERAPIST_CHANGED,)).fetchall():
                body = payload[payload.index(b"\x0a"):]
                name = body[:2 + body[1]]
                database.execute("UPDATE event SET payload = ? WHERE sequence = ?", (b"\x82\x01" + bytes([len(name)]) + name, number))
        with self.copy(change) as liar:
            code, out, _ = liar.ctl("match", "replay", "R1", check=False, json_out=False)
            self.assertEqual(code, 6)
            self.assertIn("therapists were put by a release that did not keep what it put", out)

    def test_a_history_with_a_hole_is_no_history(self):
        def change(database):
            database.execute("DROP TRIGGER event_is_never_removed")
            database.execute("DELETE FROM event WHERE sequence = 5")
        with self.copy(change) as liar:
            code, _, error = liar.ctl("match", "replay", "--all", check=False, json_out=False)
            self.assertEqual((code, error), (1, "fasciactl: event 5 is missing\n"))

    def test_zz_what_is_erased_can_t_be_replayed_and_spoils_nothing(self):
        row = next(row for row in self.node.ctl("audit", "list", "--limit", "1000")["audit"] if row["kind"] == "offered")
        name = f"R{row['referral']}"
        self.node.ctl("referral", "withdraw", name, "--reason", "test", check=False)
        self.node.ctl("referral", "erase", name, "--reason", "asked for")
        code, out, _ = self.node.ctl("match", "replay", "--all", check=False)
        self.assertEqual(code, 6, out)
        self.assertIn("the referral was erased, and its explanation with it", out)
        self.assertIn('"different": 0,', out)


if __name__ == "__main__":
    unittest.main()
