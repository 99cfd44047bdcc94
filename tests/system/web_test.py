"""Requests over HTTP reach a source's plugin and come back, and the node says who asks: the source is one that looks at nothing (hostile/asker.c)."""
import contextlib
import http.client
import json
import pathlib
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fascia import BUILD, ISOLATION, PATIENCE, SANITIZED, Node, wait_for  # noqa: E402

PASSWORD = "correct horse battery staple"
ASKER = """
  - name: web
    plugin: {plugin}
    isolation: {isolation}
    call_timeout: {timeout}
    deadline: {deadline}
    in_flight: 64
    http:
      listen: "127.0.0.1:0"
      prefix: /api
      head_time: 1s
      body_time: 1s
"""


class Web(unittest.TestCase):
    isolation = ISOLATION

    def node(self, deadline="1s", timeout="2s"):
        node = Node(sources=ASKER.format(plugin=BUILD / "tests/hostile/hostile-asker.so", isolation=self.isolation, deadline=deadline,
                                         timeout="20s" if SANITIZED else timeout)).__enter__()
        self.addCleanup(node.__exit__, None, None, None)
        node.start()
        self.port = next(int(line["address"].rsplit(":", 1)[1]) for line in node.lines() if line.get("event") == "web.listening")
        wait_for(lambda: self.ask("GET", "/api/echo/ready")[0] == 200)
        return node

    def ask(self, method, path, body=None, **fields):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body=body, headers={name.replace("_", "-"): value for name, value in fields.items()})
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace"), answer.headers
        finally:
            connection.close()

    def test_a_request_reaches_the_plugin_and_comes_back(self):
        self.node()
        status, body, headers = self.ask("POST", "/api/echo/a%20b?x=1&y=%2F", body=b"12345", X_Thing="Tea", Cookie="secret=1", Accept="text/plain")
        self.assertEqual(status, 200)
        lines = body.splitlines()
        self.assertEqual(lines[0], f"POST /echo/a%20b x=1&y=%2F 5 - - http://127.0.0.1:{self.port}/api")
        self.assertIn("x-thing: Tea", lines)
        self.assertIn("accept: text/plain", lines)
        self.assertNotIn("cookie", body)
        self.assertEqual(headers["content-type"], "text/plain")
        self.assertRegex(headers["x-request-id"], r"^[0-9a-f]{32}$")

    def test_what_is_no_route_never_reaches_it(self):
        node = self.node()
        before = node.ctl("plugin", "list")["plugins"]
        for method, path, status in (("GET", "/", 404), ("GET", "/api", 404), ("GET", "/apiecho/x", 404), ("GET", "/api/ech", 404),
                                     ("DELETE", "/api/echo/x", 405), ("GET", "/api/ask", 405), ("GET", "/api/echo/../ask", 400),
                                     ("GET", "/api/echo/%2e%2e/ask", 400)):
            self.assertEqual(self.ask(method, path)[0], status, (method, path))
        self.assertEqual(self.ask("DELETE", "/api/echo/x")[2]["allow"], "GET, POST")
        self.assertEqual(self.ask("HEAD", "/api/echo/x")[:2], (200, ""))
        self.assertEqual(self.ask("POST", "/api/echo/x", body=b"x" * 65537)[0], 413)
        self.assertEqual(self.ask("POST", "/api/echo/x", body=b"x" * 65536)[0], 200)
        after = node.ctl("plugin", "list")["plugins"]
        count = [next(row["delivered"] for row in rows if row["source"] == "web") for rows in (before, after)]
        self.assertEqual(count[1] - count[0], 2)

    def test_an_answer_that_never_comes_or_can_not_be_sent(self):
        node = self.node()
        status, body, headers = self.ask("GET", "/api/never")
        self.assertEqual((status, headers["retry-after"]), (503, "1"))
        self.assertIn("did not answer", body)
        self.assertEqual(self.ask("GET", "/api/unsendable")[0], 500)
        self.assertEqual(self.ask("GET", "/api/twice")[:2], (200, "once"))
        wait_for(lambda: next(row for row in node.ctl("plugin", "list")["plugins"] if row["source"] == "web")["refused_completions"] == 1)

    def test_a_client_that_goes_away_is_told_to_the_plugin(self):
        node = self.node(deadline="60s")
        client = socket.create_connection(("127.0.0.1", self.port))
        client.sendall(b"GET /api/never HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.2)
        # One that only ends its own half may still wait for the answer; this one is gone.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
        wait_for(lambda: any(line.get("event") == "plugin.says" and line.get("word") == "abandoned" for line in node.lines()))

    def test_who_nobody_knows_is_told_so_and_asks_nothing(self):
        self.node()
        self.assertIn(" - unknown ", self.ask("GET", "/api/echo/x", Authorization="Bearer abcdefghijklmnopqrstuvwxyz")[1])
        # ControlRequest {version: 1, node_status: {}}
        status, body, _ = self.ask("POST", "/api/ask", body=bytes([8, 1, 0x7a, 0]))
        self.assertEqual(status, 403)
        self.assertIn("nobody has signed in", body)
        self.assertEqual(self.ask("POST", "/api/ask", body=b"\xff\xff")[0], 400)

    def test_how_to_sign_in_is_the_nodes_to_say(self):
        self.node()
        status, body, headers = self.ask("GET", "/api/.well-known/smart-configuration")
        self.assertEqual((status, headers["content-type"]), (200, "application/json"))
        told = json.loads(body)
        self.assertTrue(told["token_endpoint"].endswith("/api/auth/token"))
        self.assertIn("private_key_jwt", told["token_endpoint_auth_methods_supported"])
        status, body, headers = self.ask("POST", "/api/auth/token", body=b"grant_type=password",
                                         Content_Type="application/x-www-form-urlencoded")
        self.assertEqual((status, json.loads(body)["error"]), (400, "unsupported_grant_type"))
        self.assertEqual(headers["cache-control"], "no-store")
        self.assertEqual(self.ask("POST", "/api/auth/token", body=b"{}", Content_Type="application/json")[0], 415)
        self.assertEqual(self.ask("GET", "/api/auth/token")[0], 405)

    def sign_in(self, **told):
        status, body, headers = self.ask("POST", "/api/auth/sign-in", body=json.dumps(told))
        return status, json.loads(body), (headers.get("set-cookie") or "").split(";")[0], headers

    def test_people_sign_in_and_are_who_they_are(self):
        node = self.node()
        node.ctl("user", "add", "alice", "--role", "coordinator", "--title", "Alice Roe")
        done = subprocess.run([BUILD / "fasciactl", "--socket", node.socket, "user", "password", "alice"], input=f"{PASSWORD}\n",
                              capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.sign_in(name="alice")[0], 400)
        self.assertEqual(self.sign_in(name="nobody", password=PASSWORD)[:2], (401, {"error": "wrong"}))
        status, told, cookie, headers = self.sign_in(name="alice", password=PASSWORD)
        self.assertEqual((status, told["account"], told["roles"], told["title"]), (200, "alice", ["coordinator"], "Alice Roe"))
        self.assertIn("HttpOnly; SameSite=Strict", headers["set-cookie"])
        self.assertEqual(headers["cache-control"], "no-store")
        status, body, _ = self.ask("GET", "/api/auth/who", Cookie=cookie)
        self.assertEqual((status, json.loads(body)["account"]), (200, "alice"))
        self.assertIn(" alice - ", self.ask("GET", "/api/echo/x", Cookie=f"other=1; {cookie}")[1])
        # What it may ask is asked as alice: ControlRequest {version: 1, node_status: {}}
        home = {"Cookie": cookie, "Origin": f"http://127.0.0.1:{self.port}"}
        self.assertEqual(self.ask("POST", "/api/ask", body=bytes([8, 1, 0x7a, 0]), **home)[0], 200)
        # list_plugins is an administrator's
        self.assertEqual(self.ask("POST", "/api/ask", body=bytes([8, 1, 0xd2, 1, 0]), **home)[0], 403)
        # A page of another site can send the cookie, and gets nowhere with it.
        for fields in ({}, {"Origin": "https://evil.example"}, {**home, "Sec-Fetch-Site": "cross-site"}):
            self.assertIn(" - another-site ", self.ask("POST", "/api/echo/x", body=b"x", **{"Cookie": cookie, **fields})[1])
        self.assertEqual(node.stop(), 0)
        node.start()
        self.port = next(int(line["address"].rsplit(":", 1)[1]) for line in node.lines() if line.get("event") == "web.listening")
        wait_for(lambda: self.ask("GET", "/api/auth/who", Cookie=cookie)[0] == 200)
        self.assertEqual(self.ask("POST", "/api/auth/sign-out", Cookie=cookie)[0], 204)  # another site's page
        self.assertEqual(self.ask("GET", "/api/auth/who", Cookie=cookie)[0], 200)
        home["Origin"] = f"http://127.0.0.1:{self.port}"
        status, _, headers = self.ask("POST", "/api/auth/sign-out", **home)
        self.assertEqual(status, 204)
        self.assertIn("Max-Age=0", headers["set-cookie"])
        self.assertEqual(self.ask("GET", "/api/auth/who", Cookie=cookie)[0], 401)

    def test_who_guesses_waits_longer_each_time(self):
        node = self.node()
        node.ctl("user", "add", "bob", "--role", "referrer")
        statuses = [self.sign_in(name="bob", password=f"guess number {i}")[0] for i in range(12)]
        self.assertEqual(statuses[0], 401)
        self.assertEqual(statuses[-1], 429)
        self.assertGreater(int(self.sign_in(name="bob", password=PASSWORD)[3]["retry-after"]), 0)

    def test_a_node_that_ends_finishes_what_it_has(self):
        node = self.node(deadline="2s")
        answers = []
        clients = [threading.Thread(target=lambda: answers.append(self.ask("GET", "/api/never")[0])) for _ in range(3)]
        for client in clients:
            client.start()
        time.sleep(0.3)
        self.assertEqual(node.stop(), 0)
        for client in clients:
            client.join()
        self.assertEqual(answers, [503] * 3)

    def test_more_than_it_takes_is_told_to_come_back(self):
        self.node(deadline="3s")
        answers = []

        def many():
            with contextlib.suppress(OSError):
                answers.append(self.ask("GET", "/api/never")[:2])

        clients = [threading.Thread(target=many) for _ in range(80)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        self.assertEqual([status for status, _ in answers], [503] * 80)
        self.assertEqual(sum("did not answer" in body for _, body in answers), 64)
        self.assertEqual(self.ask("GET", "/api/echo/x")[0], 200)


@unittest.skipIf(SANITIZED, "a sanitizer's own memory, signals and exits are not what is tried here")
class IsolatedWeb(Web):
    isolation = "process"

    def test_a_crash_costs_one_answer(self):
        node = self.node()
        self.assertEqual(self.ask("GET", "/api/crash")[0], 503)
        wait_for(lambda: self.ask("GET", "/api/echo/x")[0] == 200)
        self.assertEqual(self.ask("GET", "/api/hang")[0], 503)
        wait_for(lambda: self.ask("GET", "/api/echo/x")[0] == 200)
        row = next(row for row in node.ctl("plugin", "list")["plugins"] if row["source"] == "web")
        self.assertEqual(row["restarts"], 2)

    def test_a_reload_is_no_more_than_a_pause(self):
        node = self.node()
        answers, done = [], threading.Event()

        def go_on():
            while not done.is_set():
                answers.append(self.ask("GET", "/api/echo/x")[0])

        client = threading.Thread(target=go_on)
        client.start()
        for _ in range(3):
            node.ctl("plugin", "reload", "web")
        done.set()
        client.join()
        self.assertGreater(len(answers), 3)
        self.assertEqual(set(answers), {200})


if __name__ == "__main__":
    unittest.main(verbosity=2)
