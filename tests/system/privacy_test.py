"""Marker names, birth dates and ids, planted in good and in broken messages, never reach a log, a metric, an error text or a file in clear."""
import pathlib
import socket
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fascia import END, START, Listener, Node, field, referral, therapist, wait_for  # noqa: E402

MARKERS = ["ZZMARKERFAMILY", "ZZMARKERGIVEN", "19110203", "1911-02-03", "ZZMARKERMRN", "ZZMARKERSTREET", "5550199777", "ZZMARKERMEMBER", "ZZMARKERNOTE",
           "ZZMARKERREF", "ZZMARKERNK"]


def marked(**changes):
    text = referral(referral_id="ZZMARKERREF-1", patient="ZZMARKERMRN", family="ZZMARKERFAMILY", note="ZZMARKERNOTE walks badly",
                    extra="NK1|1|ZZMARKERNK^MARY|MTH\rZZZ|ZZMARKERNOTE", **changes)
    return (text.replace("ELLIOT", "ZZMARKERGIVEN").replace("19790822", "19110203").replace("418 Woodland Avenue", "9 ZZMARKERSTREET")
            .replace("5550177", "5550199777").replace("HUM01|Humana Inc.", "HUM01|Humana Inc." + "|" * 32 + "ZZMARKERMEMBER"))


class Privacy(unittest.TestCase):
    def setUp(self):
        self.listener = Listener()
        self.node = Node(senders=[{"application": "BLUEGRASS_EHR", "status_to": f"127.0.0.1:{self.listener.port}"}], node="  log_level: debug").__enter__()
        self.node.start()
        self.addCleanup(self.listener.close)
        self.addCleanup(self.node.__exit__, None, None, None)
        self.said = []

    def broken(self):
        """The same markers in messages that can't be taken, each in another way."""
        # Of another referral, or they would be changes to the good one.
        good = marked().replace("ZZMARKERREF-1", "ZZMARKERREF-2")
        yield good.replace("REF^I12^REF_I12", "ADT^A01^ADT_A01")
        yield good.replace("REF^I12^REF_I12", "REF^I99^REF_I12")
        yield good.replace("|2.5.1|", "|9.9|")
        yield good.replace("PID|1", "PIX|1")
        yield good.replace("19110203", "19110203ZZMARKERNOTE")
        yield good.replace("M54.50", "ZZMARKERNOTE").replace("97124", "ZZMARKERREF")
        yield good.replace("MSH|^~\\&", "MSH|ZZMARKERMRN")
        yield good.replace("UNICODE UTF-8", "ZZMARKERNOTE")
        yield good.replace("US-KY", "").replace("^KY^", "^ZZMARKERSTREET^")
        yield good.replace("\r", "")
        yield "ZZMARKERFAMILY"
        yield good[:200]

    def test_nothing_of_a_patient_is_told(self):
        self.node.import_therapists(therapist())
        with self.node.connect() as sender:
            self.assertEqual(field(sender.ask(marked()), "MSA", 1), "AA")
        for message in self.broken():
            try:
                with self.node.connect() as sender:
                    sender.socket.settimeout(2)
                    answer = sender.ask(message)
                    for line in (answer or "").split("\r"):
                        # MSA-2 and what the sender called itself are echoed; the error texts are ours.
                        if line.startswith(("ERR", "MSA")):
                            self.said.append(line)
            except (OSError, socket.timeout, AssertionError):
                pass
        with socket.create_connection(("127.0.0.1", self.node.mllp_port)) as raw:
            raw.sendall(b"noise ZZMARKERFAMILY" + START + b"ZZMARKERMRN" + END + START + b"PID|ZZMARKERNOTE")
        (self.node.inbox / "bad.csv").write_text("patient_family_name,condition\nZZMARKERFAMILY,ZZMARKERNOTE\n\"ZZMARKERMRN")
        (self.node.inbox / "bad.json").write_text('{"patient_family_name": "ZZMARKERFAMILY", "condition": ZZMARKERNOTE')
        offer = wait_for(self.node.offers)[0]
        number = f"R{offer['referral']}"
        self.node.ctl("offer", "accept", number, "--therapist", offer["therapist"])
        wait_for(lambda: len(self.listener.heard) >= 2)
        wait_for(lambda: list((self.node.inbox / "results").glob("bad*")))
        texts = {
            "log": self.node.log.read_text(errors="replace"),
            "metrics": self.node.get("/metrics")[1],
            "errors": "\n".join(self.said),
            "offers": str(self.node.ctl("offer", "list")),
            "explanation": str(self.node.ctl("match", "explain", number)),
            "outbox": str(self.node.ctl("outbox", "list")),
            "audit": str(self.node.ctl("audit", "list")),
        }
        for where, text in texts.items():
            for marker in MARKERS:
                self.assertNotIn(marker, text, f"{marker} in {where}")
        self.assertEqual(self.node.stop(), 0)
        for path in self.node.data.rglob("*"):
            if path.is_file():
                held = path.read_bytes()
                for marker in MARKERS:
                    self.assertNotIn(marker.encode(), held, f"{marker} in clear in {path.name}")

    def test_the_search_itself_can_find(self):
        """With content asked for, the markers are there: the search above looks for what is really kept."""
        self.node.import_therapists(therapist())
        with self.node.connect() as sender:
            sender.ask(marked())
        number = wait_for(lambda: self.node.ctl("referral", "list").get("referrals"))[0]["referral"]
        shown = str(self.node.ctl("referral", "show", f"R{number}", "--content"))
        for marker in ("ZZMARKERFAMILY", "ZZMARKERMRN", "ZZMARKERNOTE", "ZZMARKERNK"):
            self.assertIn(marker, shown)
        audit = self.node.ctl("audit", "list", "--limit", 1000)["audit"]
        self.assertIn("viewed", [row["kind"] for row in audit])


if __name__ == "__main__":
    unittest.main()
