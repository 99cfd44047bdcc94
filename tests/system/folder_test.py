"""Practices that can only export: CSV and JSON files dropped into a folder, their results, their statuses, and a crash in the middle of a file."""
import csv
import io
import json
import os
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fascia import Node, therapist, wait_for  # noqa: E402

HEADER = ["referral_id", "patient.family_name", "patient.given_name", "patient.birth_date", "patient.gender", "patient.id", "patient.address.state",
          "patient.address.postal_code", "patient.address.country", "condition", "technique", "payer", "referrer.name", "referrer.npi"]


def row(identifier, **changes):
    values = {"referral_id": identifier, "patient.family_name": f"Archer{identifier}", "patient.given_name": "Elliot", "patient.birth_date": "1979-08-22",
              "patient.gender": "male", "patient.id": f"P-{identifier}", "patient.address.state": "KY", "patient.address.postal_code": "40508",
              "patient.address.country": "US", "condition": "M54.50", "technique": "medical-massage", "payer": "HUMANA", "referrer.name": "Dale Spine DC",
              "referrer.npi": "1093817462"}
    values.update({name.replace("__", "."): value for name, value in changes.items()})
    return values


def as_csv(rows):
    out = io.StringIO()
    writer = csv.DictWriter(out, HEADER, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def nested(values):
    found = {}
    for name, value in values.items():
        at = found
        *levels, last = name.split(".")
        for level in levels:
            at = at.setdefault(level, {})
        at[last] = value
    return found


class Folder(unittest.TestCase):
    def setUp(self):
        self.node = Node().__enter__()
        self.addCleanup(self.node.__exit__, None, None, None)
        self.node.start()

    def drop(self, name, content):
        """As a careful program does it: written under another name, then renamed."""
        part = self.node.inbox / f".{name}.tmp"
        part.write_bytes(content)
        part.rename(self.node.inbox / name)

    def result_text(self, name, seconds=None):
        path = self.node.inbox / "results" / f"{name}.result"
        wait_for(path.exists, seconds)
        return path.read_text()

    def results(self, name, seconds=None):
        return list(csv.DictReader(io.StringIO(self.result_text(name, seconds))))

    def referrals(self):
        found, after = [], 0
        while True:
            page = self.node.ctl("referral", "list", "--all", "--limit", 500, "--after", after).get("referrals", [])
            found += page
            if len(page) < 500:
                return found
            after = page[-1]["referral"]

    def sender_id(self, number):
        return self.node.ctl("referral", "show", number, "--content")["detail"]["content"]["sender_referral_id"]

    def test_a_csv_file_becomes_referrals_and_each_row_has_its_result(self):
        self.drop("monday.csv", as_csv([row("A-1"), row("A-2"), row("A-3")]))
        results = self.results("monday.csv")
        self.assertEqual([(line["line"], line["result"], line["problem"]) for line in results], [("2", "accepted", ""), ("3", "accepted", ""), ("4", "accepted", "")])
        self.assertEqual([self.sender_id(line["referral"]) for line in results], ["A-1", "A-2", "A-3"])
        wait_for((self.node.inbox / "done/monday.csv").exists)
        self.assertFalse((self.node.inbox / "monday.csv").exists())
        content = self.node.ctl("referral", "show", results[0]["referral"], "--content")["detail"]["content"]
        self.assertEqual(content["patient"]["family_name"], "ArcherA-1")
        self.assertEqual(content["referrer"]["role"].lower(), "chiropractor")

    def test_json_files_are_taken_as_a_list_and_line_by_line(self):
        self.drop("list.json", json.dumps([nested(row("J-1")), nested(row("J-2"))], indent=1).encode())
        self.drop("lines.ndjson", b"".join(json.dumps(nested(row(i))).encode() + b"\n" for i in ("J-3", "J-4")))
        for name in ("list.json", "lines.ndjson"):
            lines = [json.loads(line) for line in self.result_text(name).splitlines()]
            self.assertEqual([line["result"] for line in lines], ["accepted", "accepted"], lines)
            wait_for((self.node.inbox / "done" / name).exists)
        self.assertEqual(sorted(self.sender_id(f"R{found['referral']}") for found in self.referrals()), ["J-1", "J-2", "J-3", "J-4"])

    def test_a_file_that_is_written_slowly_is_taken_whole_and_once(self):
        content = as_csv([row(f"S-{number}") for number in range(8)])
        with open(self.node.inbox / "slow.csv", "wb", buffering=0) as out:
            for at in range(0, len(content), 97):
                out.write(content[at:at + 97])
                time.sleep(0.03)
                self.assertFalse((self.node.inbox / "results/slow.csv.result").exists())
        self.assertEqual([line["result"] for line in self.results("slow.csv")], ["accepted"] * 8)
        self.assertEqual(len(self.referrals()), 8)

    def test_a_file_under_its_temporary_name_is_left_alone(self):
        for name in (".hidden.csv", "export.csv.tmp", "export.csv.part"):
            (self.node.inbox / name).write_bytes(as_csv([row("T-1")]))
        self.drop("after.csv", as_csv([row("T-2")]))
        self.results("after.csv")
        time.sleep(1)  # twice the scan
        self.assertEqual([self.sender_id(f"R{found['referral']}") for found in self.referrals()], ["T-2"])
        (self.node.inbox / "export.csv.part").rename(self.node.inbox / "export.csv")
        self.assertEqual([line["result"] for line in self.results("export.csv")], ["accepted"])

    def test_bad_rows_are_named_by_line_and_column_and_the_others_are_taken(self):
        self.drop("mixed.csv", as_csv([row("B-1"), row("B-2", patient__birth_date="1979-02-30"), row("B-3", patient__gender="perhaps"), row("B-4", technique="", condition="K63.3"), row("B-5")]))
        results = self.results("mixed.csv")
        self.assertEqual([(line["line"], line["result"]) for line in results],
                         [("2", "accepted"), ("3", "refused"), ("4", "refused"), ("5", "refused"), ("6", "accepted")], results)
        for line, column in ((1, "patient.birth_date"), (2, "patient.gender"), (3, "condition")):
            self.assertIn(column, results[line]["problem"])
        for line in results:
            for sent in ("1979-02-30", "perhaps"):
                self.assertNotIn(sent, line["problem"])
        self.assertEqual(len(self.referrals()), 2)

    def test_a_file_that_is_none_goes_to_failed_with_a_reason(self):
        for name, content in (("notes.csv", b"\x00\x01\x02binary"), ("broken.json", b'{"referral_id": "X-1", '), ("columns.csv", b"color,size\r\nred,10\r\n"), ("empty.csv", b"")):
            with self.subTest(name):
                self.drop(name, content)
                self.assertIn("refused", self.result_text(name))
                wait_for((self.node.inbox / "failed" / name).exists)
        self.assertEqual(self.referrals(), [])
        self.drop("good.csv", as_csv([row("G-1")]))
        self.assertEqual([line["result"] for line in self.results("good.csv")], ["accepted"])

    def test_the_same_row_again_makes_no_second_referral(self):
        self.drop("first.csv", as_csv([row("D-1"), row("D-2")]))
        first = self.results("first.csv")
        self.drop("second.csv", as_csv([row("D-1"), row("D-2", condition="M54.2"), row("D-3")]))
        second = self.results("second.csv")
        self.assertEqual([line["result"] for line in second], ["known", "accepted", "accepted"])
        self.assertEqual([line["referral"] for line in second[:2]], [line["referral"] for line in first])
        self.drop("first.csv", as_csv([row("D-1")]))
        wait_for(lambda: len(list((self.node.inbox / "done").glob("first*"))) == 2)
        self.assertEqual(len(self.referrals()), 3)

    def test_statuses_come_as_files(self):
        self.node.import_therapists(therapist())
        self.drop("status.csv", as_csv([row("F-1")]))
        number = self.results("status.csv")[0]["referral"]
        offer = wait_for(self.node.offers)[0]
        self.node.ctl("offer", "accept", number, "--therapist", offer["therapist"])

        def statuses():
            return sorted((json.loads(path.read_text()) for path in (self.node.inbox / "results").glob(f"status-{number}-*.json")), key=lambda status: status["number"])
        wait_for(lambda: statuses() and statuses()[-1]["state"] == "scheduled")
        last = statuses()[-1]
        self.assertEqual((last["referral"], last["sender_referral_id"], last["therapist"]["identifier"]), (number, "F-1", offer["therapist"]))
        self.assertTrue(last["visit"]["from"] < last["visit"]["to"])
        self.assertEqual(len({status["number"] for status in statuses()}), len(statuses()))

    def test_a_kill_in_the_middle_of_a_file_takes_each_row_once(self):
        count, files, in_the_middle = 500, 0, 0
        # When the rows of a file come in can't be seen from here, so the kill is tried at many moments.
        while in_the_middle < 2 and files < 24:
            name, ids = f"large-{files}.csv", [f"K{files}-{number}" for number in range(count)]
            self.drop(name, as_csv([row(i) for i in ids]))
            time.sleep(0.1 + 0.02 * (files % 12))
            self.node.kill()
            self.node.start()
            files += 1
            results = self.results(name, 60)
            wait_for((self.node.inbox / "done" / name).exists)
            said = [line["result"] for line in results]
            self.assertEqual(len(said), count)
            self.assertLessEqual(set(said), {"accepted", "known"})
            # Rows that were taken before the kill are known when the file comes again.
            in_the_middle += "known" in said and "accepted" in said
            self.assertEqual(len({line["referral"] for line in results}), count)
            self.assertEqual(len(self.referrals()), count * files)
            self.assertEqual([self.sender_id(line["referral"]) for line in results[::100]], ids[::100])
        self.assertGreater(in_the_middle, 0, "no kill met a file in the middle")
        self.assertEqual([path.name for path in self.node.inbox.iterdir() if path.is_file()], [])

    def test_links_and_directories_are_not_taken(self):
        outside = self.node.place / "outside.csv"
        outside.write_bytes(as_csv([row("L-1")]))
        os.symlink(outside, self.node.inbox / "link.csv")
        (self.node.inbox / "directory.csv").mkdir()
        self.drop("real.csv", as_csv([row("L-2")]))
        self.results("real.csv")
        time.sleep(1)
        self.assertEqual([self.sender_id(f"R{found['referral']}") for found in self.referrals()], ["L-2"])
        self.assertTrue(outside.exists())


if __name__ == "__main__":
    unittest.main()
