"""360X over MLLP: an order comes in, and its sender hears of it by OSU and of each appointment by SIU; read by HL7 packages that this project did not write."""
import datetime
import json
import pathlib
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fascia import Listener, Node, acknowledgement, field, segments, therapist, wait_for  # noqa: E402
from hl7_test import CLIENTS, NODE_TESTS, PYTHON, error, free_port  # noqa: E402

SYSTEM, AUTHORITY = "2.16.840.1.113883.3.9621.7", "2.16.840.1.113883.3.9621.7.15"
PROVIDER = "1548273196^LINDQVIST^MAREN^^^DR^MD^^&2.16.840.1.113883.4.6&ISO^L^^^NPI~207Q00000X^^^^^^^^NUCC"


def order(number, control="NW", control_id=None, due="", reason="", kind="OMG^O19^OMG_O19", service="97124^Therapeutic massage^C4", diagnosis="M54.50^Low back pain^I10C"):
    """An order that passes the gates of therapist()."""
    placer = f"{number}^^{AUTHORITY}^ISO"
    lines = [f"MSH|^~\\&||^{SYSTEM}^ISO||^2.16.840.1.113883.3.9621.32^ISO|20261123153834+0000||{kind}|{control_id or control + number}|P|2.5.1||||||UNICODE UTF-8|||360X",
             "PID|1||RV-4^^^RIVER^MR||ARCHER^ELLIOT||19790822|M|||418 Woodland Avenue^^Lexington^KY^40508^USA^H||^PRN^PH^^^859^5550177||en",
             f"ORC|{control}|{placer}||||||||||{PROVIDER}||||{reason}"]
    if kind.startswith("OMG"):
        lines[2:2] = ["IN1|1|HUMANA^Humana Choice|HUM01|Humana Inc."]
        lines += [f"TQ1|1|||||||{due}|R^Routine^HL70485", f"OBR|1|{placer}||{service}||||||||||||{PROVIDER}|||||||||||||||{diagnosis}"]
    return "\r".join(lines) + "\r"


def kinds(messages):
    return [field(message, "MSH", 9).split("^")[1] for message in messages]


def instant(text):
    return datetime.datetime.strptime(text, "%Y%m%d%H%M%S%z")


class Orders(unittest.TestCase):
    def setUp(self):
        self.listener = Listener()
        self.addCleanup(self.listener.close)
        self.node = Node(senders=[{"facility": SYSTEM, "statuses": "360x", "status_to": f"127.0.0.1:{self.listener.port}"}]).__enter__()
        self.addCleanup(self.node.__exit__, None, None, None)
        self.node.start()
        self.node.import_therapists(therapist(hours="Mon-Sun 00:00-24:00"))  # a visit can be moved at any time of day

    def ask(self, message):
        with self.node.connect() as sender:
            return sender.ask(message)

    def take(self, number):
        """The node's own number of an order that the therapist has accepted and that has its first appointment."""
        answer = self.ask(order(number))
        self.assertEqual((field(answer, "MSH", 9), field(answer, "MSA", 1), field(answer, "ORC", 1)), ("ORG^O20^ORG_O20", "AA", "OK"), answer)
        own = field(answer, "ORC", 3)
        self.assertRegex(own, r"^\d+\^FASCIA$")
        offer = wait_for(lambda: [o for o in self.node.offers() if str(o["referral"]) == own.split("^")[0]])[0]
        self.node.ctl("offer", "accept", f"R{offer['referral']}", "--therapist", offer["therapist"])
        return own.split("^")[0]

    def hear(self, count):
        wait_for(lambda: len(self.listener.heard) >= count)
        return self.listener.heard[:count]

    def later(self, message, hours):
        start = instant(field(message, "TQ1", 7)) + datetime.timedelta(hours=hours)
        return start.strftime("%Y-%m-%dT%H:%M:%SZ")

    def test_all_the_way_round(self):
        own = self.take("A-1")
        booked = self.hear(2)[1]
        moved_to = self.later(booked, 2)
        self.node.ctl("visit", "book", f"R{own}", "--at", moved_to, "--move")
        self.hear(3)
        self.node.ctl("visit", "no-show", f"R{own}", "--anyway")
        self.node.ctl("visit", "book", f"R{own}", "--at", moved_to)
        self.node.ctl("visit", "cancel", f"R{own}")
        self.node.ctl("visit", "book", f"R{own}", "--at", moved_to)
        self.node.ctl("visit", "done", f"R{own}", "--anyway")
        self.node.ctl("outcome", "report", f"R{own}", "--summary", "pain 6 to 2", "--goal", "met", "--visits", 1)
        heard = self.hear(8)
        self.assertEqual(kinds(heard), ["O51", "S12", "S14", "S26", "S12", "S15", "S12", "O51"])
        wait_for(lambda: self.node.ctl("referral", "show", f"R{own}")["detail"]["row"]["state"] == "closed")
        for message in heard:
            self.assertEqual((field(message, "MSH", 5), field(message, "MSH", 6)), ("", f"^{SYSTEM}^ISO"))
            self.assertEqual(field(message, "MSH", 21), "360X")
            self.assertIn("ARCHER", field(message, "PID", 5))
            place = ("ORC", 2, 3) if field(message, "MSH", 9).startswith("OSU") else ("SCH", 26, 27)
            self.assertEqual(field(message, place[0], place[1]), f"A-1^^{AUTHORITY}^ISO")
            self.assertEqual(field(message, place[0], place[2]), f"{own}^FASCIA")
        self.assertEqual([(field(m, "ORC", 1), field(m, "ORC", 5)) for m in (heard[0], heard[-1])], [("SC", "IP"), ("SC", "CM")])
        # The appointment that was moved and then missed is one; each booked later is another.
        ids = [field(message, "SCH", 2) for message in heard[1:7]]
        self.assertEqual(ids[0:3], [f"{own}-1^FASCIA"] * 3)
        self.assertEqual(ids[3], ids[4])
        self.assertEqual(len(set(ids)), 3)
        self.assertEqual(instant(field(heard[2], "TQ1", 7)) - instant(field(heard[1], "TQ1", 7)), datetime.timedelta(hours=2))
        self.assertEqual([field(m, "SCH", 25).split("^")[0] for m in heard[1:7]], ["Booked", "Booked", "Noshow", "Booked", "Cancelled", "Booked"])
        self.assertTrue(any("pain 6 to 2" in note[3] for note in segments(heard[-1], "NTE")))

    def test_a_cancel_from_the_referrer_frees_the_appointment_and_is_confirmed(self):
        own = self.take("C-1")
        self.hear(2)
        answer = self.ask(order("C-1", "CA", kind="OSU^O51^OSU_O51", reason="^Pain is gone"))
        self.assertEqual((field(answer, "MSH", 9), field(answer, "MSA", 1)), ("ACK^O51^ACK", "AA"), answer)
        heard = self.hear(4)
        self.assertEqual(kinds(heard), ["O51", "S12", "S15", "O51"])
        self.assertEqual((field(heard[2], "SCH", 2), field(heard[2], "RGS", 2)), (f"{own}-1^FASCIA", "D"))
        self.assertEqual((field(heard[3], "ORC", 1), field(heard[3], "ORC", 5), field(heard[3], "ORC", 16)), ("CR", "CA", "^Pain is gone"))
        # Once more, as an order: it is cancelled already, and nobody is told again.
        answer = self.ask(order("C-1", "CA", "C-AGAIN"))
        self.assertEqual((field(answer, "MSA", 1), field(answer, "ORC", 1)), ("AA", "CR"), answer)
        self.assertEqual(len(self.listener.heard), 4)

    def test_a_declined_order_says_why(self):
        own = self.take("D-1")
        self.hear(2)
        self.node.ctl("referral", "withdraw", f"R{own}", "--reason", "the clinic is closed")
        declined = self.hear(4)[3]
        self.assertEqual((field(declined, "ORC", 1), field(declined, "ORC", 5), field(declined, "ORC", 16)), ("SC", "CA", "^the clinic is closed"))

    def test_resends_changes_and_wrong_things(self):
        message = order("E-1", control_id="E-1")
        for _ in range(3):
            answer = self.ask(message)
            self.assertEqual((field(answer, "MSA", 1), field(answer, "ORC", 1)), ("AA", "OK"), answer)
        self.assertEqual(len(self.node.ctl("referral", "list")["referrals"]), 1)
        answer = self.ask(order("E-1", "XO", due="20990105"))
        self.assertEqual((field(answer, "MSA", 1), field(answer, "ORC", 1)), ("AA", "XR"), answer)
        content = self.node.ctl("referral", "show", "R1", "--content")["detail"]["content"]
        self.assertEqual(content["preferences"]["not_after"], "2099-01-05")
        for wrong, place in ((order("E-9", "CA"), ("204", "ORC^1^2^1")), (order("E-9", "XO"), ("204", "ORC^1^2^1")), (order("E-9", "ZZ"), ("103", "ORC^1^1^1")),
                             (order("E-9", due="20991305"), ("102", "TQ1^1^8^1"))):
            answer = self.ask(wrong)
            self.assertEqual((field(answer, "MSA", 1), field(answer, "ORC", 1) in ("UC", "UX", "UA", "")), ("AE", True), answer)
            self.assertEqual(error(answer), place, answer)
        self.assertEqual(len(self.node.ctl("referral", "list")["referrals"]), 1)

    def test_what_was_not_heard_is_sent_again_in_order(self):
        refusals = []

        def refuse_first(message):
            if len(refusals) < 2:
                refusals.append(field(message, "MSH", 10))
                return acknowledgement(message, "AE")
            return acknowledgement(message, "AA")

        self.listener.answer = refuse_first
        self.take("F-1")
        wait_for(lambda: self.node.metric("fascia_outbox_delivered_total") == 2)
        first = refusals[0]
        self.assertEqual([field(message, "MSH", 10) for message in self.listener.heard[:3]], [first] * 3)
        self.assertEqual(kinds(self.listener.heard), ["O51", "O51", "O51", "S12"])

    def test_statuses_outlive_a_kill(self):
        self.listener.answer = lambda message: None  # heard, and never answered
        self.take("K-1")
        self.hear(1)
        self.node.kill()
        self.listener.answer = lambda message: acknowledgement(message, "AA")
        self.node.start()
        wait_for(lambda: kinds(self.listener.heard)[-2:] == ["O51", "S12"])
        self.assertEqual(len({field(message, "MSH", 10) for message in self.listener.heard}), 2)


class Packages(unittest.TestCase):
    """Each takes OSU and SIU with its own parser and answers in its own style; nothing has to be sent twice."""

    def listen(self, command):
        port = free_port()
        lines = []
        with subprocess.Popen([*command, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as listener, \
                Node(senders=[{"facility": SYSTEM, "statuses": "360x", "status_to": f"127.0.0.1:{port}"}]) as node:
            reading = threading.Thread(target=lambda: lines.extend(iter(listener.stdout.readline, "")), daemon=True)
            try:
                reading.start()
                wait_for(lambda: lines)
                node.start()
                node.import_therapists(therapist())
                with node.connect() as sender:
                    self.assertEqual(field(sender.ask(order("P-1")), "MSA", 1), "AA")
                    offer = wait_for(node.offers)[0]
                    node.ctl("offer", "accept", f"R{offer['referral']}", "--therapist", offer["therapist"])
                    wait_for(lambda: node.metric("fascia_outbox_delivered_total") == 2)
                    sender.ask(order("P-1", "CA"))
                wait_for(lambda: node.metric("fascia_outbox_delivered_total") == 4)
                self.assertEqual(node.metric("fascia_outbox_retried_total"), 0)
            finally:
                listener.stdin.close()
                listener.wait(60)
                reading.join(60)
        messages = {}
        for line in lines[1:]:
            text = json.loads(line)["text"]
            messages.setdefault(field(text, "MSH", 10), text)
        self.assertEqual(kinds(messages.values()), ["O51", "S12", "S15", "O51"])
        return list(messages.values())

    @unittest.skipUnless(NODE_TESTS, "npm ci has not been run in tests/system")
    def test_node_hl7_server_takes_them(self):
        self.listen(["node", str(CLIENTS / "listen_with_node_hl7_server.js")])

    @unittest.skipUnless(NODE_TESTS, "npm ci has not been run in tests/system")
    def test_simple_hl7_takes_them(self):
        self.listen(["node", str(CLIENTS / "listen_with_simple_hl7.js")])

    def test_python_hl7_takes_and_reads_them(self):
        messages = self.listen([PYTHON, str(CLIENTS / "listen_with_python_hl7.py")])
        read = ("import hl7, json, sys\n"
                "m = hl7.parse(json.load(sys.stdin))\n"
                "print(json.dumps([str(m.segment('SCH')[2]), str(m.segment('SCH')[11][0][3]), str(m.segment('TQ1')[8]), str(m.segment('AIP')[3][0][1]), str(m.segment('PID')[5][0][0])]))\n")
        done = subprocess.run([PYTHON, "-c", read], input=json.dumps(messages[1]), capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        appointment, start, end, family, patient = json.loads(done.stdout)
        self.assertEqual((appointment, family, patient), ("1-1^FASCIA", "004", "ARCHER"))
        self.assertEqual(instant(end) - instant(start), datetime.timedelta(hours=1))


if __name__ == "__main__":
    unittest.main()
