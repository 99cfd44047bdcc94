"""SIGKILL at random moments under load, again and again: every acknowledged referral is there once, no slot is taken twice, the audit trail is whole,
and what was offered or booked before the kill is so after it.

FASCIA_CRASHES sets how many kills (default 200, 12 under a sanitizer); the seed is printed.
"""
import os
import pathlib
import random
import sqlite3
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fascia import SANITIZED, Listener, Mllp, Node, field, referral, therapist, wait_for  # noqa: E402

CRASHES = int(os.environ.get("FASCIA_CRASHES", "12" if SANITIZED else "200"))
SEED = int(os.environ.get("FASCIA_SEED", str(random.SystemRandom().randrange(1 << 31))))


class Sender(threading.Thread):
    """Sends until the connection breaks; notes what was acknowledged, and sends again, as real senders do, what was not."""

    def __init__(self, port, chance, name, unanswered):
        super().__init__(daemon=True)
        self.port, self.chance, self.label = port, chance, name
        self.acknowledged = []
        self.unanswered = unanswered  # (referral id, control id) of earlier rounds that got no answer
        self.still_unanswered = []

    def run(self):
        pending = list(self.unanswered)
        number = 0
        current = None
        try:
            with Mllp(self.port, timeout=10) as connection:
                while True:
                    if pending:
                        current = pending.pop()
                    else:
                        number += 1
                        current = (f"{self.label}-{number}", f"C{self.label}-{number}")
                    answer = connection.ask(referral(referral_id=current[0], control_id=current[1], patient=current[0]))
                    if answer is None:
                        break
                    if field(answer, "MSA", 1) == "AA" and field(answer, "MSA", 2) == current[1]:
                        self.acknowledged.append(current[0])
                        current = None
        except (OSError, AssertionError):
            pass
        self.still_unanswered = pending + ([current] if current else [])


class Crash(unittest.TestCase):
    def check_store(self, path, acknowledged, senders_ids):
        """Straight from the file, with the node down: the daemon is not asked to vouch for itself."""
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        keys = [row[0] for row in database.execute("SELECT sender_key FROM referral")]
        self.assertEqual(len(keys), len(set(keys)), "a referral is there twice")
        self.assertGreaterEqual(len(keys), len(acknowledged))
        overlap = database.execute(
            "SELECT count(*) FROM slot a JOIN slot b ON a.therapist = b.therapist AND a.from_at < b.from_at AND b.from_at < a.to_at").fetchone()[0]
        self.assertEqual(overlap, 0, "a slot is taken twice")
        database.close()

    def referrals_in_store(self, node):
        database = sqlite3.connect(f"file:{node.data / 'fascia.db'}?mode=ro", uri=True)
        count = database.execute("SELECT count(*) FROM referral").fetchone()[0]
        database.close()
        return count

    def send_all_again(self, node, acknowledged):
        """Each is known: were one of them lost, it would now come in as a new referral."""
        with node.connect() as sender:
            for start in range(0, len(acknowledged), 100):
                some = acknowledged[start:start + 100]
                for referral_id in some:
                    sender.send(referral(referral_id=referral_id, control_id=f"C{referral_id}", patient=referral_id))
                for referral_id in some:
                    answer = sender.receive()
                    self.assertEqual((field(answer, "MSA", 1), field(answer, "MSA", 2)), ("AA", f"C{referral_id}"), answer)

    def accept_some(self, node, chance):
        for offer in node.offers()[:3]:
            if chance.random() < 0.5:
                node.ctl("offer", "accept", f"R{offer['referral']}", "--therapist", offer["therapist"], check=False)

    def round(self, node, chance, number, acknowledged, unanswered):
        senders = [Sender(node.mllp_port, chance, f"X{number}-{i}", unanswered if i == 0 else []) for i in range(4)]
        for sender in senders:
            sender.start()
        if number % 5 == 0:
            self.accept_some(node, chance)
        time.sleep(chance.random() * 0.25)
        node.kill()
        for sender in senders:
            sender.join()
        for sender in senders:
            acknowledged.extend(sender.acknowledged)
        return [one for sender in senders for one in sender.still_unanswered]

    def test_nothing_acknowledged_is_lost(self):
        chance = random.Random(SEED)
        print(f"seed {SEED}, {CRASHES} kills")
        listener = Listener()
        self.addCleanup(listener.close)
        with Node(senders=[{"application": "BLUEGRASS_EHR", "status_to": f"127.0.0.1:{listener.port}"}]) as node:
            node.start()
            node.import_therapists(*[therapist(f"10000000{i:02d}", capacity=1000) for i in range(10, 40)])
            acknowledged, unanswered = [], []
            for number in range(CRASHES):
                unanswered = self.round(node, chance, number, acknowledged, unanswered)
                if number % 10 == 9:
                    self.check_store(node.data / "fascia.db", acknowledged, unanswered)
                node.start()
            wait_for(lambda: node.metric("fascia_matches_pending") == 0)
            self.assertTrue(node.ctl("audit", "verify")["audit_report"]["whole"])
            before = self.referrals_in_store(node)
            self.send_all_again(node, acknowledged)
            self.assertEqual(self.referrals_in_store(node), before, "an acknowledged referral was lost")
            self.assertEqual(len(acknowledged), len(set(acknowledged)))
            offers = sorted((o["referral"], o["therapist"], o.get("hold_from")) for o in node.offers())
            self.assertEqual(node.stop(), 0)
            self.check_store(node.data / "fascia.db", acknowledged, unanswered)
            node.start()
            self.assertEqual(offers, sorted((o["referral"], o["therapist"], o.get("hold_from")) for o in node.offers()))
            print(f"{len(acknowledged)} acknowledged, {len(listener.heard)} statuses heard")
            self.assertGreater(len(acknowledged), CRASHES)


if __name__ == "__main__":
    unittest.main()
