"""Backup while it runs, restore, check: the same referrals and offers come back, what was erased stays erased, and damage is told."""
import contextlib
import json
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fascia import BUILD, PATIENCE, Node, field, referral, therapist, wait_for  # noqa: E402


def fasciad(node, *words):
    """(code, all that it says) of fasciad doing one thing with the node's configuration."""
    done = subprocess.run([str(BUILD / "fasciad"), "--config", str(node.place / "fascia.yaml"), *map(str, words)],
                          capture_output=True, text=True, timeout=PATIENCE * 3, check=False)
    return done.returncode, done.stdout + done.stderr


def everything(node):
    """All that the node says of its referrals and offers."""
    rows = node.ctl("referral", "list", "--all", "--limit", 1000).get("referrals", [])
    details = [node.ctl("referral", "show", f"R{row['referral']}", "--content")["detail"] for row in rows]
    offers = sorted(node.offers(), key=lambda offer: offer["referral"])
    return rows, details, offers


@contextlib.contextmanager
def changed_behind_the_daemon(node):
    """The database, with its own guards out of the way, as one who has the file can have it."""
    database = sqlite3.connect(node.data / "fascia.db")
    triggers = database.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        database.execute(f"DROP TRIGGER {name}")
    yield database
    for _, sql in triggers:
        database.execute(sql)
    database.commit()
    database.close()


class Backup(unittest.TestCase):
    def setUp(self):
        self.node = Node().__enter__()
        self.addCleanup(self.node.__exit__, None, None, None)
        self.node.start()
        self.node.import_therapists(therapist("1000000004"), therapist("1000000012"))
        self.backup = self.node.place / "backup.db"

    def send(self, count, name="R"):
        with self.node.connect() as sender:
            for number in range(count):
                answer = sender.ask(referral(referral_id=f"{name}-{number}", family=f"FAMILY{name}{number}"))
                self.assertEqual(field(answer, "MSA", 1), "AA", answer)

    def make_backup(self):
        self.node.ctl("backup", self.backup)
        self.assertTrue(self.backup.exists())

    def empty_the_store(self):
        """The store is moved away, but for the node's own key, which no backup has; where it went."""
        away = self.node.place / "away"
        shutil.move(self.node.data, away)
        self.node.data.mkdir(mode=0o700)
        shutil.copy2(away / "node.key", self.node.data)
        return away

    def erase(self, number):
        """Only what is over can be erased."""
        self.node.ctl("referral", "withdraw", number, "--reason", "asked for by the patient")
        self.node.ctl("referral", "erase", number, "--reason", "asked for by the patient")

    def restore(self, *more):
        code, said = fasciad(self.node, "--restore", self.backup, *more)
        self.assertEqual(code, 0, said)

    def test_what_was_backed_up_comes_back_the_same(self):
        self.send(12)
        wait_for(lambda: len(self.node.offers()) == 12)
        first = self.node.offers()[0]
        self.node.ctl("offer", "accept", f"R{first['referral']}", "--therapist", first["therapist"])
        before = everything(self.node)
        self.make_backup()
        self.send(3, "LATER")
        self.assertEqual(self.node.stop(), 0)
        self.empty_the_store()
        self.restore()
        self.assertEqual(fasciad(self.node, "--check-store")[0], 0)
        self.node.start()
        self.assertEqual(everything(self.node), before)
        self.assertTrue(self.node.ctl("audit", "verify")["audit_report"]["whole"])
        # It goes on from there: a resend of what was backed up is known, what came later may come again, and every slot is still held.
        self.send(3)
        self.assertEqual(len(self.node.ctl("referral", "list", "--all")["referrals"]), 12)
        self.send(3, "LATER")
        self.assertEqual(len(self.node.ctl("referral", "list", "--all")["referrals"]), 15)
        wait_for(lambda: len(self.node.offers()) == 14)
        held = sorted((offer["therapist"], offer["hold_from"], offer["hold_to"]) for offer in self.node.offers())
        for one, other in zip(held, held[1:]):
            self.assertTrue(one[0] != other[0] or one[2] <= other[1], f"{one} and {other} overlap")

    def test_a_backup_while_referrals_flow_is_whole_and_has_all_that_was_acknowledged_before(self):
        acknowledged, going = [], True

        def flow(connection):
            with self.node.connect() as sender:
                while going:
                    name = f"FLOW-{connection}-{len(acknowledged)}"
                    if field(sender.ask(referral(referral_id=name)), "MSA", 1) == "AA":
                        acknowledged.append(name)

        threads = [threading.Thread(target=flow, args=(connection,)) for connection in range(4)]
        for thread in threads:
            thread.start()
        try:
            wait_for(lambda: len(acknowledged) >= 40)
            before = set(acknowledged)
            self.make_backup()
            wait_for(lambda: len(acknowledged) >= len(before) + 40)
        finally:
            going = False
            for thread in threads:
                thread.join()
        self.assertEqual(self.node.stop(), 0)
        self.empty_the_store()
        self.restore()
        self.assertEqual(fasciad(self.node, "--check-store")[0], 0)
        self.node.start()
        self.assertTrue(self.node.ctl("audit", "verify")["audit_report"]["whole"])
        rows = self.node.ctl("referral", "list", "--all", "--limit", 1000)["referrals"]
        found = [self.node.ctl("referral", "show", f"R{row['referral']}", "--content")["detail"]["content"]["sender_referral_id"].split("^")[0]
                 for row in rows]
        self.assertEqual(len(found), len(set(found)))
        self.assertLessEqual(before, set(found))
        self.assertLess(len(found), len(acknowledged) + 4)

    def test_what_was_erased_after_the_backup_stays_erased_with_the_present_keys(self):
        self.send(3)
        wait_for(lambda: len(self.node.offers()) == 3)
        self.make_backup()
        self.erase("R2")
        self.assertEqual(self.node.stop(), 0)
        away = self.empty_the_store()
        self.restore("--keys", away / "keys.db")
        self.node.start()
        shown = self.node.ctl("referral", "show", "R2", "--content", "--history")["detail"]
        self.assertTrue(shown.get("erased"))
        self.assertNotIn("content", shown)
        self.assertNotIn("FAMILYR1", json.dumps(shown))
        for number, family in ((1, "FAMILYR0"), (3, "FAMILYR2")):
            self.assertEqual(self.node.ctl("referral", "show", f"R{number}", "--content")["detail"]["content"]["patient"]["family_name"], family)
        self.assertEqual(sorted(offer["referral"] for offer in self.node.offers()), [1, 3])
        self.assertTrue(self.node.ctl("audit", "verify")["audit_report"]["whole"])
        for path in [self.backup, *self.node.data.iterdir()]:
            if path.is_file():
                self.assertNotIn(b"FAMILYR1", path.read_bytes(), path.name)

    def test_a_patient_erased_since_the_backup_does_not_come_back_when_the_store_is_replaced(self):
        self.send(3)
        wait_for(lambda: len(self.node.offers()) == 3)
        self.make_backup()
        older = self.node.place / "older.keys"
        shutil.copy2(self.node.place / "backup.db.keys", older)
        self.erase("R2")
        self.assertEqual(self.node.stop(), 0)
        self.restore("--force")
        self.node.start()
        shown = self.node.ctl("referral", "show", "R2", "--content", "--history")["detail"]
        self.assertTrue(shown.get("erased"))
        self.assertNotIn("FAMILYR1", json.dumps(shown))
        self.assertEqual(sorted(offer["referral"] for offer in self.node.offers()), [1, 3])
        self.assertEqual(self.node.ctl("referral", "show", "R1", "--content")["detail"]["content"]["patient"]["family_name"], "FAMILYR0")
        self.assertEqual(self.node.stop(), 0)
        # Present keys that can't be read are not replaced behind the operator's back; older ones are his to name.
        (self.node.data / "keys.db").write_bytes(b"lost")
        code, said = fasciad(self.node, "--restore", self.backup, "--force")
        self.assertEqual(code, 3, said)
        self.assertIn("--keys FILE", said)
        self.restore("--force", "--keys", older)
        self.node.start()
        self.assertEqual(self.node.ctl("referral", "show", "R2", "--content")["detail"]["content"]["patient"]["family_name"], "FAMILYR1")

    def test_erasing_leaves_no_content_behind(self):
        self.send(2)
        wait_for(lambda: len(self.node.offers()) == 2)
        self.assertNotEqual(self.node.ctl("referral", "erase", "R1", "--reason", "too early", check=False)[0], 0)
        self.erase("R1")
        self.assertEqual([offer["referral"] for offer in self.node.offers()], [2])
        for words in (("referral", "show", "R1", "--content", "--history"), ("match", "explain", "R1")):
            self.assertNotIn("FAMILYR0", "".join(map(str, self.node.ctl(*words, check=False))))
        self.node.kill()
        self.node.start()
        shown = self.node.ctl("referral", "show", "R1", "--content", "--history")["detail"]
        self.assertTrue(shown.get("erased"))
        self.assertNotIn("content", shown)
        self.assertEqual([offer["referral"] for offer in self.node.offers()], [2])
        # The patient may come again, as a new referral.
        with self.node.connect() as sender:
            self.assertEqual(field(sender.ask(referral(referral_id="R-0", family="FAMILYR0")), "MSA", 1), "AA")

    def test_a_store_that_is_there_is_not_replaced_unless_that_is_said(self):
        self.send(2)
        self.make_backup()
        self.send(2, "LATER")
        self.assertEqual(self.node.stop(), 0)
        code, said = fasciad(self.node, "--restore", self.backup)
        self.assertNotEqual(code, 0)
        self.assertIn("there is a store already", said)
        self.node.start()
        self.assertEqual(len(self.node.ctl("referral", "list", "--all")["referrals"]), 4)
        self.assertEqual(self.node.stop(), 0)
        self.restore("--force")
        self.node.start()
        self.assertEqual(len(self.node.ctl("referral", "list", "--all")["referrals"]), 2)

    def test_without_the_key_of_the_node_nothing_is_restored(self):
        self.make_backup()
        self.assertEqual(self.node.stop(), 0)
        self.empty_the_store()
        (self.node.data / "node.key").unlink()
        code, said = fasciad(self.node, "--restore", self.backup)
        self.assertNotEqual(code, 0)
        self.assertIn("node key is missing", said)

    def test_a_running_node_is_neither_restored_nor_checked(self):
        self.make_backup()
        for words in (("--restore", self.backup, "--force"), ("--check-store",)):
            code, said = fasciad(self.node, *words)
            self.assertNotEqual(code, 0, said)
        self.send(1)

    def test_a_backup_replaces_no_file(self):
        self.backup.write_text("mine")
        code, _, said = self.node.ctl("backup", self.backup, check=False)
        self.assertNotEqual(code, 0)
        self.assertIn("backup.db", said)
        self.assertEqual(self.backup.read_text(), "mine")


class Damage(unittest.TestCase):
    def setUp(self):
        self.node = Node().__enter__()
        self.addCleanup(self.node.__exit__, None, None, None)
        self.node.start()
        self.node.import_therapists(therapist())
        with self.node.connect() as sender:
            for _ in range(5):
                self.assertEqual(field(sender.ask(referral()), "MSA", 1), "AA")
        wait_for(lambda: len(self.node.offers()) == 5)
        self.assertEqual(self.node.stop(), 0)

    def test_a_store_that_is_whole_is_said_to_be(self):
        self.assertEqual(fasciad(self.node, "--check-store")[0], 0)

    def test_one_changed_byte_of_an_event_is_found(self):
        with changed_behind_the_daemon(self.node) as database:
            sequence, payload = database.execute("SELECT sequence, payload FROM event ORDER BY length(payload) DESC LIMIT 1").fetchone()
            database.execute("UPDATE event SET payload = ? WHERE sequence = ?", (payload[:20] + bytes([payload[20] ^ 1]) + payload[21:], sequence))
        code, said = fasciad(self.node, "--check-store")
        self.assertNotEqual(code, 0)
        self.assertIn(str(sequence), said)

    def test_a_changed_row_of_the_audit_trail_is_found(self):
        for column, value in (("actor", "'somebody else'"), ("at", "at + 1")):
            with self.subTest(column), tampered(self.node, f"UPDATE event SET {column} = {value} WHERE sequence = 3"):
                self.assertNotEqual(fasciad(self.node, "--check-store")[0], 0)
                self.node.start()
                report = self.node.ctl("audit", "verify", check=False)
                self.assertNotIn('"whole": true', report[1])
                self.assertEqual(json.loads(report[1])["audit_report"]["first_bad"], 3)
                self.assertNotEqual(report[0], 0)
                self.assertEqual(self.node.stop(), 0)

    def test_an_event_given_to_another_referral_is_found(self):
        with tampered(self.node, "UPDATE event SET referral = 2 WHERE sequence = 3"):
            self.assertNotEqual(fasciad(self.node, "--check-store")[0], 0)
            with self.assertRaisesRegex(AssertionError, "event 3 can't be unsealed"):
                self.node.start()
            self.node.process = None

    def test_a_removed_row_of_the_audit_trail_is_found(self):
        with changed_behind_the_daemon(self.node) as database:
            database.execute("DELETE FROM event WHERE sequence = 4")
        self.assertNotEqual(fasciad(self.node, "--check-store")[0], 0)


@contextlib.contextmanager
def tampered(node, sql):
    """The store with one statement done to it, and as it was afterwards."""
    copy = node.place / "copy"
    shutil.copytree(node.data, copy)
    with changed_behind_the_daemon(node) as database:
        database.execute(sql)
    try:
        yield
    finally:
        node.stop()
        shutil.rmtree(node.data)
        shutil.move(copy, node.data)


if __name__ == "__main__":
    unittest.main()
