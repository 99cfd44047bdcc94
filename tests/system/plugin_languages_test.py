"""A source in any language is the same to its senders: those of plugins/examples, in Python and JavaScript, and the template in C, take the same lines and
give the same answers, each in a process of its own; they end and are started again; and an interpreter may do no more than it was given.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fascia import BUILD, SOURCE, LineSender, Node, field, referral, therapist, wait_for  # noqa: E402

EXAMPLES = SOURCE / "plugins/examples"
WILD = """
  - name: lines
    plugin: {plugin}
    isolation: process
    call_timeout: 3s
    interpreter: "{interpreter}"
    reads: "{reads}"
    stream:
      listen: "127.0.0.1:0"
    options: {options}
"""
COUNTER = [0]


def line(text="", **changes):
    COUNTER[0] += 1
    column = {"verb": "REFER", "id": f"L-{os.getpid()}-{COUNTER[0]}", "role": "chiropractor", "state": "KY", "postal": "40508", "diagnosis": "M54.50",
              "family": "Harmon", "given": "Zoë"} | changes
    return column["id"], (f"{column['verb']}|{column['id']}|{column['role']}|Dr Ana Lindqvist|1679576722|{column['family']}|{column['given']}|1971-04-09|"
                          f"{column['state']}|{column['postal']}|{column['diagnosis']}|97140|HUMANA|{text}\n")


class Place(unittest.TestCase):
    """A directory that the user of isolated plugins can walk to, and that nobody else can change."""

    def setUp(self):
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="fascia-languages-"))
        self.addCleanup(shutil.rmtree, self.place, ignore_errors=True)
        self.place.chmod(0o755)

    def python(self):
        for name in ("fascia_source.py", "lines.py", "make-messages"):
            shutil.copy(EXAMPLES / "python" / name, self.place)
        subprocess.run([self.place / "make-messages", SOURCE / "proto"], check=True)
        return self.place / "lines.py"

    def script(self, name, text):
        path = self.place / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    def node(self, plugin, interpreter="", reads="", options="{}"):
        subprocess.run(["chmod", "-R", "go-w,a+rX", self.place], check=True)
        node = Node(sources=WILD.format(plugin=plugin, interpreter=interpreter, reads=reads, options=options)).__enter__()
        self.addCleanup(node.__exit__, None, None, None)
        node.start()
        node.import_therapists(therapist())
        listening = {entry["source"]: int(entry["address"].rsplit(":", 1)[1]) for entry in node.lines() if entry.get("event") == "source.listening"}
        self.port, node.mllp_port = listening["lines"], listening["clinic"]
        return node

    @staticmethod
    def row(node):
        return next(row for row in node.ctl("plugin", "list")["plugins"] if row["source"] == "lines")

    def settled(self, node):
        return wait_for(lambda: (row := self.row(node))["state"] not in ("starting", "paused") and row)

    def running(self, node):
        return wait_for(lambda: (row := self.row(node))["state"] == "running" and row)

    @staticmethod
    def said(node):
        return {entry["word"]: entry["number"] for entry in node.lines() if entry.get("event") == "plugin.says"}


class Conversation:
    """What every one of them must do. Mixed into a TestCase that gives plugin(), interpreter and poisoned()."""
    interpreter = ""

    def start(self, options="{}"):
        return self.node(self.plugin(), self.interpreter, options=options)

    def test_a_referral_and_all_that_can_be_wrong_with_one(self):
        node = self.start()
        self.running(node)
        sender = LineSender(self.port)
        identifier, text = line("six weeks")
        first = sender.ask(text)
        self.assertRegex(first, rf"^OK\|{identifier}\|\d+\|received; looking for a therapist$")
        number = first.split("|")[2]
        self.assertEqual(sender.ask(text).split("|")[:3], ["OK", identifier, number])  # the same again is the same referral
        self.assertRegex(sender.ask(f"ASK|{identifier}\n"), rf"^OK\|{identifier}\|{number}\|")
        for text, answer in (
                (line(role="dentist", id="W-1")[1], "NO|W-1|role|write physician, chiropractor or physiotherapist"),
                (line(id="")[1], "NO||id|write the referral's id in your program, without which it can't be found again"),
                ("HELLO|W-2\n", "NO|W-2|line|begin it with REFER|id|..., CANCEL|id|reason or ASK|id"),
                (f"ASK|W-3|{identifier}\n", "NO|W-3|line|has more columns than it can have"),
                ("ASK|W-4\n", "NO|W-4|id|no referral of this sender has this id here: send it as a new one first"),
                (b"REFER|\xff\xfe|chiropractor\n", "NO||line|is no UTF-8 text, or holds a control character"),
                (b"REFER|W-5|chiro\x00practor\n", "NO||line|is no UTF-8 text, or holds a control character")):
            self.assertEqual(sender.ask(text), answer)
        self.assertRegex(sender.ask(line(id="W-6", diagnosis="nonsense")[1]), r"^(NO\|W-6\|diagnosis\||OK\|W-6\|)")
        self.assertRegex(sender.ask(f"CANCEL|{identifier}|moved away\r\n"), rf"^OK\|{identifier}\|{number}\|")
        shown = node.ctl("referral", "show", number, "--content")
        self.assertIn("Zoë", str(shown))
        self.assertIn("cancelled", str(shown["referral"]["state"] if "referral" in shown else shown).lower())
        sender.send(b"\r\n\n" + b"x" * 9000)
        self.assertEqual(sender.receive(), "NO||line|is longer than 8192 bytes")
        self.assertEqual(sender.receive(), "")  # and the connection ends
        sender.close()
        row = self.row(node)
        self.assertEqual((row["restarts"], row["refused_completions"], row["refused_submissions"]), (0, 0, 0), row)
        self.assertEqual(node.stop(), 0)
        self.assertNotIn("Harmon", node.log.read_text())

    def test_any_cut_of_a_stream_and_many_connections(self):
        node = self.start()
        self.running(node)
        lines = [line(f"line {i}") for i in range(40)]
        stream = "\n".join(text for _, text in lines).encode()
        senders = [LineSender(self.port) for _ in range(8)]

        def send(sender, size):
            for at in range(0, len(stream), size):
                sender.send(stream[at:at + size])

        threads = [threading.Thread(target=send, args=(sender, size)) for sender, size in zip(senders, (7, 61, 200, 997, 4096, 10000, 100000, 33))]
        for thread in threads:
            thread.start()
        numbers = []
        for sender in senders:
            answers = [sender.receive().split("|") for _ in lines]
            self.assertEqual([answer[:2] for answer in answers], [["OK", identifier] for identifier, _ in lines])  # in the order of its lines
            numbers.append([answer[2] for answer in answers])
            sender.close()
        for thread in threads:
            thread.join()
        self.assertTrue(all(these == numbers[0] for these in numbers))  # all sent the same
        self.assertEqual(len(set(numbers[0])), 40)

    def test_options_that_it_refuses(self):
        node = self.start("{sender: 'a|b'}")
        row = self.settled(node)
        self.assertEqual(row["state"], "refused", row)
        self.assertIn("separates columns; leave it out", row["why"])

    def test_its_end_and_its_restart(self):
        node = self.start()
        pid = self.running(node)["pid"]
        sender, quiet = LineSender(self.port), LineSender(self.port)
        identifier, text = line()
        self.assertRegex(quiet.ask(text), "^OK")
        sender.send(line("half a line")[1][:30])
        os.kill(pid, 9)
        row = wait_for(lambda: (row := self.row(node))["state"] == "running" and row["pid"] != pid and row)
        self.assertEqual(row["restarts"], 1)
        self.assertRegex(quiet.ask(text), rf"^OK\|{identifier}\|")
        self.assertEqual(sender.ask("\n").split("|")[0], "NO")  # the half that the first process knew is not lost to the second
        for each in (sender, quiet):
            each.close()
        described = node.ctl("plugin", "describe", "lines", json_out=False)
        self.assertIn("referrals are known by it", described)

    def test_what_ends_it_is_refused_in_its_own_words(self):
        node = self.node(self.poisoned(), self.interpreter)
        self.running(node)
        sender, other = LineSender(self.port), LineSender(self.port)
        identifier, text = line("POISON")
        good, good_text = line("nothing")
        sender.send(text)
        other.send(good_text)
        self.assertRegex(other.receive(), rf"^OK\|{good}\|")
        self.assertEqual(sender.receive(), f"NO|{identifier}|line|this node can't work it off; ask before it is sent again")
        row = self.running(node)
        self.assertGreaterEqual(row["restarts"], 2, row)
        self.assertEqual(row["refused"], 1, row)
        with node.connect() as clinic:
            self.assertEqual(field(clinic.ask(referral()), "MSA", 1), "AA")
        for each in (sender, other):
            each.close()


class Python(Conversation, Place):
    interpreter = "/usr/bin/python3"
    plugin = Place.python

    def poisoned(self):
        self.python()
        return self.script("poisoned.py", """#!/usr/bin/python3
import lines, fascia_source
class Poisoned(lines.Lines):
    def deliver(self, token, delivery):
        if b"POISON" in delivery.payload:
            raise RuntimeError(delivery.payload)
        super().deliver(token, delivery)
fascia_source.serve(Poisoned)
""")

    def test_an_exception_is_logged_by_its_line_and_says_nothing_of_what_was_sent(self):
        node = self.node(self.poisoned(), self.interpreter)
        self.running(node)
        sender = LineSender(self.port)
        self.assertRegex(sender.ask(line("POISON")[1]), r"^NO\|")
        self.assertEqual(self.said(node)["python.exception-in-line"], 6)
        self.assertNotIn("Harmon", node.log.read_text())
        sender.close()


class JavaScript(Conversation, Place):
    interpreter = shutil.which("node", path="/usr/bin:/usr/local/bin") or "/usr/bin/node"

    def plugin(self, name="lines.js"):
        modules = EXAMPLES / "node/node_modules"
        self.assertTrue(modules.is_dir(), f"run `npm ci --ignore-scripts` in {modules.parent}; tests/run does")
        shutil.copytree(modules, self.place / "node_modules")
        shutil.copytree(SOURCE / "proto", self.place / "proto")
        for file in ("fascia_source.js", "lines.js"):
            text = (EXAMPLES / "node" / file).read_text()
            self.script(file, text.replace("#!/usr/bin/node", f"#!{self.interpreter}"))
        return self.place / name

    def poisoned(self):
        self.plugin()
        return self.script("poisoned.js", f"""#!{self.interpreter}
const {{ serve }} = require("./fascia_source.js"), {{ Lines }} = require("./lines.js");
serve(class extends Lines {{
  deliver(token, delivery) {{
    if (delivery.payload.includes("POISON")) throw new Error(delivery.payload.toString());
    super.deliver(token, delivery);
  }}
}});
""")


class Template(Conversation, Place):
    """What the others are measured by."""

    def plugin(self):
        shutil.copy(BUILD / "plugins/template.so", self.place)
        return self.place / "template.so"

    def poisoned(self):
        self.skipTest("isolation_test has a zoo of these")


PROBE = """#!/usr/bin/python3
import ctypes, errno, mmap, os, socket, subprocess, threading
import fascia_source, lines

def attempt(what):
    try:
        what()
        return 0
    except OSError as error:
        return error.errno

class Probe(lines.Lines):
    def deliver(self, token, delivery):
        say = lambda word, what: self.host.log(1, "try." + word, attempt(what))
        say("read", lambda: open("{secret}").close())
        say("list", lambda: os.listdir("{directory}"))
        say("shell", lambda: os.execv("/bin/sh", ["sh", "-c", "exit 0"]))
        say("itself", lambda: os.access("/usr/bin/python3", os.X_OK) or os.execv("/nowhere", ["x"]))
        say("fork", lambda: subprocess.run(["/bin/true"]))
        say("socket", lambda: socket.socket())
        say("memory", lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close())
        thread = threading.Thread(target=lambda: say("thread", lambda: None))
        thread.start()
        thread.join()
        super().deliver(token, delivery)

fascia_source.serve(Probe)
"""


class Grants(Place):
    """An interpreter may read its libraries, execute nothing but what was named, and see only what was granted."""

    def probe(self, granted):
        self.python()
        secret = pathlib.Path(tempfile.mkdtemp(prefix="fascia-granted-"))
        self.addCleanup(shutil.rmtree, secret)
        secret.chmod(0o755)
        (secret / "file").write_text("x")
        (secret / "file").chmod(0o644)
        plugin = self.script("probe.py", PROBE.format(secret=secret / "file", directory=secret))
        node = self.node(plugin, "/usr/bin/python3", reads=f"/nowhere/at/all:{secret}" if granted else "")
        row = self.running(node)
        with open(f"/proc/{row['pid']}/status") as status:
            held = dict(entry.split(":\t") for entry in status.read().splitlines() if ":\t" in entry)
        for which in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            self.assertEqual(int(held[which], 16), 0, which)
        self.assertEqual(held["NoNewPrivs"], "1")
        sender = LineSender(self.port)
        self.assertRegex(sender.ask(line()[1]), "^OK")
        sender.close()
        return self.said(node)

    def test_nothing_by_default(self):
        said = self.probe(False)
        self.assertEqual({word: said[word] for word in ("try.read", "try.list", "try.shell")}, {"try.read": 13, "try.list": 13, "try.shell": 13})
        self.assertIn(said["try.fork"], (1, 11, 13))
        self.assertEqual(said["try.socket"], 1)
        self.assertEqual(said["try.thread"], 0)
        self.assertEqual(said["try.memory"], 0)  # a JIT compiler needs it

    def test_what_reads_grants(self):
        said = self.probe(True)
        self.assertEqual({word: said[word] for word in ("try.read", "try.list", "try.shell")}, {"try.read": 0, "try.list": 0, "try.shell": 13})

    def test_a_script_whose_interpreter_is_not_granted(self):
        node = self.node(self.python())
        row = self.settled(node)
        self.assertEqual(row["state"], "refused", row)
        self.assertIn("`interpreter: /usr/bin/python3`", row["why"])

    def test_an_interpreter_that_others_can_change(self):
        own = self.place / "bin"
        own.mkdir()
        shutil.copy("/usr/bin/python3", own / "python3")
        plugin = self.python()
        subprocess.run(["chmod", "-R", "a+rX,go-w", self.place], check=True)
        node = Node(sources=WILD.format(plugin=plugin, interpreter=own / "python3", reads="", options="{}")).__enter__()
        self.addCleanup(node.__exit__, None, None, None)
        (own / "python3").chmod(0o777)
        node.start()
        row = self.settled(node)
        self.assertEqual(row["state"], "refused", row)
        self.assertRegex(row["why"], "^interpreter.*lets .* change what is loaded")


if __name__ == "__main__":
    unittest.main()
