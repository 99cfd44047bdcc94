"""FHIR over HTTP for tests: keys and tokens of clients as SMART Backend Services has them, requests, and the validators that every answer goes through."""
import base64
import contextlib
import copy
import http.client
import itertools
import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import unittest
import urllib.parse
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fascia import BUILD, ISOLATION, PATIENCE, SANITIZED, SOURCE, Node, therapist, wait_for  # noqa: E402

HERE = pathlib.Path(__file__).parent
CLIENTS = HERE / "clients"
NODE_TESTS = bool(os.environ.get("CI")) or (HERE / "node_modules/fhir-kit-client").exists()
CONTENT = "application/fhir+json"
PASSWORD = "correct horse battery staple"

SOURCE_OF_FHIR = """
  - name: ehr
    plugin: fhir
    isolation: {isolation}
    call_timeout: {timeout}
    http:
      listen: "127.0.0.1:{port}"
      prefix: /fhir
"""


def free_port():
    """A token is for the address that is configured, and so are the links: the port can't be any that the system gives at the start."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def openssl(*words, given=None):
    return subprocess.run(["openssl", *map(str, words)], input=given, capture_output=True, check=True, timeout=PATIENCE * 3).stdout


def raw_signature(der):
    """r and s of 48 bytes each, as JWS has them, from the DER that openssl writes."""
    at, whole = (2 if der[1] < 128 else 3), b""
    for _ in range(2):
        size = der[at + 1]
        whole += int.from_bytes(der[at + 2:at + 2 + size], "big").to_bytes(48, "big")
        at += 2 + size
    return whole


class Key:
    """A private key in a file, and its public half as a JWK."""

    def __init__(self, place, name, algorithm="ES384"):
        self.name, self.algorithm = name, algorithm
        self.path = place / f"{name}.pem"
        if algorithm == "ES384":
            self.path.write_bytes(openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"))
            point = openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")[-96:]
            self.jwk = {"kty": "EC", "crv": "P-384", "kid": name, "x": base64url(point[:48]), "y": base64url(point[48:])}
        else:
            self.path.write_bytes(openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"))
            modulus = openssl("rsa", "-in", self.path, "-noout", "-modulus").decode().strip().split("=")[1]
            self.jwk = {"kty": "RSA", "kid": name, "n": base64url(bytes.fromhex(modulus)), "e": "AQAB"}

    def sign(self, claims):
        header = {"alg": self.algorithm, "typ": "JWT", "kid": self.name}
        text = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
        signature = openssl("dgst", "-sha384", "-sign", self.path, given=text.encode())
        return text + "." + base64url(raw_signature(signature) if self.algorithm == "ES384" else signature)


class Validators:
    """Both validators in one process that reads resources, one a line, and says what is wrong with each."""

    def __init__(self):
        self.process = subprocess.Popen(["node", CLIENTS / "fhir_validate.mjs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def problems(self, resource):
        self.process.stdin.write(json.dumps(resource) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait(PATIENCE)
        self.process.stdout.close()


class Answer:
    def __init__(self, status, fields, body):
        self.status, self.fields, self.body, self.text = status, fields, body, body.decode("utf-8", "replace")

    @property
    def json(self):
        return json.loads(self.text)


class Web:
    """Requests to one port; what comes back as FHIR is kept for the validators."""

    def __init__(self, port, prefix="/fhir"):
        self.port, self.prefix, self.received = port, prefix, []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}{self.prefix}"

    def ask(self, method, path, body=None, token=None, **fields):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        fields = {name.replace("_", "-"): value for name, value in fields.items()}
        if token and token.startswith("fascia-session="):  # of a person, as a page of this node would send it
            fields |= {"Cookie": token, "Origin": f"http://127.0.0.1:{self.port}"}
        elif token:
            fields["Authorization"] = f"Bearer {token}"
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
        if body is not None:
            fields.setdefault("Content-Type", CONTENT)
        with contextlib.closing(connection):
            connection.request(method, self.prefix + path, body=body, headers=fields)
            answer = connection.getresponse()
            answer = Answer(answer.status, answer.headers, answer.read())
        if answer.text and answer.fields.get("Content-Type", "").startswith(CONTENT):
            self.received.append((f"{method} {path}", answer.json))
        return answer

    def token(self, key, client, scope):
        """An access token; waits where the node says that it can't give one yet."""
        until = time.monotonic() + 60
        while True:
            now, url = int(time.time()), self.url + "/auth/token"
            assertion = key.sign({"iss": client, "sub": client, "aud": url, "iat": now, "exp": now + 200, "jti": str(uuid.uuid4())})
            answer = self.ask("POST", "/auth/token", urllib.parse.urlencode({
                "grant_type": "client_credentials", "scope": scope, "client_assertion": assertion,
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}),
                Content_Type="application/x-www-form-urlencoded")
            if answer.status == 503 and time.monotonic() < until:
                time.sleep(float(answer.fields.get("Retry-After", 1)))
                continue
            assert answer.status == 200, (answer.status, answer.text)
            return answer.json["access_token"]


class Signed:
    """One account at one node."""

    def __init__(self, web, token):
        self.web, self.token = web, token

    def ask(self, method, path, body=None, **fields):
        return self.web.ask(method, path, body, token=self.token, **fields)

    def get(self, path, **fields):
        answer = self.ask("GET", path, **fields)
        assert answer.status == 200, (path, answer.status, answer.text)
        return answer.json


NUMBERS = itertools.count(1)


def service_request(mark=None, **changes):
    """The US Core-shaped sample with identifiers of its own; `mark` stands in every field of its patient that a person would read."""
    text = (SOURCE / "plugins/fhir/samples/contained.json").read_text()
    number = next(NUMBERS)
    if mark:
        for word in ("Marlowe", "Ines", "Ruth", "Weatherby", "418 Sycamore Road", "Apt 3", "MRN-48213", "BAV-88123", "Lavender oil",
                     "Prefers a quiet room.", "Bring the imaging.", "ines.marlowe", "Neck pain since the spring",
                     "000-12-3456", "Lexington", "staff-77", "Okafor", "Adaeze", "X-1"):
            text = text.replace(word, f"{mark}")
    request = json.loads(text)
    del request["id"]
    request["identifier"][0]["value"] = f"{mark or 'ORD'}-{os.getpid()}-{number}"
    request["identifier"][1]["value"] = f"{mark or 'X'}-{os.getpid()}-{number}"
    request.update(copy.deepcopy(changes))
    return request


SENDS = "system/ServiceRequest.crus system/Task.rus system/Patient.rs system/Coverage.rs system/Appointment.rs system/Provenance.rs"
TREATS = "system/ServiceRequest.rs system/Task.rus system/Appointment.cruds system/Patient.rs"


class FhirCase(unittest.TestCase):
    """A node with a source of FHIR, and accounts. Whatever a test receives as FHIR must pass the validators in the end."""
    plugin = SOURCE_OF_FHIR
    prefix = "/fhir"

    def setUp(self):
        self.web, self.keys = Web(free_port(), self.prefix), {}
        self.node = Node(sources=self.plugin.format(isolation=ISOLATION, timeout="20s" if SANITIZED else "2s", port=self.web.port)).__enter__()
        self.addCleanup(self.node.__exit__, None, None, None)
        self.node.start()

    def add(self, name, scope, *roles, therapist=None, sender=None, algorithm="ES384"):
        """An account with a key of its own."""
        key = self.keys[name] = Key(self.node.place, name, algorithm)
        (self.node.place / "jwks.json").write_text(json.dumps({"keys": [key.jwk]}))
        words = ["client", "add", name, "--jwks", self.node.place / "jwks.json", "--scope", scope.replace(" ", ",")]
        for role in roles:
            words += ["--role", role]
        words += ["--sender", sender or name] if "referrer" in roles else []
        words += ["--therapist", therapist] if therapist else []
        self.node.ctl(*words)
        return key

    def sign_in(self, name, scope):
        return Signed(self.web, self.web.token(self.keys[name], name, scope))

    def account(self, name, scope, *roles, **more):
        self.add(name, scope, *roles, **more)
        return self.sign_in(name, scope)

    def person(self, name, role, *more):
        """Who signs in with a password: the cookie."""
        self.node.ctl("user", "add", name, "--role", role, *more)
        subprocess.run([BUILD / "fasciactl", "--socket", self.node.socket, "user", "password", name], input=f"{PASSWORD}\n", text=True, check=True,
                       capture_output=True, timeout=PATIENCE)
        answer = self.web.ask("POST", "/auth/sign-in", {"name": name, "password": PASSWORD}, Content_Type="application/json",
                              Origin=f"http://127.0.0.1:{self.web.port}")
        self.assertEqual(answer.status, 200, answer.text)
        return Signed(self.web, answer.fields["Set-Cookie"].split(";")[0])

    def expect(self, answer, status, code=None):
        """The answer is that status; an error is an OperationOutcome that says what is wrong."""
        self.assertEqual(answer.status, status, answer.text)
        if status < 400:
            return answer.json if answer.text else None
        outcome = answer.json
        self.assertEqual(outcome["resourceType"], "OperationOutcome")
        self.assertTrue(any(issue.get("diagnostics") or issue.get("details", {}).get("text") for issue in outcome["issue"]), outcome)
        if code:
            self.assertIn(code, [issue["code"] for issue in outcome["issue"]], outcome)
        return outcome

    def assert_valid(self, received):
        validators = Validators()
        with contextlib.closing(validators):
            found = [(what, problem) for what, resource in received for problem in validators.problems(resource)]
        self.assertEqual(found, [])

    def tearDown(self):
        if NODE_TESTS and self.web.received:
            self.assert_valid(self.web.received)

    def offered(self, number):
        return wait_for(lambda: [offer for offer in self.node.offers() if int(offer["referral"]) == int(number)])[0]

    def bring_therapists(self, *identifiers):
        """Who pass every gate of service_request()."""
        self.node.import_therapists(*(therapist(identifier, visit_modes=["clinic", "home"], home_radius=50000, payers=["BAV"])
                                      for identifier in identifiers or ("1000000004", "1000000012")))
