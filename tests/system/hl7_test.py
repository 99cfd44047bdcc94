"""HL7 v2 over MLLP as others speak it: clients and servers that this project did not write, and raw sockets for what no client does by itself."""
import base64
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fascia import END, PATIENCE, START, Listener, Mllp, Node, field, referral, segments, therapist, wait_for  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
CLIENTS = HERE / "clients"
# Where the packages are missing this may be skipped by hand, never in CI.
NODE_TESTS = bool(os.environ.get("CI")) or (HERE / "node_modules/node-hl7-client").exists()
PYTHON = "/usr/bin/python3"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def error(answer, number=0):
    """(code, location) of an ERR of 2.5 and later."""
    return field(answer, "ERR", 3, number).split("^")[0], field(answer, "ERR", 2, number)


def errors(answer):
    return [error(answer, number) for number in range(len(segments(answer, "ERR"))) if field(answer, "ERR", 4, number) == "E"]


def replace(message, segment, number, value):
    """The message with another value in the first such segment's field."""
    lines = message.split("\r")
    at = next(i for i, line in enumerate(lines) if line.split("|")[0] == segment)
    fields = lines[at].split("|")
    number -= 1 if segment == "MSH" else 0
    fields += [""] * (number + 1 - len(fields))
    fields[number] = value
    lines[at] = "|".join(fields)
    return "\r".join(lines)


def without(message, segment):
    return "\r".join(line for line in message.split("\r") if line.split("|")[0] != segment)


class OnOneNode(unittest.TestCase):
    """One node for a class: the tests use referral ids of their own."""
    senders = ()

    @classmethod
    def setUpClass(cls):
        cls.node = Node(senders=cls.senders).__enter__()
        cls.addClassCleanup(cls.node.__exit__, None, None, None)
        cls.node.start()

    def ask(self, message):
        with self.node.connect() as sender:
            return sender.ask(message)

    def number_of(self, referral_id, **more):
        """The node's own number of a referral, asked for by I15; None when it knows none."""
        answer = self.ask(referral(event="I15", referral_id=referral_id, **more))
        if field(answer, "MSA", 1) != "AA":
            self.assertEqual((field(answer, "MSA", 1), errors(answer)), ("AE", [("204", "RF1^1^6^1")]), answer)
            return None
        number, authority = field(answer, "RF1", 11).split("^")
        self.assertEqual(authority, "FASCIA")
        return int(number)

    def assert_accepted(self, answer, control_id, code="AA"):
        self.assertEqual((field(answer, "MSA", 1), field(answer, "MSA", 2)), (code, control_id), answer)


class RealClients(OnOneNode):
    def files(self, *messages):
        paths = []
        for number, message in enumerate(messages):
            paths.append(self.node.place / f"message-{number}.hl7")
            paths[-1].write_bytes(message.encode())
        return paths

    def run_client(self, script, count=3):
        ids = [f"{script}-{number}" for number in range(count)]
        paths = self.files(*(referral(control_id=f"C-{i}", referral_id=i) for i in ids))
        done = subprocess.run(["node", str(CLIENTS / script), str(self.node.mllp_port), *map(str, paths)],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        answers = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
        self.assertEqual([(answer["code"], answer["asked"]) for answer in answers], [("AA", f"C-{i}") for i in ids])
        for i in ids:
            self.assertIsNotNone(self.number_of(i))

    @unittest.skipUnless(NODE_TESTS, "npm ci has not been run in tests/system")
    def test_node_hl7_client_sends_and_reads_the_answers(self):
        self.run_client("send_with_node_hl7_client.js")

    @unittest.skipUnless(NODE_TESTS, "npm ci has not been run in tests/system")
    def test_simple_hl7_sends_and_reads_the_answers(self):
        self.run_client("send_with_simple_hl7.js")

    def test_python_hl7_sends_and_reads_the_answers(self):
        import hl7
        import hl7.client
        with hl7.client.MLLPClient("127.0.0.1", self.node.mllp_port) as client:
            client.socket.settimeout(PATIENCE)
            for number in range(3):
                answer = client.send_message(hl7.parse(referral(control_id=f"P-{number}", referral_id=f"python-{number}")))
                self.assertEqual((answer[:1], answer[-2:]), (b"\x0b", b"\x1c\r"))
                message = hl7.parse(answer[1:-2].decode())
                self.assertEqual(str(message.segment("MSA")[1]), "AA")
                self.assertEqual(str(message.segment("MSA")[2]), f"P-{number}")
        self.assertIsNotNone(self.number_of("python-2"))

    def test_the_command_of_python_hl7_sends_a_file(self):
        path = self.files(referral(control_id="SEND-1", referral_id="mllp-send"))[0]
        done = subprocess.run([PYTHON, "-c", "import hl7.client; hl7.client.mllp_send()", "--loose", "-p", str(self.node.mllp_port), "-f", str(path), "127.0.0.1"],
                              capture_output=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"MSA|AA|SEND-1", done.stdout)
        self.assertIsNotNone(self.number_of("mllp-send"))


class RealClientsWithTooMuch(unittest.TestCase):
    """Clients of others read why their message was not taken; in process and isolated alike."""

    def test_python_hl7_reads_why(self):
        import hl7
        import hl7.client
        with Node(stream="      input: 64KiB") as node:
            node.start()
            for name, message, error in (("large", referral(control_id="PYTHON-1", note="x" * (2 << 20)), "too large: at most 65536 bytes"),
                                         ("segments", referral(control_id="PYTHON-1", extra="ZZ1\r" * 10001), "more than 10000 segments"),
                                         ("patients", referral(control_id="PYTHON-1", extra="PID|2||MRN-2^^^BLUEGRASS^MR||OTHER^ANNE\r"), "of one patient")):
                with self.subTest(name), hl7.client.MLLPClient("127.0.0.1", node.mllp_port) as client:
                    client.socket.settimeout(PATIENCE)
                    answer = hl7.parse(client.send(b"\x0b" + message.encode() + b"\x1c\r")[1:-2].decode())
                    self.assertEqual((str(answer.segment("MSA")[1]), str(answer.segment("MSA")[2])), ("AE", "PYTHON-1"))
                    self.assertIn(error, str(answer.segment("ERR")[8]))

    @unittest.skipUnless(NODE_TESTS, "npm ci has not been run in tests/system")
    def test_node_hl7_client_reads_why(self):
        with Node(stream="      input: 64KiB") as node:
            node.start()
            path = node.place / "large.hl7"
            path.write_text(referral(control_id="NODE-1", note="x" * (2 << 20)))
            done = subprocess.run(["node", str(CLIENTS / "send_with_node_hl7_client.js"), str(node.mllp_port), str(path)],
                                  capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            answer = json.loads(done.stdout.splitlines()[0])
            self.assertEqual((answer["code"], answer["asked"]), ("AE", "NODE-1"))


class RealListeners(unittest.TestCase):
    """Each listener answers in its own style, and each answer counts: nothing is sent twice."""

    def hear(self, command, repeats=()):
        def control_id(line):
            return field(json.loads(line)["text"], "MSH", 10)

        port = free_port()
        with subprocess.Popen([*command, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as listener, \
                Node(senders=[{"application": "BLUEGRASS_EHR", "status_to": f"127.0.0.1:{port}"}]) as node:
            lines = []
            reading = threading.Thread(target=lambda: lines.extend(iter(listener.stdout.readline, "")), daemon=True)
            try:
                reading.start()
                wait_for(lambda: lines)
                node.start()
                with node.connect() as sender:
                    sender.ask(referral(control_id="HEAR-1", referral_id="R-HEAR"))
                    wait_for(lambda: len(lines) >= 2)
                    sender.ask(referral(control_id="HEAR-2", referral_id="R-HEAR", event="I14"))
                wait_for(lambda: len({control_id(line) for line in lines[1:]}) >= 2)
                wait_for(lambda: node.metric("fascia_outbox_delivered_total") == 2)
                # The retry would come after a tenth of a second; nothing of it comes in ten times as long.
                time.sleep(1)
                self.assertEqual(node.metric("fascia_outbox_retried_total"), 0)
                messages = [json.loads(line)["text"] for line in lines[1:]]
                self.assertEqual([control_id(line) for line in lines[1:]], ["F1", *repeats, "F2"])
            finally:
                listener.stdin.close()
                listener.wait(PATIENCE)
                reading.join(PATIENCE)
        self.assertEqual(listener.returncode, 0)
        self.assertEqual(field(messages[0], "MSH", 9).split("^")[:2], ["RRI", "I12"])
        self.assertEqual([field(message, "RF1", 1).split("^")[0] for message in (messages[0], messages[-1])], ["P", "E"], messages)
        for message in messages:
            self.assertIn("R-HEAR", field(message, "RF1", 6))

    @unittest.skipUnless(NODE_TESTS, "npm ci has not been run in tests/system")
    def test_node_hl7_server_hears_of_each_change_once(self):
        # Its MSH-10 is always "ACK", and it does not forget what it heard before on a connection: with the second message it takes and
        # answers the first once more. That stale answer must not count for the second.
        self.hear(["node", str(CLIENTS / "listen_with_node_hl7_server.js")], repeats=["F1"])

    @unittest.skipUnless(NODE_TESTS, "npm ci has not been run in tests/system")
    def test_the_server_of_simple_hl7_hears_of_each_change_once(self):
        # It answers 2.5.1 with a bare ACK of 2.3.
        self.hear(["node", str(CLIENTS / "listen_with_simple_hl7.js")])

    def test_the_server_of_python_hl7_hears_of_each_change_once(self):
        self.hear([PYTHON, str(CLIENTS / "listen_with_python_hl7.py")])


class Frames(OnOneNode):
    def test_a_message_may_come_in_two_pieces_cut_anywhere(self):
        message = START + referral(control_id="CUT-1", referral_id="R-CUT").encode() + END
        with self.node.connect() as sender:
            sender.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for cut in range(1, len(message)):
                sender.socket.sendall(message[:cut])
                time.sleep(0.0005)
                sender.socket.sendall(message[cut:])
                self.assert_accepted(sender.receive(), "CUT-1")
        self.assertIsNotNone(self.number_of("R-CUT"))

    def test_a_message_may_come_byte_by_byte(self):
        message = START + referral(control_id="BYTES-1", referral_id="R-BYTES").encode() + END
        with self.node.connect() as sender:
            sender.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in message:
                sender.socket.sendall(bytes([byte]))
                time.sleep(0.0002)
            self.assert_accepted(sender.receive(), "BYTES-1")

    def test_many_messages_may_come_in_one_write_and_are_answered_in_order(self):
        ids = [f"JOINED-{number}" for number in range(60)]
        with self.node.connect() as sender:
            sender.socket.sendall(b"".join(START + referral(control_id=i, referral_id=f"R-{i}").encode() + END for i in ids))
            for i in ids:
                self.assert_accepted(sender.receive(), i)
        self.assertEqual(len({self.number_of(f"R-{i}") for i in ids}), len(ids))

    def test_good_and_bad_messages_in_one_write_are_answered_in_order(self):
        good = [referral(control_id=f"MIXED-{number}") for number in range(0, 30, 3)]
        written, expected = b"", []
        for number, message in enumerate(good):
            for code, piece in (("AA", message), ("AR", replace(message, "MSH", 12, "9.9")), ("AE", without(message, "PID"))):
                control_id = f"MIXED-{number}-{code}"
                expected.append((code, control_id))
                written += START + replace(piece, "MSH", 10, control_id).encode() + END
        with self.node.connect() as sender:
            sender.socket.sendall(written)
            got = [sender.receive() for _ in expected]
        self.assertEqual([(field(answer, "MSA", 1), field(answer, "MSA", 2)) for answer in got], expected)

    def test_sixteen_connections_at_once_get_their_own_answers_in_order(self):
        failures = []

        def work(connection):
            ids = [f"MANY-{connection}-{number}" for number in range(25)]
            try:
                with self.node.connect() as sender:
                    for i in ids:
                        sender.send(referral(control_id=i, referral_id=f"R-{i}"))
                    got = [sender.receive() for _ in ids]
                if [(field(answer, "MSA", 1), field(answer, "MSA", 2)) for answer in got] != [("AA", i) for i in ids]:
                    failures.append((connection, got))
            except Exception as problem:  # noqa: BLE001
                failures.append((connection, problem))

        threads = [threading.Thread(target=work, args=(connection,)) for connection in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        numbers = {self.number_of(f"R-MANY-{connection}-{number}") for connection in range(16) for number in (0, 24)}
        self.assertEqual(len(numbers), 32)
        self.assertNotIn(None, numbers)

    def test_segments_may_end_in_cr_lf_or_both(self):
        for name, end in (("cr", "\r"), ("lf", "\n"), ("crlf", "\r\n")):
            with self.subTest(name):
                message = referral(control_id=f"END-{name}", referral_id=f"R-END-{name}")
                self.assert_accepted(self.ask(message.replace("\r", end)), f"END-{name}")
                self.assertIsNotNone(self.number_of(f"R-END-{name}"))

    def test_a_message_cut_short_by_the_end_of_the_connection_is_nothing(self):
        message = START + referral(referral_id="R-SHORT").encode()
        with self.node.connect() as sender:
            sender.socket.sendall(message)
            sender.socket.shutdown(socket.SHUT_WR)
            self.assertIsNone(sender.receive())
        self.assertIsNone(self.number_of("R-SHORT"))


class Resends(OnOneNode):
    def test_a_resend_after_a_lost_acknowledgement_makes_no_second_referral(self):
        before = self.node_count()
        messages = [referral(control_id=f"LOST-{number}", referral_id=f"R-LOST-{number}") for number in range(10)]
        for message in messages:
            sender = self.node.connect()
            sender.send(message)
            sender.close()
        for number, message in enumerate(messages):
            # It may be resent while the first is still on its way in.
            self.assert_accepted(self.ask(message), f"LOST-{number}")
        numbers = [self.number_of(f"R-LOST-{number}") for number in range(10)]
        self.assertEqual(len(set(numbers)), 10)
        self.assertEqual(self.node_count() - before, 10 + 1)

    def node_count(self):
        """A new referral's number: the node counts upwards."""
        COUNT[0] += 1
        name = f"R-COUNT-{COUNT[0]}"
        self.assertEqual(field(self.ask(referral(referral_id=name)), "MSA", 1), "AA")
        return self.number_of(name)

    def test_the_same_message_many_times_at_once_is_one_referral(self):
        before = self.node_count()
        message = referral(control_id="RACE-1", referral_id="R-RACE")
        senders = [self.node.connect() for _ in range(8)]
        for sender in senders:
            sender.send(message)
        for sender in senders:
            self.assert_accepted(sender.receive(), "RACE-1")
            sender.close()
        self.assertEqual(self.node_count() - before, 2)

    def test_without_a_referral_id_a_resend_is_known_too(self):
        before = self.node_count()
        message = replace(referral(control_id="NO-ID-1"), "RF1", 6, "")
        for _ in range(3):
            self.assert_accepted(self.ask(message), "NO-ID-1")
        self.assertEqual(self.node_count() - before, 2)


COUNT = [0]


class Modes(OnOneNode):
    """Original and enhanced acknowledgement; every condition of table 0155."""

    def answers(self, message):
        """All that comes for one message; a second message ends the wait."""
        marker = referral(control_id="MARKER", referral_id="R-MARKER")
        with self.node.connect() as sender:
            sender.send(message)
            sender.send(marker)
            got = []
            while not got or field(got[-1], "MSA", 2) != "MARKER":
                got.append(sender.receive())
        return [field(answer, "MSA", 1) for answer in got[:-1]]

    def test_each_mode_is_answered_as_it_asks(self):
        good = {
            ("", ""): ["AA"],
            ("AL", "AL"): ["CA", "AA"], ("AL", "NE"): ["CA"], ("AL", "ER"): ["CA"], ("AL", "SU"): ["CA", "AA"], ("AL", ""): ["CA"],
            ("NE", "AL"): ["AA"], ("NE", "NE"): [], ("NE", "ER"): [], ("NE", "SU"): ["AA"], ("NE", ""): [],
            ("ER", "AL"): ["AA"], ("ER", "NE"): [], ("ER", "ER"): [], ("ER", "SU"): ["AA"],
            ("SU", "AL"): ["CA", "AA"], ("SU", "NE"): ["CA"], ("SU", "ER"): ["CA"], ("SU", "SU"): ["CA", "AA"],
            ("", "AL"): ["AA"], ("", "NE"): [],
        }
        for (accept, application), expected in good.items():
            with self.subTest(accept=accept, application=application):
                self.assertEqual(self.answers(referral(msh15=accept, msh16=application)), expected)

    def test_content_that_cannot_be_taken_is_answered_as_the_mode_asks(self):
        bad = {
            ("", ""): ["AE"],
            ("AL", "AL"): ["CA", "AE"], ("AL", "ER"): ["CA", "AE"], ("AL", "NE"): ["CE"], ("AL", "SU"): ["CE"],
            ("NE", "AL"): ["AE"], ("NE", "ER"): ["AE"], ("NE", "SU"): [], ("NE", "NE"): [],
            ("ER", "NE"): ["CE"], ("SU", "NE"): [], ("SU", "AL"): ["CA", "AE"], ("", "AL"): ["AE"],
        }
        for (accept, application), expected in bad.items():
            with self.subTest(accept=accept, application=application):
                self.assertEqual(self.answers(without(referral(msh15=accept, msh16=application), "PID")), expected)

    def test_a_header_that_cannot_be_taken_is_rejected_as_the_mode_asks(self):
        for (accept, application), expected in {("", ""): ["AR"], ("AL", "AL"): ["CR"], ("AL", "NE"): ["CR"], ("NE", "AL"): ["AR"], ("NE", "NE"): [],
                                                ("ER", "ER"): ["CR"], ("SU", "SU"): [], ("SU", "ER"): ["AR"]}.items():
            with self.subTest(accept=accept, application=application):
                self.assertEqual(self.answers(replace(referral(msh15=accept, msh16=application), "MSH", 11, "D")), expected)

    def test_what_is_not_to_be_answered_is_kept_all_the_same(self):
        self.assertEqual(self.answers(referral(msh15="NE", msh16="NE", referral_id="R-SILENT")), [])
        self.assertIsNotNone(self.number_of("R-SILENT"))

    def test_commit_and_application_acknowledgement_both_name_the_message(self):
        with self.node.connect() as sender:
            sender.send(referral(control_id="BOTH-1", msh15="AL", msh16="AL"))
            commit, application = sender.receive(), sender.receive()
        self.assert_accepted(commit, "BOTH-1", "CA")
        self.assert_accepted(application, "BOTH-1", "AA")
        self.assertNotEqual(field(commit, "MSH", 10), field(application, "MSH", 10))

    def test_an_acknowledgement_is_never_answered(self):
        acknowledgement = "MSH|^~\\&|BLUEGRASS_EHR|BLUEGRASS|FASCIA|TEST|20261123||ACK^I12^ACK|UNASKED-1|P|2.5.1|||AL|AL\rMSA|AA|X-1\r"
        self.assertEqual(self.answers(acknowledgement), [])


class Events(OnOneNode):
    def test_a_change_a_question_and_a_cancel(self):
        self.assertEqual(field(self.ask(referral(referral_id="R-LIFE")), "MSA", 1), "AA")
        changed = replace(referral(control_id="LIFE-2", referral_id="R-LIFE", event="I13"), "RF1", 2, "A^ASAP^HL70280")
        self.assert_accepted(self.ask(changed), "LIFE-2")
        self.assert_accepted(self.ask(changed), "LIFE-2")
        answer = self.ask(referral(control_id="LIFE-3", referral_id="R-LIFE", event="I15"))
        self.assert_accepted(answer, "LIFE-3")
        self.assertEqual(field(answer, "MSH", 9).split("^")[0], "RRI")
        self.assertEqual(field(answer, "RF1", 1).split("^")[0], "P")
        cancelled = referral(control_id="LIFE-4", referral_id="R-LIFE", event="I14")
        self.assert_accepted(self.ask(cancelled), "LIFE-4")
        self.assert_accepted(self.ask(cancelled), "LIFE-4")
        answer = self.ask(referral(event="I15", referral_id="R-LIFE"))
        self.assertEqual(field(answer, "RF1", 1).split("^")[0], "E", answer)
        late = self.ask(referral(referral_id="R-LIFE", event="I13", diagnosis="M54.2^Cervicalgia^I10"))
        self.assertEqual((field(late, "MSA", 1), errors(late)), ("AE", [("206", "RF1^1^6^1")]), late)

    def test_what_is_not_known_cannot_be_changed_cancelled_or_asked_for(self):
        for event in ("I13", "I14", "I15"):
            with self.subTest(event):
                answer = self.ask(referral(event=event, referral_id="R-NEVER", control_id=f"NEVER-{event}"))
                self.assert_accepted(answer, f"NEVER-{event}", "AE")
                self.assertEqual(errors(answer), [("204", "RF1^1^6^1")], answer)
                nameless = self.ask(replace(referral(event=event), "RF1", 6, ""))
                self.assertEqual((field(nameless, "MSA", 1), errors(nameless)), ("AE", [("101", "RF1^1^6^1")]), nameless)

    def test_one_sender_cannot_reach_anothers_referral(self):
        self.assertEqual(field(self.ask(referral(referral_id="R-MINE")), "MSA", 1), "AA")
        answer = self.ask(referral(event="I14", referral_id="R-MINE", application="OTHER_EHR"))
        self.assertEqual((field(answer, "MSA", 1), errors(answer)), ("AE", [("204", "RF1^1^6^1")]), answer)
        self.assertIsNotNone(self.number_of("R-MINE"))

    def test_a_new_referral_with_a_known_id_and_other_content_changes_it(self):
        self.assertEqual(field(self.ask(referral(referral_id="R-CHANGED")), "MSA", 1), "AA")
        first = self.number_of("R-CHANGED")
        self.assertEqual(field(self.ask(referral(referral_id="R-CHANGED", diagnosis="M54.2^Cervicalgia^I10")), "MSA", 1), "AA")
        self.assertEqual(self.number_of("R-CHANGED"), first)


class Refusals(OnOneNode):
    def assert_refused(self, message, code, *expected):
        answer = self.ask(message)
        self.assertEqual((field(answer, "MSA", 1), field(answer, "MSA", 2)), (code, field(message, "MSH", 10)), answer)
        self.assertEqual(errors(answer), list(expected), answer)
        for number in range(len(expected)):
            self.assertTrue(field(answer, "ERR", 8, number), "an error says in words what is wrong")

    def test_headers(self):
        for name, number, value, *expected in (
                ("version", 12, "2.9", "203", "MSH^1^12^1^1"), ("old version", 12, "2.2", "203", "MSH^1^12^1^1"), ("no version", 12, "", "101", "MSH^1^12^1"),
                ("type", 9, "ADT^A01^ADT_A01", "200", "MSH^1^9^1^1"), ("no type", 9, "", "101", "MSH^1^9^1^1"),
                ("event", 9, "REF^I16", "201", "MSH^1^9^1^2"), ("no event", 9, "REF", "101", "MSH^1^9^1^2"),
                ("debugging", 11, "D", "202", "MSH^1^11^1^1"), ("no processing id", 11, "", "101", "MSH^1^11^1^1"),
                ("set", 18, "KLINGON", "103", "MSH^1^18^1"), ("wide set", 18, "UNICODE UTF-16", "102", "MSH^1^18^1")):
            with self.subTest(name):
                self.assert_refused(replace(referral(), "MSH", number, value), "AR", tuple(expected))

    def test_no_header_at_all(self):
        answer = self.ask("PID|1||MRN-1\r")
        self.assertEqual((field(answer, "MSA", 1), field(answer, "MSA", 2), errors(answer)), ("AR", "", [("100", "MSH^1")]), answer)

    def test_two_messages_in_one_frame(self):
        self.assert_refused(referral() + referral(), "AR", ("100", "MSH^2"))

    def test_the_node_goes_on_after_each_refusal(self):
        with self.node.connect() as sender:
            for bad in (replace(referral(), "MSH", 12, "1"), "nonsense", "MSH", "MSH|", "\r\r", without(referral(), "PID")):
                self.assertIn(field(sender.ask(bad), "MSA", 1), ("AR", "AE"))
            self.assertEqual(field(sender.ask(referral()), "MSA", 1), "AA")

    def test_content(self):
        for name, message, *expected in (
                ("no patient", without(referral(), "PID"), ("100", "PID^1")),
                ("no referrer", without(referral(), "PRD"), ("100", "PRD^1")),
                ("two patients", referral(extra="PID|2||MRN-2^^^BLUEGRASS^MR||OTHER^ANNE\r"), ("100", "PID^2")),
                ("two referrals", referral(extra="RF1|P|R|||O|R-2\r"), ("100", "RF1^2")),
                ("many fields", referral(extra="ZF1" + "|x" * 513 + "\r"), ("207", "ZF1^1")),
                ("many segments", referral(extra="ZZ1\r" * 10001), ("207", "")),
                ("birth date", replace(referral(), "PID", 7, "19791399"), ("102", "PID^1^7^1")),
                ("date", replace(referral(), "RF1", 7, "2026"), ("102", "RF1^1^7^1")),
                ("wish", referral(extra="ZRF|1||||Q\r"), ("103", "ZRF^1^5^1")),
                ("windows", referral(extra="ZRF|1|MO^2500^2600\r"), ("102", "ZRF^1^2^1"))):
            with self.subTest(name):
                self.assert_refused(message, "AE", *expected)

    def test_a_wish_that_the_node_cannot_read_waits_for_the_referrer(self):
        answer = self.ask(referral(extra="ZRF|1||Mars/Olympus\r", referral_id="R-MARS"))
        self.assertEqual((field(answer, "MSA", 1), error(answer), field(answer, "ERR", 4)), ("AA", ("103", "ZRF^1^3^1"), "W"), answer)
        answer = self.ask(referral(event="I15", referral_id="R-MARS"))
        self.assertTrue(any("time zone" in note[3] for note in segments(answer, "NTE")), answer)

    def test_a_question_answered_no_stops_nothing_and_answered_yes_stops(self):
        for answer, warnings in (("N^No^HL70136", []), ("LA32-8^^LN", []), ("N", []), ("Y^Yes^HL70136", [("207", "OBX^1^3^1^1")]), ("LA33-6^^LN", [("207", "OBX^1^3^1^1")])):
            with self.subTest(answer):
                got = self.ask(referral(extra=f"OBX|1|CWE|SADDLE^Saddle numbness^L||{answer}||||||F\r"))
                self.assertEqual(field(got, "MSA", 1), "AA", got)
                self.assertEqual([error(got, number) for number in range(len(segments(got, "ERR")))], warnings, got)

    def test_before_2_5_the_error_stands_where_old_systems_look(self):
        answer = self.ask(replace(referral(version="2.3.1", control_id="OLD-1"), "MSH", 11, "D"))
        self.assert_accepted(answer, "OLD-1", "AR")
        self.assertEqual(field(answer, "ERR", 1), "MSH^1^11^202&Unsupported processing id&HL70357")
        self.assertTrue(field(answer, "MSA", 3))
        self.assertEqual(field(answer, "MSA", 6).split("^")[0], "202")


class Versions(OnOneNode):
    def test_each_version_is_taken_and_answered_in_its_own(self):
        for version in ("2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8", "2.8.1", "2.8.2", "2.4^AUS&Australia&ISO3166_1"):
            with self.subTest(version):
                answer = self.ask(referral(version=version, control_id=f"V-{version[:5]}"))
                self.assert_accepted(answer, f"V-{version[:5]}")
                self.assertEqual(field(answer, "MSH", 12), version)
                self.assertEqual(field(answer, "MSH", 9), "ACK^I12" if version == "2.3" else "ACK^I12^ACK")
                self.assertEqual((field(answer, "MSH", 5), field(answer, "MSH", 6)), ("BLUEGRASS_EHR", "BLUEGRASS"))


class CharacterSets(unittest.TestCase):
    """What is heard of a patient is in the set of the sender."""

    def round_trip(self, declared, codec, family):
        listener = Listener()
        self.addCleanup(listener.close)
        with Node(senders=[{"application": "BLUEGRASS_EHR", "status_to": f"127.0.0.1:{listener.port}"}]) as node:
            node.start()
            with node.connect() as sender:
                answer = sender.ask(replace(referral(family=family, control_id="SET-1"), "MSH", 18, declared).encode(codec))
            self.assertEqual((field(answer, "MSA", 1), field(answer, "MSA", 2)), ("AA", "SET-1"), answer)
            wait_for(lambda: listener.heard_bytes)
        return listener.heard_bytes[0]

    def test_8859_1_comes_back_as_8859_1(self):
        heard = self.round_trip("8859/1", "latin-1", "Müller-Grünwald")
        self.assertIn("|Müller-Grünwald^ELLIOT|".encode("latin-1"), heard)
        self.assertEqual(field(heard.decode("latin-1"), "MSH", 18), "8859/1")

    def test_8859_2_comes_back_as_8859_2(self):
        heard = self.round_trip("8859/2", "iso8859-2", "Łuczyński")
        self.assertIn("|Łuczyński^ELLIOT|".encode("iso8859-2"), heard)
        self.assertEqual(field(heard.decode("iso8859-2"), "MSH", 18), "8859/2")

    def test_utf_8_comes_back_as_utf_8(self):
        heard = self.round_trip("UNICODE UTF-8", "utf-8", "Žižková 王")
        self.assertIn("|Žižková 王^ELLIOT|".encode(), heard)
        self.assertEqual(field(heard.decode(), "MSH", 18), "UNICODE UTF-8")

    def test_bytes_that_are_not_of_the_named_set_are_refused(self):
        with Node() as node:
            node.start()
            with node.connect() as sender:
                answer = sender.ask(referral(family="Müller").encode("latin-1"))
        self.assertEqual((field(answer, "MSA", 1), errors(answer)), ("AR", [("102", "PID^1")]), answer)


class Content(OnOneNode):
    """What came is all there, by fasciactl."""

    def content(self, message, referral_id):
        self.assertEqual(field(self.ask(message), "MSA", 1), "AA")
        return self.node.ctl("referral", "show", f"R{self.number_of(referral_id)}", "--content")["detail"]["content"]

    def test_attachments_come_back_byte_by_byte(self):
        files = {"PDF": os.urandom(70_000), "PLAIN": "Brief für Jürgen\n".encode()}
        extra = "".join(f"OBX|{n}|ED|LETTER^Letter^L||EHR^APPLICATION^{kind}^Base64^{base64.b64encode(data).decode()}||||||F\r"
                        for n, (kind, data) in enumerate(files.items(), 1))
        content = self.content(referral(referral_id="R-FILES", extra=extra), "R-FILES")
        self.assertEqual([base64.b64decode(attachment["content"]) for attachment in content["attachments"]], list(files.values()))

    def test_segments_that_nobody_reads_are_kept_and_shown(self):
        extra = "NK1|1|DOE^MARY|MTH\rZXY|1|something of our own^with|~parts\rACC|20260101||Route 50\r"
        content = self.content(referral(referral_id="R-KEPT", extra=extra), "R-KEPT")
        kept = json.dumps(content)
        for text in ("NK1|1|DOE^MARY|MTH", "ZXY|1|something of our own^with|~parts", "ACC|20260101||Route 50"):
            self.assertIn(text, kept)

    def test_what_is_not_understood_is_kept_and_shown(self):
        provider = "RP^Referring Provider^HL70286|HOLLOWAY^JUNE^^^DR^MD|||||1093817465^NPI~207Q00000X^TAX"
        message = replace(replace(referral(referral_id="R-ODD", provider=provider), "PID", 8, "9^Ninth"), "RF1", 2, "Q^Quick")
        answer = self.ask(message)
        self.assertEqual(sorted(error(answer, number) for number in range(len(segments(answer, "ERR")))),
                         [("102", "PRD^1^7^1"), ("103", "PID^1^8^1"), ("103", "RF1^1^2^1")], answer)
        detail = self.node.ctl("referral", "show", f"R{self.number_of('R-ODD')}", "--content")
        for text in ("9^Ninth", "Q^Quick", "1093817465"):
            self.assertIn(text, json.dumps(detail))
        shown = self.node.ctl("referral", "show", f"R{self.number_of('R-ODD')}", "--history", json_out=False)
        self.assertIn("screened: nothing in the way; warning: referrer.identifiers: the referrer's NPI is no valid one", shown)

    def test_names_beyond_ascii_are_read_in_the_set_of_the_sender(self):
        message = replace(referral(family="Müller", referral_id="R-UMLAUT"), "MSH", 18, "8859/1").encode("latin-1")
        self.assertEqual(self.content(message, "R-UMLAUT")["patient"]["family_name"], "Müller")


if __name__ == "__main__":
    unittest.main()
