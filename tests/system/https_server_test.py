"""HTTP over TLS with real clients: openssl s_client, curl, Python's ssl; certificates of clients, reloads, and peers that do not get through the handshake."""
import contextlib
import http.client
import os
import shutil
import socket
import ssl
import subprocess
import time
import unittest

from fascia import wait_for
from web_server import Authority, Server, read_all, read_head

GET = b"GET /hello HTTP/1.1\r\nHost: a\r\n"
CLOSE = b"Connection: close\r\n\r\n"
WHO = b"GET /who HTTP/1.1\r\nHost: a\r\n" + CLOSE


class Encrypted(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.authority = Authority()
        cls.stranger = Authority("stranger")
        cls.certificate, cls.key = cls.authority.issue("node")
        for authority in (cls.authority, cls.stranger):
            cls.addClassCleanup(shutil.rmtree, authority.place)

    def serve(self, **options):
        return Server(certificate=self.certificate, key=self.key, **options)

    def context(self, client=None, **versions):
        context = ssl.create_default_context(cafile=self.authority.certificate)
        context.options &= ~0x80  # OP_IGNORE_UNEXPECTED_EOF: an end without close_notify is an error
        for name, value in versions.items():
            setattr(context, name, value)
        if client:
            context.load_cert_chain(*client)
        return context

    @contextlib.contextmanager
    def connect(self, server, context=None, **options):
        with server.connect() as plain, (context or self.context()).wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False, **options) as secure:
            yield secure

    def ask(self, server, request, context=None):
        with self.connect(server, context) as secure:
            secure.sendall(request)
            return read_all(secure)


class Clients(Encrypted):
    def test_each_version_from_1_2_on_is_spoken_and_none_before(self):
        with self.serve() as server:
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                context = self.context(minimum_version=version, maximum_version=version)
                context.set_alpn_protocols(["h2", "http/1.1"])
                with self.connect(server, context) as secure:
                    self.assertEqual(secure.version(), version.name.replace("_", "."))
                    self.assertEqual(secure.selected_alpn_protocol(), "http/1.1")
                    secure.sendall(WHO)
                    # An end without close_notify would be an error here.
                    got = read_all(secure)
                self.assertIn(b"\nsecure 1\ncertificate \n", got)
            old = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], input=b"",
                                 capture_output=True, check=False)
            self.assertIn(b"alert protocol version", old.stderr)

    def test_s_client_sees_a_good_server(self):
        with self.serve() as server:
            done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-CAfile", self.authority.certificate, "-verify_return_error",
                                   "-servername", "localhost", "-alpn", "http/1.1", "-ign_eof"], input=GET + CLOSE, capture_output=True, check=False)
            self.assertIn(b"Verification: OK", done.stdout)
            self.assertIn(b"ALPN protocol: http/1.1", done.stdout)
            self.assertIn(b"Compression: NONE", done.stdout)
            self.assertIn(b"\r\n\r\nhello", done.stdout)
            weak = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-tls1_2", "-cipher", "AES128-SHA:AES256-GCM-SHA384"],
                                  input=b"", capture_output=True, check=False)
            self.assertIn(b"handshake failure", weak.stderr)

    def test_who_speaks_only_another_protocol_is_told(self):
        with self.serve() as server:
            done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-alpn", "h2"], input=b"", capture_output=True, check=False)
            self.assertIn(b"no application protocol", done.stderr)

    def test_curl_and_a_kept_connection(self):
        body = bytes(range(256)) * 40000
        with self.serve() as server:
            for version in ("--tlsv1.3", "--tls-max=1.2"):
                done = subprocess.run(["curl", "-sS", *version.split("="), "--cacert", self.authority.certificate, "--data-binary", "@-",
                                       f"https://localhost:{server.port}/echo"], input=body, capture_output=True, check=True)
                self.assertEqual(done.stdout, body)
            connection = http.client.HTTPSConnection("localhost", server.port, context=self.context(), timeout=20)
            connection.connect()
            kept = connection.sock
            for number in range(200):
                connection.request("PUT", "/echo", body=b"y" * (number * 331))
                self.assertEqual(connection.getresponse().read(), b"y" * (number * 331))
                self.assertIs(connection.sock, kept)
            connection.request("GET", "/stream/20000000")
            self.assertEqual(len(connection.getresponse().read()), 20000000)
            connection.close()

    def test_many_requests_in_one_record_and_one_in_many(self):
        with self.serve() as server:
            got = self.ask(server, (GET + b"\r\n") * 400 + GET + CLOSE)
            self.assertEqual(got.count(b"\r\n\r\nhello"), 401)
            with self.connect(server) as secure:
                for i in range(len(WHO)):
                    secure.sendall(WHO[i : i + 1])
                self.assertIn(b"secure 1", read_all(secure))

    def test_who_ends_with_close_notify_is_answered_first(self):
        with self.serve() as server, self.connect(server) as secure:
            secure.sendall(GET + b"\r\n")
            self.assertIn(b"hello", secure.recv(65536))
            # The server answers the end with its own.
            secure.unwrap().close()
            wait_for(lambda: b"connections 1\n" in self.ask(server, b"GET /counts HTTP/1.1\r\nHost: a\r\n" + CLOSE))

    def test_a_reply_does_not_wait_for_a_delayed_acknowledgement(self):
        with self.serve() as server, self.connect(server) as secure:
            began = time.monotonic()
            for _ in range(50):
                secure.sendall(GET + b"\r\n")
                while not read_head(secure).endswith(b"hello"):
                    pass
            self.assertLess(time.monotonic() - began, 50 * 0.04)


class Certificates(Encrypted):
    def test_a_client_is_known_by_its_certificate(self):
        client = self.authority.issue("clinic")
        fingerprint = self.authority.fingerprint(client[0]).encode()
        with self.serve(client_ca=self.authority.certificate) as server:
            self.assertIn(b"\ncertificate \n", self.ask(server, WHO))
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                context = self.context(client, maximum_version=version)
                self.assertIn(b"\ncertificate " + fingerprint + b"\n", self.ask(server, WHO, context))

    def test_a_resumed_session_still_knows_the_client(self):
        client = self.authority.issue("resumer")
        fingerprint = self.authority.fingerprint(client[0]).encode()
        with self.serve(client_ca=self.authority.certificate, client_required=True) as server:
            context = self.context(client)
            with self.connect(server, context) as secure:
                secure.sendall(WHO)
                self.assertIn(fingerprint, read_all(secure))
                session = secure.session
            with self.connect(server, context, session=session) as secure:
                self.assertTrue(secure.session_reused)
                secure.sendall(WHO)
                self.assertIn(fingerprint, read_all(secure))

    def test_who_must_show_one_and_does_not_is_not_let_in(self):
        with self.serve(client_ca=self.authority.certificate, client_required=True) as server:
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                # An alert, and not a reset.
                with self.assertRaisesRegex(ssl.SSLError, "(?i)alert (certificate required|handshake failure)"):
                    self.ask(server, WHO, self.context(maximum_version=version))
            self.assertIn(b"secure 1", self.ask(server, WHO, self.context(self.authority.issue("welcome"))))

    def test_a_certificate_of_another_authority_or_an_old_one_is_refused(self):
        old = self.authority.issue("old", days=0)
        time.sleep(1.1)
        with self.serve(client_ca=self.authority.certificate) as server:
            for client, alert in ((self.stranger.issue("clinic"), "unknown ca|decrypt error"), (old, "certificate expired")):
                with self.assertRaisesRegex(ssl.SSLError, f"(?i)alert ({alert})"):
                    self.ask(server, WHO, self.context(client))

    def test_a_reload_is_for_new_connections_and_a_bad_one_changes_nothing(self):
        place = self.authority.place
        certificate, key = place / "now.pem", place / "now.key"
        self.authority.issue("first")
        shutil.copy2(place / "first.pem", certificate)
        shutil.copy2(place / "first.key", key)

        def shown(server):
            with self.connect(server) as secure:
                return dict(part[0] for part in secure.getpeercert()["subject"])["commonName"]

        with Server(certificate=certificate, key=key) as server, self.connect(server) as kept:
            self.assertEqual(shown(server), "first")
            self.authority.issue("second")
            shutil.copy2(place / "second.pem", certificate)
            self.assertIn("now.key: the key is not that of the certificate", server.reload())
            self.assertEqual(shown(server), "first")
            shutil.copy2(place / "second.key", key)
            self.assertEqual(server.reload(), "reloaded")
            self.assertEqual(shown(server), "second")
            kept.sendall(GET + CLOSE)
            self.assertTrue(read_all(kept).endswith(b"hello"))

    def test_files_that_cannot_be_used_are_named(self):
        loose = self.authority.place / "loose.key"
        shutil.copy(self.key, loose)
        os.chmod(loose, 0o640)
        secret = self.authority.place / "secret.key"
        subprocess.run(["openssl", "ec", "-in", self.key, "-aes128", "-passout", "pass:x", "-out", secret], check=True, capture_output=True)
        os.chmod(secret, 0o600)
        other = self.authority.issue("other")[1]
        empty = self.authority.place / "empty.pem"
        empty.write_text("")
        os.chmod(empty, 0o600)
        for options, wanted in (
            ({"key": loose}, "loose.key: the key may be read by others (mode 640): chmod 600 it"),
            ({"key": secret}, "secret.key: there is no PEM key without a passphrase in it"),
            ({"key": other}, "other.key: the key is not that of the certificate"),
            ({"key": "/nowhere/x.key"}, "/nowhere/x.key: No such file or directory"),
            ({"key": "/dev/null"}, "/dev/null: the key must be a regular file"),
            ({"certificate": "/nowhere/x.pem"}, "/nowhere/x.pem: there is no PEM certificate in it: No such file or directory"),
            ({"certificate": empty}, "empty.pem: there is no PEM certificate in it"),
            ({"client_ca": empty}, "empty.pem: there are no PEM certificates in it"),
            ({"client_required": True}, "clients' certificates can only be required with a file of who issues them"),
        ):
            with self.subTest(wanted), Server(**{"certificate": self.certificate, "key": self.key, **options}) as server:
                self.assertIn(wanted, server.first)

    @unittest.skipUnless(os.geteuid() == 0, "needs another user's file")
    def test_a_key_of_somebody_else_is_refused(self):
        foreign = self.authority.place / "foreign.key"
        shutil.copy(self.key, foreign)
        os.chmod(foreign, 0o600)
        os.chown(foreign, 12345, 12345)
        with Server(certificate=self.certificate, key=foreign) as server:
            self.assertIn("foreign.key: the key must belong to the daemon's user (uid 0) or root, not to uid 12345", server.first)


class Handshakes(Encrypted):
    def test_who_begins_without_tls_is_told_so(self):
        with self.serve() as server:
            got = server.raw(GET + CLOSE)
            self.assertTrue(got.startswith(b"HTTP/1.1 400 Bad Request\r\n") and got.endswith(b"this port speaks TLS: use https\n"), got)
            self.assertTrue(server.raw(b"MSH|^~\\&|").startswith(b"HTTP/1.1 400 "))

    def test_what_is_no_handshake_ends(self):
        with self.serve() as server:
            for bytes_ in (b"\x16", b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", b"\x16\x03\x01\xff\xff" + b"\x00" * 70000):
                server.raw(bytes_, shut=True)
            self.assertIn(b"hello", self.ask(server, GET + CLOSE))

    def test_a_handshake_that_takes_too_long_ends(self):
        with self.serve(head_ms=400, connections=100) as server, contextlib.ExitStack() as stack:
            slow = [stack.enter_context(server.connect()) for _ in range(60)]
            began = time.monotonic()
            for connection in slow[30:]:
                connection.sendall(b"\x16")
            self.assertIn(b"hello", self.ask(server, GET + CLOSE))
            for connection in slow:
                self.assertEqual(read_all(connection), b"")
            self.assertLess(time.monotonic() - began, 3)

    def test_a_handshake_may_come_byte_by_byte(self):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = self.context().wrap_bio(incoming, outgoing, server_hostname="localhost")
        with self.serve() as server, server.connect() as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

            def trickle():
                for byte in outgoing.read():
                    connection.sendall(bytes([byte]))

            while True:
                try:
                    client.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    trickle()
                    incoming.write(connection.recv(65536))
            client.write(GET + CLOSE)
            trickle()
            got = b""
            while not got.endswith(b"hello"):
                with contextlib.suppress(ssl.SSLWantReadError):
                    got += client.read(65536)
                    continue
                incoming.write(connection.recv(65536))

    def test_the_first_request_may_come_with_the_end_of_the_handshake(self):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = self.context().wrap_bio(incoming, outgoing, server_hostname="localhost")
        with self.serve() as server, server.connect() as connection:
            while True:
                try:
                    client.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    connection.sendall(outgoing.read())
                    incoming.write(connection.recv(65536))
            client.write(GET + CLOSE)
            connection.sendall(outgoing.read())  # Finished and the request in one segment
            self.assertGreater(len(read_all(connection)), 100)

    def test_a_client_that_does_not_read_is_closed(self):
        with self.serve(idle_ms=700) as server, self.connect(server) as secure:
            before = server.memory()
            secure.sendall(b"GET /stream/1000000000 HTTP/1.1\r\nHost: a\r\n\r\n")
            wait_for(lambda: b"gone 1\n" in self.ask(server, b"GET /counts HTTP/1.1\r\nHost: a\r\n" + CLOSE))
            self.assertLess(server.grown(before), 16 << 20)


if __name__ == "__main__":
    unittest.main()
