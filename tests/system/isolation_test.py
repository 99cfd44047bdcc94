"""A plugin in a process of its own can do what it likes: the node goes on, and what it had under way is answered.

The source `wild` is the template's with a bad temper (hostile/hostile.c): a word in a line's text says what it does to whoever runs it.
"""
import os
import pathlib
import socket
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fascia import BUILD, PATIENCE, SANITIZED, LineSender, Node, field, referral, therapist, wait_for  # noqa: E402

WILD = """
  - name: wild
    plugin: {plugin}
    isolation: {isolation}
    memory: 128MiB
    call_timeout: {timeout}
    stream:
      listen: "127.0.0.1:0"
    options:
      sender: {sender}
"""
COUNTER = [0]


def line(text="", given="Lucille"):
    COUNTER[0] += 1
    identifier = f"W-{os.getpid()}-{COUNTER[0]}"
    return identifier, f"REFER|{identifier}|chiropractor|Dr Ana Lindqvist|1679576722|Harmon|{given}|1971-04-09|KY|40508|M54.50|97140|HUMANA|{text}\n"


class Sender(LineSender):
    def receive(self):
        """"" when the other side closed."""
        try:
            return super().receive()
        except ConnectionError:
            return ""


@unittest.skipIf(SANITIZED, "a sanitizer's own memory, signals and exits are not what is tried here")
class Isolation(unittest.TestCase):
    def node(self, plugin="hostile", isolation="process", sender="lines", timeout="1500ms"):
        sources = WILD.format(plugin=BUILD / f"tests/hostile/{plugin}.so", isolation=isolation, sender=sender,
                              timeout="6s" if SANITIZED else timeout)
        node = Node(sources=sources).__enter__()
        self.addCleanup(node.__exit__, None, None, None)
        node.start()
        node.import_therapists(therapist())
        self.port = self.wild_port(node)
        return node

    @staticmethod
    def wild_port(node):
        for entry in node.lines():
            if entry.get("event") == "source.listening" and entry["source"] == "wild":
                port = int(entry["address"].rsplit(":", 1)[1])
        for entry in node.lines():
            if entry.get("event") == "source.listening" and entry["source"] == "clinic":
                node.mllp_port = int(entry["address"].rsplit(":", 1)[1])
        return port

    @staticmethod
    def wild(node):
        return next(row for row in node.ctl("plugin", "list")["plugins"] if row["source"] == "wild")

    def running(self, node):
        return wait_for(lambda: self.wild(node)["state"] == "running" and self.wild(node))

    def others_go_on(self, node):
        with node.connect() as sender:
            self.assertEqual(field(sender.ask(referral()), "MSA", 1), "AA")
        identifier, text = line("nothing in particular")
        sender = Sender(self.port)
        self.assertRegex(sender.ask(text), rf"^OK\|{identifier}\|\d+\|")
        sender.close()

    def does(self, word, node=None):
        """Sends lines of others around one that does something. What that one was answered; all others are taken."""
        node = node or self.node()
        self.running(node)
        before = [line(f"before {i}") for i in range(5)]
        after = [line(f"after {i}") for i in range(5)]
        identifier, bad = line(word)
        first, second, third = Sender(self.port), Sender(self.port), Sender(self.port)
        first.send("".join(text for _, text in before))
        second.send(bad)
        third.send("".join(text for _, text in after))
        for sender, lines in ((first, before), (third, after)):
            for wanted, _ in lines:
                self.assertRegex(sender.receive(), rf"^OK\|{wanted}\|\d+\|")
        answer = second.receive()
        for sender in (first, second, third):
            sender.close()
        self.others_go_on(node)
        numbers = [row for row in node.ctl("referral", "list", "--all", "--limit", 1000)["referrals"] if row["source"] == "wild"]
        # Each once, however often it was given; what ends it only later may have been kept before.
        self.assertIn(len(numbers), (11, 12) if word == "CRASHLATER" else (11 + answer.startswith("OK"),))
        return node, identifier, answer

    def refused(self, word, *reasons, **how):
        node, identifier, answer = self.does(word, self.node(**how))
        self.assertRegex(answer, rf"^NO\|{identifier}\|line\|this node can't work it off")
        row = self.wild(node)
        self.assertGreaterEqual(row["restarts"], 1, row)
        self.assertEqual(row["refused"], 1, row)
        self.assertTrue(any(reason in row["why"] for reason in reasons), row)
        self.assertEqual(row["user"], "nobody" if os.geteuid() == 0 else row["user"])
        self.assertEqual(node.stop(), 0)
        self.assertNotIn("Lucille", node.log.read_text() if node.log.exists() else "")

    def test_a_crash(self):
        self.refused("CRASH", "signal 11", "signal 6", "exit 1")

    def test_a_crash_in_a_later_call(self):
        self.refused("CRASHLATER", "signal 11", "signal 6", "exit 1")

    def test_a_hang(self):
        self.refused("HANG", "a call did not return within")

    def test_a_loop(self):
        self.refused("SPIN", "a call did not return within")

    @unittest.skipIf(SANITIZED, "a sanitizer's memory is not bounded")
    def test_endless_memory(self):
        self.refused("EAT", "signal 11", "signal 6", "signal 9", timeout="20s")  # a busy machine takes its time

    def test_garbage_frames(self):
        self.refused("GARBAGE", "garbage")

    def test_an_endless_frame(self):
        self.refused("ENDLESS", "garbage")

    def test_a_flood_of_submissions(self):
        self.refused("FLOOD", "too-many-wrong-answers", "a call did not return within", "it does not read")

    def test_double_completion(self):
        node, _, answer = self.does("TWICE")
        self.assertEqual(answer, "ok")
        self.assertGreaterEqual(self.wild(node)["refused_completions"], 19)
        self.assertEqual(self.wild(node)["restarts"], 0)

    def test_completion_of_tokens_that_are_not_its_own(self):
        """Those of another source, or of nobody: the sender of a clinic hears nothing of it."""
        node = self.node()
        with node.connect() as clinic:
            node, _, answer = self.does("FOREIGN", node)
            self.assertEqual(answer, "ok")
            self.assertEqual(field(clinic.ask(referral()), "MSA", 1), "AA")
        self.assertGreaterEqual(self.wild(node)["refused_completions"], 50)

    def test_a_fork_bomb(self):
        node, identifier, answer = self.does("FORK")
        self.assertRegex(answer, rf"^OK\|{identifier}\|")
        said = [entry for entry in node.lines() if entry.get("event") == "plugin.says" and entry.get("word") == "forked"]
        self.assertEqual([entry["number"] for entry in said], [0])

    def test_what_it_may_not_do(self):
        node, _, _ = self.does("TRYALL")
        said = {entry["word"]: entry["number"] for entry in node.lines() if entry.get("event") == "plugin.says"}
        for attempt in ("try.socket", "try.unix", "try.connect", "try.passwords", "try.root", "try.write", "try.exec", "try.kill", "try.setuid"):
            self.assertIn(said[attempt], (1, 13), f"{attempt}: {said}")  # EPERM, EACCES
        self.assertEqual(said["try.own"], 0)
        self.assertNotIn("is.open", said)
        if os.geteuid() == 0:
            self.assertNotEqual(said["is.uid"], 0)

    def test_a_stream_that_ends_it(self):
        """Only the connection that does so is closed."""
        node = self.node()
        self.running(node)
        quiet, bad = Sender(self.port), Sender(self.port)
        identifier, text = line("all is well")
        self.assertRegex(quiet.ask(text), rf"^OK\|{identifier}\|")
        self.assertEqual(bad.ask(line("FRAMEFALL")[1]), "")
        self.running(node)
        identifier, text = line("and still is")
        self.assertRegex(quiet.ask(text), rf"^OK\|{identifier}\|")
        self.others_go_on(node)

    def test_frames_that_can_not_be(self):
        node = self.node()
        self.running(node)
        bad = Sender(self.port)
        self.assertEqual(bad.ask(line("FRAMELIE")[1]), "")
        self.others_go_on(node)

    def test_what_can_not_even_be_refused_is_given_up(self):
        node, _, answer = self.does("CRASH NOREFUSAL")
        self.assertEqual(answer, "")
        self.assertGreaterEqual(self.wild(node)["restarts"], 3)

    def test_one_that_ends_when_it_is_opened_or_loaded(self):
        for plugin, sender in (("hostile", "crash-at-open"), ("hostile-loading", "lines")):
            with self.subTest(plugin=plugin, sender=sender):
                node = self.node(plugin, sender=sender)
                broken = wait_for(lambda: self.wild(node)["state"] == "broken" and self.wild(node), seconds=PATIENCE * 5)
                self.assertGreaterEqual(broken["restarts"], 10)
                self.assertRegex(broken["why"], "signal 11|exit 1")
                with self.assertRaises(OSError):  # its senders find out, and come again
                    socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
                with node.connect() as sender_:
                    self.assertEqual(field(sender_.ask(referral()), "MSA", 1), "AA")
                node.stop()

    def test_a_refusal_of_options_is_said_once(self):
        node = self.node(sender="'a|b'")
        row = wait_for(lambda: self.wild(node)["state"] == "refused" and self.wild(node))
        self.assertIn("leave it out", row["why"])
        self.assertEqual(row["restarts"], 0)

    def test_kills_under_load(self):
        """The process is killed again and again while lines come in: each is taken once, and each is answered."""
        node = self.node()
        self.running(node)
        answers, stopped = {}, threading.Event()

        def send():
            sender = Sender(self.port)
            while not stopped.is_set():
                identifier, text = line("under load")
                answers[identifier] = sender.ask(text)
            sender.close()

        threads = [threading.Thread(target=send) for _ in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(5):
            time.sleep(0.4)
            os.kill(self.running(node)["pid"], 9)
        time.sleep(0.4)
        stopped.set()
        for thread in threads:
            thread.join()
        for identifier, answer in answers.items():
            self.assertRegex(answer, rf"^OK\|{identifier}\|\d+\|")
        numbers = {answer.split("|")[2] for answer in answers.values()}
        self.assertEqual(len(numbers), len(answers))
        self.assertGreater(len(answers), 50)
        self.assertEqual(node.metric("fascia_referrals_total") or len(answers), len(answers))


if __name__ == "__main__":
    unittest.main()
