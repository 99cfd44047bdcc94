"""A disk that is full, read-only, damaged or used twice: a clear error each time, and nothing that was acknowledged is lost."""
import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fascia import Node, field, referral, therapist, wait_for  # noqa: E402

CAN_MOUNT = os.geteuid() == 0


@contextlib.contextmanager
def small_disk(size):
    place = tempfile.mkdtemp(prefix="fascia-disk-")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", place], capture_output=True, text=True)
    if mounted.returncode != 0:
        os.rmdir(place)
        raise unittest.SkipTest(f"a small disk can't be mounted here: {mounted.stderr.strip()}")
    try:
        yield pathlib.Path(place)
    finally:
        subprocess.run(["umount", "-l", place], check=False)
        os.rmdir(place)


class Disk(unittest.TestCase):
    @unittest.skipUnless(CAN_MOUNT, "mounting a small disk needs root")
    def test_a_full_disk_is_survived(self):
        with small_disk("24m") as disk, Node(data=disk / "data") as node:
            node.start()
            node.import_therapists(therapist())
            with node.connect() as sender:
                self.assertEqual(field(sender.ask(referral(referral_id="BEFORE")), "MSA", 1), "AA")
            filler = disk / "filler"
            with open(filler, "wb") as file, contextlib.suppress(OSError):
                while True:
                    file.write(b"x" * 65536)
                    file.flush()
            acknowledged = refused = 0
            big = "OBX|1|FT|TXT||" + "long text " * 3000
            with node.connect() as sender:
                for number in range(400):
                    answer = sender.ask(referral(referral_id=f"FULL-{number}", extra=big))
                    if field(answer, "MSA", 1) == "AA":
                        acknowledged += 1
                    else:
                        refused += 1
                        self.assertIn(field(answer, "MSA", 1), ("AE", "CE"), answer)
                    if refused > 3:
                        break
            self.assertGreater(refused, 0, "the disk never filled: the test shows nothing")
            self.assertEqual(node.get("/readyz")[0], 503)
            told = node.ctl("status")["node"]
            self.assertFalse(told["accepting"])
            self.assertIsNone(told["referrals_open"])
            self.assertIsNone(told["therapists"])
            self.assertTrue(any("full" in str(line).lower() for line in node.lines()))
            filler.unlink()

            def taken_again():
                with node.connect() as sender:
                    return field(sender.ask(referral(referral_id="AFTER")), "MSA", 1) == "AA"
            wait_for(taken_again, every=0.3, seconds=60)
            wait_for(lambda: node.get("/readyz")[0] == 200)
            listed = node.ctl("referral", "list", "--limit", 1000)["referrals"]
            self.assertEqual(len(listed), acknowledged + 2)
            self.assertTrue(node.ctl("audit", "verify")["audit_report"]["whole"])
            node.kill()
            node.start()
            self.assertEqual(len(node.ctl("referral", "list", "--limit", 1000)["referrals"]), acknowledged + 2)
            self.assertEqual(node.stop(), 0)

    def fails_to_start(self, node, *words):
        node.start(wait=False)
        self.assertEqual(node.process.wait(30), 3, node.log.read_text()[-2000:])
        node.process = None
        text = node.log.read_bytes()[node.begin:].decode().lower()
        for word in words:
            self.assertIn(word, text)

    def test_a_second_daemon_is_kept_out(self):
        with Node() as node:
            node.start()
            with Node(data=node.data) as second:
                self.fails_to_start(second, str(node.process.pid))
            with node.connect() as sender:
                self.assertIn("MSA", sender.ask(referral()) or "")

    def test_a_damaged_file_is_named(self):
        with Node() as node:
            node.start()
            node.import_therapists(therapist())
            with node.connect() as sender:
                for number in range(30):
                    sender.ask(referral(referral_id=f"DAMAGE-{number}"))
            self.assertEqual(node.stop(), 0)
            database = node.data / "fascia.db"
            with open(database, "r+b") as file:
                file.seek(40)
                file.write(os.urandom(2000))
            self.fails_to_start(node, "fascia.db")

    def test_another_nodes_key_is_refused(self):
        with Node() as node:
            node.start()
            self.assertEqual(node.stop(), 0)
            (node.data / "node.key").write_bytes(os.urandom(32))
            self.fails_to_start(node, "key")

    @unittest.skipUnless(CAN_MOUNT, "mounting a small disk needs root")
    def test_a_read_only_disk_is_named(self):
        with small_disk("64m") as disk, Node(data=disk / "data") as node:
            node.start()
            self.assertEqual(node.stop(), 0)
            subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
            self.fails_to_start(node, "read")


class Drain(unittest.TestCase):
    def test_what_was_taken_is_answered_before_the_end(self):
        with Node() as node:
            node.start()
            with node.connect() as sender:
                for number in range(50):
                    sender.send(referral(referral_id=f"DRAIN-{number}"))
                wait_for(lambda: (node.metric("fascia_source_deliveries_total") or 0) >= 1)
                node.process.terminate()
                answered = 0
                while sender.receive() is not None:
                    answered += 1
            self.assertEqual(node.stop(), 0)
            node.start()
            self.assertEqual(len(node.ctl("referral", "list", "--limit", 1000).get("referrals", [])), answered)
            started = time.monotonic()
            self.assertEqual(node.stop(), 0)
            self.assertLess(time.monotonic() - started, 20)


if __name__ == "__main__":
    unittest.main()
