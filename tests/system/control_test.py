"""The control socket as a stranger to its protocol would use it: garbage, halves, giants, clients that go and clients that come in crowds."""
import contextlib
import os
import pathlib
import pwd
import re
import socket
import stat
import struct
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fascia import Node, field, referral, therapist, wait_for  # noqa: E402

STATUS = b"\x08\x01" + b"\x7a\x00"   # ControlRequest: version 1, node_status
RELOAD = b"\x08\x01" + b"\x82\x01\x00"
VERIFY = b"\x08\x01" + b"\x6a\x00"


def frame(request):
    return struct.pack(">I", len(request)) + request


class Control(unittest.TestCase):
    def setUp(self):
        self.node = Node()
        self.addCleanup(self.node.__exit__, None, None, None)
        self.node.start()

    def connect(self):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(20)
        client.connect(str(self.node.socket))
        self.addCleanup(client.close)
        return client

    def answer(self, client):
        """The bytes of one response; None when the daemon closed."""
        data = b""
        while len(data) < 4 or len(data) < 4 + struct.unpack(">I", data[:4])[0]:
            piece = client.recv(65536)
            if not piece:
                return None
            data += piece
        self.assertEqual(len(data), 4 + struct.unpack(">I", data[:4])[0], "two answers to one request")
        return data[4:]

    def ask(self, client, request):
        client.sendall(frame(request))
        return self.answer(client)

    def well(self):
        self.assertIn(b"test", self.ask(self.connect(), STATUS))

    def test_nobody_sets_a_reach_from_outside(self):
        with self.node.connect() as sender:
            sender.ask(referral())
        nobody = b"\x0a\x06nobody"   # Reach: sender
        outer = b"\xea\x01" + bytes([len(nobody)]) + nobody   # ControlRequest.reach
        inner = b"\x82\x01" + bytes([len(nobody)]) + nobody   # Command.reach
        listed = self.ask(self.connect(), b"\x08\x01" + b"\x1a\x00" + outer)
        self.assertIn(b"BLUEGRASS_EHR", listed)
        shown = self.ask(self.connect(), b"\x08\x01" + b"\x22\x02\x08\x01" + outer)
        self.assertNotIn(b"there is no referral", shown)
        outbox = self.ask(self.connect(), b"\x08\x01" + b"\x5a\x00" + outer)
        self.assertNotIn(b"not for who", outbox)
        withdraw = b"\x4a\x05\x08\x01\x12\x01x" + inner
        answer = self.ask(self.connect(), b"\x08\x01" + b"\x12" + bytes([len(withdraw)]) + withdraw + outer)
        self.assertNotIn(b"there is no referral", answer)
        self.assertEqual(self.node.ctl("referral", "show", "R1")["detail"]["row"]["state"], "withdrawn")

    def test_what_cannot_be_read_is_answered_so(self):
        client = self.connect()
        self.assertIn(b"can't be read", self.ask(client, b"\xff\xff\xff garbage"))
        self.assertIn(b"asks nothing", self.ask(client, b"\x08\x01"))
        self.assertIn(b"version 1", self.ask(client, b"\x08\x07" + b"\x7a\x00"))
        self.assertIn(b"version 1", self.ask(client, b""))
        self.assertIn(b"test", self.ask(client, STATUS), "the same connection goes on")

    def test_a_giant_is_refused_before_it_is_sent(self):
        client = self.connect()
        client.sendall(struct.pack(">I", (16 << 20) + 1) + b"x" * 1000)
        self.assertIn(b"at most", self.answer(client))
        self.assertIsNone(self.answer(client))
        self.well()

    def test_a_request_may_come_byte_by_byte_and_two_at_once(self):
        client = self.connect()
        for byte in frame(STATUS):
            client.sendall(bytes([byte]))
            time.sleep(0.005)
        self.assertIn(b"test", self.answer(client))
        client.sendall(frame(b"\x08\x01") + frame(STATUS)[:3])
        self.assertIn(b"asks nothing", self.answer(client))
        client.sendall(frame(STATUS)[3:])
        self.assertIn(b"test", self.answer(client))

    def test_clients_that_leave_before_the_answer_harm_nobody(self):
        for request in (frame(VERIFY), frame(STATUS)[:5]) * 100:
            # Beyond 64 at one time the door is shut: that is an answer too.
            with socket.socket(socket.AF_UNIX) as client, contextlib.suppress(BrokenPipeError, ConnectionResetError):
                client.connect(str(self.node.socket))
                client.sendall(request)

        def well_again():
            """What was asked is still done, so that the places come free one by one."""
            try:
                return b"test" in (self.ask(self.connect(), STATUS) or b"")
            except OSError:
                return False
        wait_for(well_again)
        self.assertEqual(self.node.stop(), 0)

    def test_export_gives_back_what_import_took(self):
        header = ("identifier,name,gender,profession,licences,certifications,techniques,conditions,payers,languages,places,visit_modes,home_radius_km,"
                  "time_zone,hours,exceptions,capacity,rating_sum,rating_count,accepting,telephone\n")
        rows = ["1000000004,Jane Roe,female,225700000X,US-KY:1:active,,deep-tissue,back-pain:3,HUMANA,en,Main|40508,,,,Mon-Fri 09:00-17:00,,5,0,0,yes,\n",
                "1000000012,Jon Doe,male,225700000X,US-KY:2:active,,deep-tissue,back-pain,HUMANA,en,Side|40508|38.1|-84.5,,,America/New_York,Mon 09:00-17:00,,5,0,0,yes,\n"]
        file = self.node.place / "therapists.csv"
        file.write_text(header + "".join(rows))
        self.assertEqual(self.node.ctl("therapist", "import", file)["added"], 2)
        exported = self.node.ctl("therapist", "export", json_out=False)
        self.assertEqual(exported, header + "".join(rows))
        lines = self.node.ctl("therapist", "export", "--format", "ndjson", json_out=False)
        self.assertNotIn("position", lines.splitlines()[0])
        self.assertIn("position", lines.splitlines()[1])
        self.assertNotIn("derived", lines)
        file.write_text(exported)
        self.assertEqual(self.node.ctl("therapist", "import", file)["unchanged"], 2)

    def test_who_shuts_the_sending_side_still_hears_the_answer(self):
        client = self.connect()
        client.sendall(frame(VERIFY))
        client.shutdown(socket.SHUT_WR)
        self.assertIsNotNone(self.answer(client))
        self.assertIsNone(self.answer(client))

    def test_places_of_those_who_left_are_free_at_once(self):
        for _ in range(300):
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(20)
                client.connect(str(self.node.socket))
                client.sendall(frame(STATUS))
                self.assertIsNotNone(self.answer(client))

    def test_the_audit_names_who_the_kernel_says(self):
        self.node.import_therapists(therapist())
        with self.node.connect() as sender:
            self.assertEqual(field(sender.ask(referral()), "MSA", 1), "AA")
        number = f"R{wait_for(self.node.offers)[0]['referral']}"
        self.node.ctl("referral", "show", number, "--content")
        name = pwd.getpwuid(os.geteuid()).pw_name
        self.assertIn(f"user:{name}", self.node.ctl("referral", "show", number, "--history", json_out=False))

    def test_the_socket_is_for_its_group_alone_and_goes_with_the_daemon(self):
        self.assertEqual(stat.S_IMODE(os.stat(self.node.socket).st_mode), 0o660)
        self.assertEqual(self.node.stop(), 0)
        self.assertFalse(self.node.socket.exists())

    def test_a_stale_socket_is_replaced_but_a_file_is_not(self):
        self.node.kill()
        self.assertTrue(self.node.socket.exists())
        self.node.start()
        self.well()
        self.assertEqual(self.node.stop(), 0)
        self.node.socket.write_text("mine")
        self.node.start(wait=False)
        self.assertEqual(self.node.process.wait(60), 4)
        self.node.process = None
        self.assertEqual(self.node.socket.read_text(), "mine")
        self.assertRegex(self.node.log.read_text(), "no socket")

    def test_a_failed_start_after_work_was_due_ends_cleanly(self):
        """The engine begins to work as soon as it is loaded: a start that then fails must not free what that work still needs."""
        with self.node.connect() as sender:
            for _ in range(5):
                self.assertEqual(field(sender.ask(referral()), "MSA", 1), "AA")
        self.node.kill()
        taken = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(taken.close)
        config = self.node.place / "fascia.yaml"
        config.write_text(re.sub(r'listen: "127.0.0.1:\d+"', f'listen: "127.0.0.1:{taken.getsockname()[1]}"', config.read_text()))
        for _ in range(5):
            self.node.start(wait=False)
            self.assertEqual(self.node.process.wait(60), 4)
            self.node.process = None


if __name__ == "__main__":
    unittest.main()
