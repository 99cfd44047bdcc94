"""The status pages: what Prometheus' own checker says of /metrics, and that the numbers follow what happens."""
import pathlib
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fascia import Node, field, referral, therapist, wait_for  # noqa: E402


class Metrics(unittest.TestCase):
    def setUp(self):
        self.node = Node()
        self.addCleanup(self.node.__exit__, None, None, None)
        self.node.start()

    @unittest.skipUnless(shutil.which("promtool"), "promtool comes with Debian's package prometheus")
    def test_promtool_finds_nothing_to_say(self):
        text = self.node.get("/metrics")[1]
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        # That the checker would say something if there were something to say:
        done = subprocess.run(["promtool", "check", "metrics"], input=text.replace("# HELP fascia_ready ", "# NONE "),
                              capture_output=True, text=True, timeout=60)
        self.assertNotEqual(done.returncode, 0)

    def test_the_numbers_follow_what_happens(self):
        self.node.import_therapists(therapist())
        with self.node.connect() as sender:
            self.assertEqual(field(sender.ask(referral()), "MSA", 1), "AA")
            self.assertNotEqual(field(sender.ask(referral(version="9.9")), "MSA", 1), "AA")
            self.assertEqual(self.node.metric("fascia_source_connections"), 1)
        self.assertEqual(self.node.metric("fascia_source_deliveries_total"), 2)
        wait_for(lambda: 'fascia_referrals_open{state="offered"} 1' in self.node.get("/metrics")[1])
        wait_for(lambda: self.node.metric("fascia_therapists") == 1)
        wait_for(lambda: self.node.metric("fascia_source_connections") == 0)
        self.assertGreaterEqual(self.node.metric("fascia_commits_total"), 2)
        self.assertEqual(self.node.metric("fascia_commit_failures_total"), 0)

    def test_pages_say_how_the_node_is(self):
        self.assertEqual(self.node.get("/healthz"), (200, "ok\n"))
        self.assertEqual(self.node.get("/readyz"), (200, "ready\n"))
        self.assertEqual(self.node.get("/nothing")[0], 404)
        self.assertEqual(self.node.metric("fascia_ready"), 1)


if __name__ == "__main__":
    unittest.main()
