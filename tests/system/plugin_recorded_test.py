"""Plugins that were built with an older interface, as files (tests/abi/MACHINE/*.so), in the daemon of today: a referral through each to its reply, and a
status. An author who does not build again must notice nothing."""
import hashlib
import pathlib
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fascia import BUILD, PATIENCE, SOURCE, Node, therapist, wait_for  # noqa: E402

RECORDED = SOURCE / "tests/abi"
PLUGINS = sorted((RECORDED / platform.machine()).glob("*.so"))
# What fasciad itself needs, so that every node has it.
LIBRARIES = {"libc.so.6", "libprotobuf-c.so.1"}
REFER = "REFER|{}|chiropractor|Dr Ana Lindqvist|1679576722|Harmon|Lucille|1971-04-09|KY|40508|M54.50|97124|HUMANA|six weeks\n"


def expected_sums():
    """path below tests/abi -> SHA-256"""
    lines = (RECORDED / "SHA256SUMS").read_text().splitlines()
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}


class Lines:
    """One connection that speaks the template's format."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.replies = self.socket.makefile("r", encoding="utf-8", newline="\n")

    def ask(self, line):
        self.socket.sendall(line.encode())
        return self.replies.readline().rstrip("\n").split("|")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.replies.close()
        self.socket.close()


class Recorded(unittest.TestCase):
    def test_no_recording_was_lost_or_built_again(self):
        found = {str(path.relative_to(RECORDED)): hashlib.sha256(path.read_bytes()).hexdigest() for path in RECORDED.glob("*/*.so")}
        self.assertEqual(found, expected_sums())
        self.assertIn("x86_64/template-1.0.so", found)


@unittest.skipUnless(PLUGINS, f"no plugin was recorded for {platform.machine()}")
class RecordedPlugins(unittest.TestCase):
    def setUp(self):
        """Copies that a node would load: the files of a checkout may belong to somebody else."""
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="fascia-recorded-"))
        self.addCleanup(shutil.rmtree, self.place)
        self.plugins = [pathlib.Path(shutil.copy(path, self.place)) for path in PLUGINS]
        for plugin in self.plugins:
            plugin.chmod(0o755)

    def node(self, plugin, inbox):
        inbox.mkdir()
        return Node(sources=f"""
  - name: lines
    plugin: {plugin}
    stream: {{listen: "127.0.0.1:0"}}
    options: {{sender: OLD_STREAM}}
  - name: files
    plugin: {plugin}
    folder: {{path: {inbox}, settle: 50ms, scan: 200ms}}
    options: {{sender: OLD_FILES, status_files: true, window: 2}}
""")

    def test_it_needs_what_every_node_has(self):
        for plugin in self.plugins:
            with self.subTest(plugin=plugin.name):
                told = subprocess.run(["readelf", "-d", plugin], capture_output=True, text=True, check=True).stdout
                needed = {line.split("[")[1].rstrip("]") for line in told.splitlines() if "(NEEDED)" in line}
                self.assertTrue(needed and needed <= LIBRARIES, needed)

    def test_it_describes_itself(self):
        for plugin in self.plugins:
            with self.subTest(plugin=plugin.name):
                manual = subprocess.run([str(BUILD / "fasciad"), "--plugin-help", plugin], capture_output=True, text=True, check=True).stdout
                self.assertTrue(manual.startswith("template 1.0: Referral lines"), manual[:80])
                # The second and the fourth row of a table whose rows are as wide as they were then.
                self.assertIn("Write a whole number from 1 to 1024. Default: 32", manual)
                self.assertIn("status_files", manual)

    def test_a_referral_goes_through_it_and_its_status_comes_back(self):
        for plugin in self.plugins:
            inbox = self.place / f"{plugin.stem}.inbox"
            with self.subTest(plugin=plugin.name), self.node(plugin, inbox) as node:
                node.start()
                node.import_therapists(therapist())
                self.stream(node)
                self.folder(node, inbox)

    def stream(self, node):
        port = next(int(line["address"].rsplit(":", 1)[1]) for line in node.lines()
                    if line.get("event") == "source.listening" and line.get("source") == "lines")
        with Lines(port) as sender:
            taken = sender.ask(REFER.format("A-1"))
            self.assertEqual(taken[:2], ["OK", "A-1"])
            content = node.ctl("referral", "show", f"R{taken[2]}", "--content")["detail"]["content"]
            self.assertEqual((content["sender"], content["sender_referral_id"], content["patient"]["family_name"]), ("OLD_STREAM", "A-1", "Harmon"))
            self.assertEqual(sender.ask(REFER.format("A-1"))[:3], taken[:3], "the same line again is the same referral")
            self.assertEqual(sender.ask(REFER.format("A-2").replace("chiropractor", "plumber"))[:3], ["NO", "A-2", "role"])
            self.assertEqual(sender.ask(REFER.format("A-3").replace("Harmon|Lucille", "|"))[:3], ["NO", "A-3", "family"])
            wait_for(lambda: self.offer(node, taken[2]))
            self.assertEqual(sender.ask("CANCEL|A-1|moved\n")[:3], ["OK", "A-1", taken[2]])
            self.assertEqual(sender.ask("ASK|A-1\n")[:3], ["OK", "A-1", taken[2]])
            self.assertEqual(sender.ask("ASK|nobody\n")[:3], ["NO", "nobody", "id"])

    def folder(self, node, inbox):
        part = inbox / ".old.lines.tmp"
        part.write_text("# three, with two on their way at one time\n" + "".join(REFER.format(f"F-{number}") for number in (1, 2, 3)))
        part.rename(inbox / "old.lines")
        result = inbox / "results/old.lines.result"
        wait_for(result.exists)
        answers = [line.split("|") for line in result.read_text().splitlines()]
        self.assertEqual([answer[:2] for answer in answers], [["OK", "F-1"], ["OK", "F-2"], ["OK", "F-3"]])
        number = answers[0][2]
        offer = wait_for(lambda: self.offer(node, number))
        node.ctl("offer", "accept", f"R{number}", "--therapist", offer["therapist"])

        def heard():
            texts = [path.read_text() for path in inbox.glob(f"results/status-{number}-*.txt")]
            return [text for text in texts if text.startswith(f"OK|F-1|{number}|") and "accepted" in text]
        wait_for(heard)

    def offer(self, node, number):
        return next((offer for offer in node.offers() if offer["referral"] == int(number)), None)


if __name__ == "__main__":
    unittest.main()
