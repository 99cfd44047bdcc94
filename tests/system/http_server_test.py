"""The HTTP server over real sockets: clients that the project did not write, and peers that are slow, many, greedy or out to smuggle."""
import contextlib
import gzip
import http.client
import re
import socket
import subprocess
import threading
import time
import unittest

from fascia import wait_for
from web_server import Server, read_all, read_head

GET = b"GET /hello HTTP/1.1\r\nHost: a\r\n"
CLOSE = b"Connection: close\r\n\r\n"
POST = b"POST /echo HTTP/1.1\r\nHost: a\r\n"
SMUGGLED = b"GET /who HTTP/1.1\r\nHost: a\r\n\r\n"


def curl(*arguments, data=None):
    done = subprocess.run(["curl", "-sS", "--max-time", "20", *arguments], input=data, capture_output=True, check=False)
    return done.stdout


class Clients(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Server())

    def url(self, path):
        return f"http://127.0.0.1:{self.server.port}{path}"

    def test_curl_gets_posts_and_uploads_in_chunks(self):
        body = bytes(range(256)) * 20000  # large enough that curl asks whether to go on
        self.assertEqual(curl(self.url("/hello")), b"hello")
        self.assertEqual(curl("--data-binary", "@-", self.url("/echo"), data=body), body)
        self.assertEqual(curl("-T", "-", self.url("/echo"), data=body), body)
        self.assertEqual(curl("--http1.0", self.url("/stream/300000")), b"s" * 300000)
        self.assertEqual(curl(self.url("/stream/3000000")), b"s" * 3000000)

    def test_a_connection_serves_many_requests(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        connection.connect()
        kept = connection.sock
        for number in range(300):
            body = b"x" * (number * 37)
            connection.request("PUT", "/echo", body=body, headers={"X-Number": str(number)})
            self.assertEqual(connection.getresponse().read(), body)
            self.assertIs(connection.sock, kept)
        connection.close()

    def test_pipelined_requests_are_answered_in_order(self):
        requests = b"".join(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n%04d" % number for number in range(500))
        got = self.server.raw(requests + GET + CLOSE)
        self.assertEqual([int(n) for n in re.findall(rb"\r\n\r\n(\d{4})", got)], list(range(500)))
        self.assertTrue(got.endswith(b"\r\n\r\nhello"))

    def test_replies_that_come_later_keep_the_order(self):
        got = self.server.raw(b"GET /later/150 HTTP/1.1\r\nHost: a\r\n\r\n" + GET + CLOSE)
        self.assertLess(got.index(b"at last"), got.index(b"hello"))

    def test_a_request_may_come_byte_by_byte(self):
        request = POST + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        got = self.server.raw(*[request[i : i + 1] for i in range(len(request))], pause=0.0005)
        self.assertTrue(got.startswith(b"HTTP/1.1 200 OK\r\n") and got.endswith(b"\r\n\r\nhello"), got)

    def test_who_ends_its_side_gets_all_replies(self):
        got = self.server.raw(GET + b"\r\n" + b"GET /later/100 HTTP/1.1\r\nHost: a\r\n\r\n", shut=True)
        self.assertIn(b"\r\n\r\nhelloHTTP/1.1 200", got)
        self.assertTrue(got.endswith(b"at last\n"))

    def test_replies_are_compressed_for_those_who_take_it(self):
        plain = curl(self.url("/text/200000"))
        packed = curl("-H", "Accept-Encoding: br;q=1, gzip;q=0.5", self.url("/text/200000"))
        self.assertLess(len(packed), len(plain) // 20)
        self.assertEqual(gzip.decompress(packed), plain)
        head = curl("-I", "-H", "Accept-Encoding: gzip", self.url("/text/200000"))
        self.assertIn(b"Content-Length: %d\r\n" % len(packed), head)
        self.assertIn(b"Vary: Accept-Encoding\r\n", curl("-I", self.url("/text/200000")))
        for header in ("gzip;q=0", "gzip; q=0.000", "gzippy", "br"):
            self.assertEqual(curl("-H", f"Accept-Encoding: {header}", self.url("/text/200000")), plain, header)
        self.assertEqual(len(curl("-H", "Accept-Encoding: gzip", self.url("/text/500"))), 500)


class Smugglers(unittest.TestCase):
    """Whatever is doubtful is refused, the connection ends, and what stands behind it is not taken for a request."""

    DOUBTFUL = {
        "two lengths": POST + b"Content-Length: 3\r\nContent-Length: 40\r\n\r\nabc",
        "a length and a coding": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "a coding and a length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "a coding with a tab": POST + b"Transfer-Encoding:\tchunked, identity\r\n\r\n0\r\n\r\n",
        "a coding that is not quite one": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "a coding with a control character": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
        "a blank before the colon": POST + b"Transfer-Encoding : chunked\r\nContent-Length: 3\r\n\r\nabc",
        "a folded coding": POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
        "a folded length": POST + b"X: y\r\n\tContent-Length: 40\r\n\r\n",
        "a field behind a bare line feed": POST + b"X: y\nContent-Length: 40\r\n\r\n",
        "a field behind a bare return": POST + b"X: y\rContent-Length: 40\r\n\r\n",
        "a length with a plus": POST + b"Content-Length: +3\r\n\r\nabc",
        "a length with a minus": POST + b"Content-Length: -1\r\n\r\n",
        "a length with blanks": POST + b"Content-Length: 3 3\r\n\r\nabc",
        "a length in hexadecimal": POST + b"Content-Length: 0x3\r\n\r\nabc",
        "a length that wraps around": POST + b"Content-Length: 18446744073709551617\r\n\r\na",
        "a chunk that wraps around": POST + b"Transfer-Encoding: chunked\r\n\r\n10000000000000001\r\na\r\n0\r\n\r\n",
        "a chunk with a sign": POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n0\r\n\r\n",
        "a chunk with an underscore": POST + b"Transfer-Encoding: chunked\r\n\r\n1_0\r\n\r\n0\r\n\r\n",
        "a chunk that ends early": POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nab\r\n0\r\n\r\n",
        "a line feed for a chunk's end": POST + b"Transfer-Encoding: chunked\r\n\r\n2;\n\nab\r\n0\r\n\r\n",
        "two hosts": b"GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "no host": b"GET /hello HTTP/1.1\r\n\r\n",
        "a NUL in a field": POST + b"X: a\x00b\r\n\r\n",
        "a field without a name": POST + b": x\r\n\r\n",
        "a blank at the beginning": b" GET /hello HTTP/1.1\r\nHost: a\r\n\r\n",
        "two empty lines before it": b"\r\n\r\n" + GET + b"\r\n",
        "a version of two digits": b"GET /hello HTTP/1.10\r\nHost: a\r\n\r\n",
        "no version": b"GET /hello\r\n\r\n",
        "a dot segment": b"GET /a/%2e%2e/hello HTTP/1.1\r\nHost: a\r\n\r\n",
    }

    def test_what_is_doubtful_is_refused_and_nothing_behind_it_is_heard(self):
        with Server() as server:
            for name, request in self.DOUBTFUL.items():
                with self.subTest(name):
                    got = server.raw(request + SMUGGLED)
                    self.assertRegex(got, rb"\AHTTP/1\.1 (400|413|501|505) ")
                    self.assertEqual(len(re.findall(rb"HTTP/1\.1 \d", got)), 1, got)
                    self.assertIn(b"\r\nConnection: close\r\n", got)
            self.assertEqual(server.counts()["refused"], len(self.DOUBTFUL))

    def test_a_body_is_never_a_request(self):
        with Server() as server:
            got = server.raw(POST + b"Content-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED + GET + CLOSE)
            self.assertIn(b"\r\n\r\n" + SMUGGLED + b"HTTP/1.1 200", got)
            self.assertNotIn(b"secure", got)
            # Refused before its body: what comes is thrown away.
            got = server.raw(b"POST /forbidden HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED)
            self.assertEqual(len(re.findall(rb"HTTP/1\.1 \d", got)), 1, got)


class Slow(unittest.TestCase):
    def test_heads_that_trickle_end_while_others_are_served(self):
        with Server(head_ms=600, connections=100) as server:
            trickling = [self.enterContext(server.connect()) for _ in range(60)]
            began = time.monotonic()
            for connection in trickling:
                connection.sendall(GET)
            while time.monotonic() - began < 0.5:
                for connection in trickling:
                    connection.sendall(b"X: y\r\n")
                self.assertTrue(server.raw(GET + CLOSE).endswith(b"hello"))
                time.sleep(0.05)
            for connection in trickling:
                self.assertTrue(read_all(connection).startswith(b"HTTP/1.1 408 Request Timeout\r\n"))
                connection.close()
            self.assertLess(time.monotonic() - began, 3)
            self.assertEqual(server.counts()["too_slow"], 60)

    def test_a_body_that_trickles_ends(self):
        with Server(body_ms=400) as server:
            with server.connect() as connection:
                connection.sendall(POST + b"Content-Length: 1000\r\n\r\n")
                began = time.monotonic()
                while time.monotonic() - began < 0.3:
                    connection.sendall(b"x")
                    time.sleep(0.02)
                self.assertTrue(read_all(connection).startswith(b"HTTP/1.1 408 "))
            self.assertEqual(server.counts()["gone"], 1)

    def test_an_idle_connection_is_closed_without_a_word(self):
        with Server(idle_ms=300) as server, server.connect() as connection:
            connection.sendall(GET + b"\r\n")
            self.assertTrue(read_head(connection).startswith(b"HTTP/1.1 200"))
            began = time.monotonic()
            self.assertEqual(read_all(connection), b"")
            self.assertGreater(time.monotonic() - began, 0.2)

    def test_a_client_that_does_not_read_is_closed_and_costs_little(self):
        with Server(idle_ms=700) as server:
            before = server.memory()
            with contextlib.ExitStack() as stack:
                for _ in range(20):
                    connection = stack.enter_context(server.connect())
                    connection.sendall(b"GET /stream/1000000000 HTTP/1.1\r\nHost: a\r\n\r\n")
                wait_for(lambda: server.counts()["gone"] == 20)
                self.assertLess(server.grown(before), 20 * 4 << 20)

    def test_a_client_that_reads_slowly_gets_all(self):
        with Server(idle_ms=500) as server, server.connect() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
            connection.sendall(b"GET /text/8000000 HTTP/1.1\r\nHost: a\r\n" + CLOSE)
            got, began = 0, time.monotonic()
            while piece := connection.recv(65536):
                got += len(piece)
                time.sleep(0.01)
            self.assertGreater(got, 8000000)
            self.assertGreater(time.monotonic() - began, 0.5, "it was not slow")


class Greedy(unittest.TestCase):
    def test_beyond_the_bound_connections_are_told_and_closed(self):
        with Server(connections=20) as server:
            inside = [self.enterContext(server.connect()) for _ in range(20)]
            for connection in inside:
                connection.sendall(b"GET /later/60000 HTTP/1.1\r\nHost: a\r\n\r\n")
            time.sleep(0.2)
            flood = [self.enterContext(server.connect()) for _ in range(300)]
            answers = []
            for connection in flood:
                # Those for whom there is not even room to be told are reset.
                with contextlib.suppress(ConnectionError):
                    connection.sendall(GET + b"\r\n")
                    answers.append(read_all(connection))
                connection.close()
            told = [answer for answer in answers if answer]
            self.assertGreaterEqual(len(told), 60)
            for answer in told:
                self.assertTrue(answer.startswith(b"HTTP/1.1 503 ") and b"\r\nRetry-After: 1\r\n" in answer, answer)
            for connection in inside:
                connection.close()
            # Whoever ends without a reply may only have ended its own side: that is believed for 5 s.
            wait_for(lambda: server.raw(GET + CLOSE).endswith(b"hello"))
            self.assertGreaterEqual(server.counts()["limited"], 300)

    def test_who_only_rests_makes_room(self):
        with Server(connections=4) as server:
            resting = [self.enterContext(server.connect()) for _ in range(4)]
            for connection in resting:
                connection.sendall(GET + b"\r\n")
                read_head(connection)
            self.assertTrue(server.raw(GET + CLOSE).startswith(b"HTTP/1.1 503"))
            time.sleep(1.1)
            self.assertTrue(server.raw(GET + CLOSE).endswith(b"hello"))

    def test_an_address_has_its_share_of_connections(self):
        with Server(per_peer=3) as server:
            own = [self.enterContext(server.connect()) for _ in range(3)]
            time.sleep(0.1)
            self.assertTrue(server.raw(GET + CLOSE).startswith(b"HTTP/1.1 429 "))
            with server.connect("127.0.0.2") as other:
                other.sendall(GET + CLOSE)
                self.assertTrue(read_all(other).endswith(b"hello"))

    def test_an_address_has_its_share_of_requests(self):
        with Server(requests=10) as server:
            got = server.raw((GET + b"\r\n") * 30 + GET + CLOSE)
            self.assertIn(got.count(b"HTTP/1.1 200 "), (20, 21))
            self.assertIn(got.count(b"HTTP/1.1 429 Too Many Requests\r\n"), (10, 11))
            self.assertIn(b"\r\nRetry-After: 1\r\n", got)
            with server.connect("127.0.0.2") as other:
                other.sendall(GET + CLOSE)
                self.assertTrue(read_all(other).endswith(b"hello"))
            time.sleep(0.25)
            self.assertTrue(server.raw(GET + CLOSE).endswith(b"hello"))

    def test_replies_that_are_waited_for_are_bounded(self):
        with Server(in_flight=5) as server:
            waiting = [self.enterContext(server.connect()) for _ in range(5)]
            for connection in waiting:
                connection.sendall(b"GET /later/700 HTTP/1.1\r\nHost: a\r\n" + CLOSE)
            time.sleep(0.2)
            got = server.raw(GET + CLOSE)
            self.assertTrue(got.startswith(b"HTTP/1.1 503 ") and b"\r\nRetry-After: 1\r\n" in got, got)
            for connection in waiting:
                self.assertTrue(read_all(connection).endswith(b"at last\n"))
            self.assertTrue(server.raw(GET + CLOSE).endswith(b"hello"))

    def test_who_sends_too_much_before_reading_still_reads_why(self):
        body = b"x" * (8 << 20)
        with Server(body_bytes=1 << 20) as server:
            for request in (POST + b"Content-Length: %d\r\n\r\n" % len(body) + body,
                            POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"10000\r\n" + b"x" * 65536 + b"\r\n" + b"200000\r\n" + body):
                got = server.raw(request)
                self.assertTrue(got.startswith(b"HTTP/1.1 413 Content Too Large\r\n"), got[:200])

    def test_a_body_costs_memory_only_as_it_comes(self):
        with Server(body_bytes=1 << 28) as server, contextlib.ExitStack() as stack:
            before = server.memory()
            for _ in range(100):
                stack.enter_context(server.connect()).sendall(POST + b"Content-Length: 200000000\r\n\r\nx")
            time.sleep(0.3)
            self.assertLess(server.grown(before), 64 << 20)


class Ends(unittest.TestCase):
    def test_who_leaves_is_noticed(self):
        with Server() as server:
            for _ in range(3):
                with server.connect() as connection:
                    connection.sendall(b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n")
                    self.assertIn(b"200 OK", read_head(connection))
            wait_for(lambda: server.counts()["gone"] == 3)

    def test_events_arrive_as_they_happen(self):
        with Server() as server, server.connect() as connection:
            connection.sendall(b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n")
            got = b""
            while got.count(b"data: tick\n\n") < 3:
                got += connection.recv(4096)
            self.assertIn(b"\r\nTransfer-Encoding: chunked\r\n", got)
            self.assertIn(b"\r\nc\r\ndata: tick\n\n\r\n", got)

    def test_a_drain_answers_what_is_under_way_and_ends(self):
        server = Server()
        with server:
            idle = self.enterContext(server.connect())
            idle.sendall(GET + b"\r\n")
            read_head(idle)
            busy = self.enterContext(server.connect())
            busy.sendall(b"GET /later/500 HTTP/1.1\r\nHost: a\r\n\r\n")
            time.sleep(0.1)
            answers = []
            thread = threading.Thread(target=lambda: answers.append(read_all(busy)))
            thread.start()
            server.terminate()
            self.assertEqual(read_all(idle), b"")
            with self.assertRaises(ConnectionRefusedError):
                server.connect()
            thread.join()
            self.assertTrue(answers[0].endswith(b"at last\n") and b"\r\nConnection: close\r\n" in answers[0], answers)
            self.assertEqual(server.process.wait(timeout=10), 0)


if __name__ == "__main__":
    unittest.main()
