"""A system signs in as SMART Backend Services says, against a real node: with a key that openssl made, for a token that opens what its roles and scopes are for, and nothing else."""
import base64
import http.client
import json
import pathlib
import subprocess
import sys
import time
import unittest
import urllib.parse
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fascia import BUILD, PATIENCE, Node, wait_for  # noqa: E402

URL = "https://refer.example/api"
SOURCE = f"""
  - name: web
    plugin: {BUILD}/tests/hostile/hostile-asker.so
    isolation: process
    http:
      listen: "127.0.0.1:0"
      prefix: /api
      url: {URL}
"""
# A ControlRequest each, as bytes: version 1, and the field of its body.
LIST_REFERRALS, NODE_STATUS, LIST_ACCOUNTS = b"\x08\x01\x1a\x00", b"\x08\x01\x7a\x00", b"\x08\x01\xf2\x01\x00"
WITHDRAW, REMOVE_ACCOUNT = b"\x08\x01\x12\x04\x4a\x02\x08\x01", b"\x08\x01\x12\x0e\x92\x01\x0bmain-street"


def base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Key:
    """Of P-384, made and used by openssl."""

    def __init__(self, place, name):
        self.name, self.path = name, place / f"{name}.pem"
        self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-out", self.path)

    @staticmethod
    def openssl(*words, given=None):
        return subprocess.run(["openssl", *map(str, words)], input=given, capture_output=True, check=True, timeout=PATIENCE).stdout

    def public(self):
        point = self.openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")[-96:]
        return {"kty": "EC", "crv": "P-384", "kid": self.name, "x": base64url(point[:48]), "y": base64url(point[48:])}

    def sign(self, claims):
        said = ".".join(base64url(json.dumps(part).encode()) for part in ({"alg": "ES384", "typ": "JWT", "kid": self.name}, claims))
        der = self.openssl("dgst", "-sha384", "-sign", self.path, given=said.encode())
        # SEQUENCE of two INTEGERs, of at most 49 bytes each: every length is one byte.
        first = der[4 : 4 + der[3]]
        second = der[6 + der[3] :]
        return f"{said}.{base64url(b''.join(number[-48:].rjust(48, bytes(1)) for number in (first, second)))}"


class AccessOverHttp(unittest.TestCase):
    def setUp(self):
        self.node = Node(sources=SOURCE).__enter__()
        self.addCleanup(self.node.__exit__, None, None, None)
        self.start()
        self.key = Key(self.node.place, "one")
        keys = self.node.place / "keys.json"
        keys.write_text(json.dumps({"keys": [self.key.public()]}))
        self.node.ctl("client", "add", "main-street", "--jwks", keys, "--scope", "system/ServiceRequest.rs", "--role", "referrer")

    def start(self):
        self.node.start()
        self.port = next(int(line["address"].rsplit(":", 1)[1]) for line in self.node.lines() if line.get("event") == "web.listening")
        wait_for(lambda: self.ask("GET", "/echo/ready")[0] == 200)

    def ask(self, method, path, body=None, **fields):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, f"/api{path}", body=body, headers={name.replace("_", "-"): value for name, value in fields.items()})
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers
        finally:
            connection.close()

    def assertion(self, key=None, **changes):
        now = int(time.time())
        return (key or self.key).sign({"iss": "main-street", "sub": "main-street", "aud": f"{URL}/auth/token", "iat": now, "exp": now + 240,
                                       "jti": str(uuid.uuid4()), **changes})

    def token(self, assertion, scope="system/*.*"):
        status, body, headers = self.ask(
            "POST", "/auth/token", urllib.parse.urlencode({
                "grant_type": "client_credentials", "scope": scope, "client_assertion": assertion,
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}),
            content_type="application/x-www-form-urlencoded")
        self.assertEqual(headers["Cache-Control"], "no-store")
        return status, json.loads(body), headers

    def who(self, token):
        """(account, why not) as the plugin is told."""
        words = self.ask("GET", "/echo/x", authorization=f"Bearer {token}")[1].decode().splitlines()[0].split(" ")
        return tuple(words[4:6])

    def open(self):
        """A token, once the node takes assertions: a client that is told to come back does."""
        status, body, headers = self.token(self.assertion())
        if status == 503:
            self.assertEqual(body["error"], "temporarily_unavailable")
            self.assertLessEqual(int(headers["Retry-After"]), 30)
            time.sleep(int(headers["Retry-After"]) + 1)
            status, body, headers = self.token(self.assertion())
        self.assertEqual(status, 200, body)
        return body

    def test_a_token_opens_what_it_is_for_until_it_ends(self):
        body = self.open()
        self.assertEqual((body["token_type"], body["expires_in"], body["scope"]), ("bearer", 300, "system/ServiceRequest.rs"))
        token = body["access_token"]
        self.assertEqual(self.who(token), ("main-street", "-"))
        self.assertEqual(self.who(token[:-1] + ("A" if token[-1] != "A" else "B"))[0], "-")
        # Its role and scope may list, and no more.
        for request, status in ((LIST_REFERRALS, 200), (NODE_STATUS, 403), (LIST_ACCOUNTS, 403), (WITHDRAW, 403), (REMOVE_ACCOUNT, 403)):
            self.assertEqual(self.ask("POST", "/ask", request, authorization=f"Bearer {token}")[0], status, request)
        self.assertEqual(self.ask("POST", "/ask", LIST_REFERRALS)[0], 403)
        # What was used once is used up, and what somebody else signed is worth nothing.
        used = self.assertion()
        self.assertEqual(self.token(used)[0], 200)
        for assertion in (used, self.assertion(Key(self.node.place, "two")), self.assertion(aud=URL), self.assertion(sub="other")):
            status, body, _ = self.token(assertion)
            self.assertEqual((status, body["error"]), (401, "invalid_client"))
        self.assertEqual(self.token(self.assertion(), "system/Patient.rs")[1]["error"], "invalid_scope")
        # A change ends its tokens, and so does a restart; what was used before it is not taken after it.
        self.node.ctl("client", "set", "main-street", "--title", "Main Street")
        self.assertEqual(self.who(token), ("-", "revoked"))
        token = self.open()["access_token"]
        self.node.kill()
        self.start()
        self.assertEqual(self.who(token), ("-", "unknown"))
        self.assertEqual(self.token(used)[0], 503)
        # No secret of it is in the log.
        self.assertNotIn(used[-40:], self.node.log.read_text())
        self.assertNotIn(token, self.node.log.read_text())


if __name__ == "__main__":
    unittest.main(verbosity=2)
