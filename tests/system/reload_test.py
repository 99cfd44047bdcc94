"""A new configuration for a running node: what it takes at once, what it leaves until a restart, and that a wrong one changes nothing."""
import pathlib
import signal
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fascia import Node, field, referral, therapist, wait_for  # noqa: E402


class Reload(unittest.TestCase):
    def setUp(self):
        self.node = Node()
        self.addCleanup(self.node.__exit__, None, None, None)
        self.node.start()
        self.config = self.node.place / "fascia.yaml"

    def change(self, old, new):
        text = self.config.read_text()
        self.assertIn(old, text)
        self.config.write_text(text.replace(old, new))

    def events(self, name):
        return [line for line in self.node.lines() if line.get("event") == name]

    def hang_up(self):
        self.node.process.send_signal(signal.SIGHUP)

    def test_matching_follows_the_new_configuration(self):
        # The therapist's place is in the same town: 1 metre is too far, 60 km is not.
        self.node.import_therapists(therapist())
        self.change("max_distance: 60km", "max_distance: 100m")
        self.hang_up()
        wait_for(lambda: self.events("config.settings-taken"))
        with self.node.connect() as sender:
            self.assertEqual(field(sender.ask(referral()), "MSA", 1), "AA")
        wait_for(lambda: self.node.ctl("referral", "list")["referrals"][0]["state"] == "waitlisted")
        self.change("max_distance: 100m", "max_distance: 60km")
        self.hang_up()
        wait_for(lambda: len(self.events("config.settings-taken")) == 2)
        with self.node.connect() as sender:
            self.assertEqual(field(sender.ask(referral(patient="MRN-2")), "MSA", 1), "AA")
        wait_for(self.node.offers)

    def test_a_wrong_file_changes_nothing_and_says_where(self):
        self.node.import_therapists(therapist())
        self.change("max_distance: 60km", "max_distance: sixty")
        self.hang_up()
        wait_for(lambda: self.events("config.not-reloaded"))
        self.assertRegex(self.events("config.not-reloaded")[0]["fault"], r"fascia\.yaml:\d+:.*max_distance")
        self.config.unlink()
        self.hang_up()
        wait_for(lambda: len(self.events("config.not-reloaded")) == 2)
        self.assertEqual(self.events("config.settings-taken"), [])
        with self.node.connect() as sender:
            self.assertEqual(field(sender.ask(referral()), "MSA", 1), "AA")
        wait_for(self.node.offers)
        self.assertEqual(self.node.get("/readyz")[0], 200)

    def test_what_needs_a_restart_is_named_and_left(self):
        self.change("  http: \"127.0.0.1:0\"", "  http: \"127.0.0.1:1\"")
        self.hang_up()
        wait_for(lambda: self.events("config.reloaded"))
        self.assertEqual([line["key"] for line in self.events("config.needs-restart")], ["node.http"])
        self.assertEqual(self.node.get("/healthz")[0], 200)

    def test_many_reloads_while_busy_lose_nothing(self):
        self.node.import_therapists(therapist(capacity=50))
        with self.node.connect() as sender:
            for number in range(20):
                self.hang_up()
                self.assertEqual(field(sender.ask(referral(patient=f"MRN-{number}")), "MSA", 1), "AA")
        wait_for(lambda: len(self.node.offers()) == 20)
        wait_for(lambda: self.events("config.settings-taken"))
        self.assertEqual(self.node.stop(), 0)


if __name__ == "__main__":
    unittest.main()
