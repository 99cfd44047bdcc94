"""Clients of a real node by FHIR: they sign in, refer, accept, and see what is theirs and nothing else."""
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
from fascia import ISOLATION, PATIENCE, Node, field, referral, therapist, wait_for  # noqa: E402

SOURCE = """
  - name: fhir
    plugin: fhir
    isolation: {isolation}
    http:
      listen: "127.0.0.1:0"
      prefix: /fhir
    options:
      publisher: Bluegrass Massage
      page: 5
"""
JSON = "application/fhir+json"


def text64(value):
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


class Key:
    """A client's own: it signs RS384."""

    def __init__(self, place, name):
        self.name = name
        self.path = place / f"{name}.pem"
        subprocess.run(["openssl", "genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", str(self.path)], check=True)
        said = subprocess.run(["openssl", "rsa", "-in", str(self.path), "-noout", "-modulus"], check=True, capture_output=True, text=True).stdout
        self.jwks = place / f"{name}.json"
        self.jwks.write_text(json.dumps({"keys": [{"kty": "RSA", "kid": name, "use": "sig", "alg": "RS384", "e": "AQAB",
                                                   "n": text64(bytes.fromhex(said.strip().split("=")[1]))}]}))

    def assertion(self, audience):
        now = int(time.time())
        parts = [{"alg": "RS384", "typ": "JWT", "kid": self.name},
                 {"iss": self.name, "sub": self.name, "aud": audience, "iat": now, "exp": now + 240, "jti": str(uuid.uuid4())}]
        signed = ".".join(text64(json.dumps(part).encode()) for part in parts)
        signature = subprocess.run(["openssl", "dgst", "-sha384", "-sign", str(self.path)], input=signed.encode(), check=True, capture_output=True).stdout
        return f"{signed}.{text64(signature)}"


class Client:
    def __init__(self, port, key=None):
        self.port, self.key, self.token = port, key, None
        self.base = f"http://127.0.0.1:{port}/fhir"

    def send(self, method, path, body=None, **fields):
        """(status, JSON or None, headers)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        headers = {name.replace("_", "-"): value for name, value in fields.items()}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            headers.setdefault("Content-Type", JSON)
            body = body if isinstance(body, (str, bytes)) else json.dumps(body)
        try:
            connection.request(method, path if path.startswith("/") else f"/fhir/{path}", body=body, headers=headers)
            answer = connection.getresponse()
            content = answer.read()
            said = json.loads(content) if "json" in answer.headers.get("content-type", "") else None  # the host itself speaks plain text
            return answer.status, said, answer.headers
        finally:
            connection.close()

    def get(self, path):
        status, body, _ = self.send("GET", path)
        assert status == 200, (status, body)
        return body

    def found(self, path):
        return [entry["resource"] for entry in self.get(path).get("entry", []) if entry["search"]["mode"] == "match"]

    def sign_in(self, scope):
        form = {"grant_type": "client_credentials", "scope": scope,
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": self.key.assertion(self.get(".well-known/smart-configuration")["token_endpoint"])}
        status, body, _ = self.send("POST", "auth/token", urllib.parse.urlencode(form), Content_Type="application/x-www-form-urlencoded")
        if status == 503:  # for a while after a start no assertion can be told from one that was used before
            return False
        assert status == 200, (status, body)
        self.token = body["access_token"]
        return True


def request(number, family="Archer", **changes):
    """A ServiceRequest that passes the gates of therapist()."""
    made = {
        "resourceType": "ServiceRequest", "status": "active", "intent": "order", "priority": "routine",
        "identifier": [{"system": "urn:main-street:referral", "value": number}],
        "extension": [{"url": "urn:main-street:colour", "valueString": "blue"}],
        "contained": [
            {"resourceType": "Patient", "id": "p", "name": [{"family": family, "given": ["Elliot"]}], "birthDate": "1979-08-22", "gender": "male",
             "identifier": [{"system": "urn:main-street:mrn", "value": f"MRN-{number}"}],
             "address": [{"line": ["418 Woodland Avenue"], "city": "Lexington", "state": "KY", "postalCode": "40508", "country": "US"}]},
            {"resourceType": "Practitioner", "id": "d", "name": [{"family": "Holloway", "given": ["June"]}],
             "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1093817462"}],
             "qualification": [{"code": {"coding": [{"system": "http://nucc.org/provider-taxonomy", "code": "207Q00000X"}]}}]}],
        "subject": {"reference": "#p"}, "requester": {"reference": "#d"},
        "code": {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "97124"}]},
        "reasonCode": [{"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M54.50"}]}],
    }
    made.update(changes)
    return made


class Fhir(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.node = Node(sources=SOURCE.format(isolation=ISOLATION)).__enter__()
        cls.addClassCleanup(cls.node.__exit__, None, None, None)
        cls.node.start()
        port = next(int(line["address"].rsplit(":", 1)[1]) for line in cls.node.lines() if line.get("event") == "web.listening")
        cls.nobody = Client(port)
        wait_for(lambda: cls.nobody.send("GET", "metadata")[0] == 200)
        cls.node.import_therapists(therapist())
        accounts = {"main-street": ["--role", "referrer"], "other-clinic": ["--role", "referrer"], "desk": ["--role", "coordinator"],
                    "hands": ["--role", "therapist", "--therapist", "1000000004"]}
        cls.clients = {}
        for name, words in accounts.items():
            key = Key(cls.node.place, name)
            cls.node.ctl("client", "add", name, "--jwks", key.jwks, "--scope", "system/*.cruds", *words)
            cls.clients[name] = Client(port, key)
        for client in cls.clients.values():
            wait_for(lambda client=client: client.sign_in("system/*.cruds"), seconds=PATIENCE + 60, every=1)
        cls.referrer, cls.other, cls.desk, cls.hands = cls.clients.values()

    def refer(self, number, **changes):
        status, body, headers = self.referrer.send("POST", "ServiceRequest", request(number, **changes))
        self.assertEqual(status, 201, body)
        self.assertTrue(headers["location"].startswith(f"{self.referrer.base}/ServiceRequest/{body['id']}/_history/"))
        return body["id"]

    def task(self, client, number):
        return client.get(f"Task/{number}")

    def test_nobody_sees_anything_but_the_capabilities(self):
        statement = self.nobody.get("metadata")
        self.assertEqual((statement["fhirVersion"], statement["publisher"]), ("4.0.1", "Bluegrass Massage"))
        status, body, headers = self.nobody.send("GET", "Patient/1")
        self.assertEqual((status, body["resourceType"], body["issue"][0]["code"]), (401, "OperationOutcome", "login"))
        self.assertIn("Bearer", headers["www-authenticate"])

    def test_a_referral_goes_from_its_sender_to_a_therapist_and_back(self):
        number = self.refer("A-1")
        sent = self.referrer.get(f"ServiceRequest/{number}")
        self.assertEqual(sent["extension"], [{"url": "urn:main-street:colour", "valueString": "blue"}])
        self.assertEqual(sent["meta"]["versionId"].isdigit(), True)
        self.assertEqual(self.referrer.get(f"Patient/{number}")["name"][0]["family"], "Archer")
        wait_for(lambda: [task for task in self.hands.found("Task?status=received") if task["id"] == number])
        self.assertEqual(self.task(self.hands, number)["owner"]["reference"], "Practitioner/1000000004")
        self.assertNotIn("owner", self.task(self.referrer, number))  # it is only offered
        version = self.hands.send("GET", f"Task/{number}")[2]["etag"]
        patch = [{"op": "replace", "path": "/status", "value": "accepted"}]
        kind = "application/json-patch+json"
        self.assertEqual(self.hands.send("PATCH", f"Task/{number}", patch, Content_Type=kind, If_Match='W/"1"')[0], 412)
        status, body, _ = self.hands.send("PATCH", f"Task/{number}", patch, Content_Type=kind, If_Match=version)
        self.assertEqual(status, 200, body)
        task = self.task(self.referrer, number)
        self.assertIn(task["status"], ("accepted", "in-progress"))
        self.assertEqual(task["owner"]["reference"], "Practitioner/1000000004")
        self.assertEqual([item["id"] for item in self.referrer.found("Task?owner=Practitioner/1000000004")].count(number), 1)
        versions = self.referrer.get(f"Task/{number}/_history")["entry"]
        self.assertEqual(versions[-1]["resource"]["status"], "received")
        status, _, _ = self.referrer.send("GET", f"Task/{number}", If_None_Match=self.referrer.send("GET", f"Task/{number}")[2]["etag"])
        self.assertEqual(status, 304)
        who = self.desk.found(f"AuditEvent?entity=ServiceRequest/{number}&_count=200")
        self.assertIn("R", [event["action"] for event in who])

    def test_the_same_again_is_the_same(self):
        number = self.refer("B-1")
        status, body, _ = self.referrer.send("POST", "ServiceRequest", request("B-1"))
        self.assertEqual((status, body["id"]), (200, number))
        status, body, _ = self.referrer.send("POST", "ServiceRequest", request("B-1", family="Changed"),
                                             If_None_Exist="identifier=urn:main-street:referral|B-1")
        self.assertEqual((status, body["id"]), (200, number))
        self.assertEqual(self.referrer.get(f"Patient/{number}")["name"][0]["family"], "Archer")

    def test_a_sender_cancels_by_sending_it_revoked(self):
        number = self.refer("C-1")
        changed = {**request("C-1"), "id": number, "status": "revoked"}
        status, body, _ = self.referrer.send("PUT", f"ServiceRequest/{number}", changed)
        self.assertEqual((status, body["status"]), (200, "revoked"), body)
        self.assertEqual(self.task(self.referrer, number)["status"], "cancelled")

    def test_what_is_anothers_is_not_there(self):
        number = self.refer("D-1")
        with self.node.connect() as connection:
            self.assertEqual(field(connection.ask(referral(family="VIATOR")), "MSA", 1), "AA")
        for path in (f"ServiceRequest/{number}", f"Task/{number}", f"Patient/{number}"):
            self.assertEqual(self.other.send("GET", path)[0], 404, path)
        self.assertEqual(self.other.found("ServiceRequest"), [])
        self.assertEqual(self.other.found(f"Task?focus=ServiceRequest/{number}"), [])
        self.assertEqual(self.referrer.found("Patient?family=viator"), [])
        viator = self.desk.found("Patient?family=viator&_count=100")
        self.assertEqual(len(viator), 1)
        rebuilt = self.desk.get(f"ServiceRequest/{viator[0]['id']}")
        self.assertEqual(rebuilt["reasonCode"][0]["coding"][0]["code"], "M54.50")

    def test_pages_are_walked_to_their_end(self):
        made = {self.refer(f"E-{number}", family="Pager") for number in range(7)}
        found, pages = [], 0
        page = self.referrer.get("Patient?family=pager&_count=3")
        while True:
            found += [entry["resource"]["id"] for entry in page.get("entry", [])]
            pages += 1
            following = [link["url"] for link in page["link"] if link["relation"] == "next"]
            if not following:
                break
            page = self.referrer.get(following[0][len(self.referrer.base) + 1:])
        self.assertEqual(sorted(found), sorted(made))
        self.assertEqual(pages, 3)

    def test_a_batch_does_each_alone_and_a_transaction_one(self):
        bundle = {"resourceType": "Bundle", "type": "batch", "entry": [
            {"fullUrl": f"urn:uuid:{uuid.uuid4()}", "resource": request("F-1"), "request": {"method": "POST", "url": "ServiceRequest"}},
            {"request": {"method": "GET", "url": "Task/999999"}}]}
        status, body, _ = self.referrer.send("POST", "/fhir/", bundle)
        self.assertEqual(status, 200, body)
        self.assertEqual([entry["response"]["status"] for entry in body["entry"]], ["201 Created", "404 Not Found"])
        bundle["type"] = "transaction"
        bundle["entry"][0]["resource"] = request("F-2")
        bundle["entry"].pop()
        status, body, _ = self.referrer.send("POST", "/fhir/", bundle)
        self.assertEqual((status, body.get("type")), (200, "transaction-response"), body)

    def test_what_is_wrong_is_said_where_it_stands(self):
        status, body, _ = self.referrer.send("POST", "ServiceRequest", {**request("G-1"), "intent": "wish"})
        self.assertEqual(status // 100, 4)
        self.assertIn("ServiceRequest.intent", [place for issue in body["issue"] for place in issue.get("expression", [])])
        self.assertEqual(self.referrer.send("GET", "Patient?birthdate=yesterday")[0], 400)
        self.assertEqual(self.referrer.send("DELETE", "Task/1")[0], 405)
        self.assertEqual(self.referrer.send("GET", "Observation/1")[0], 404)

    def test_the_directory_and_its_time(self):
        role = self.referrer.found("PractitionerRole?specialty=urn:fascia:technique%7Ctrigger-point")[0]
        self.assertEqual(role["practitioner"]["reference"], "Practitioner/1000000004")
        slots = self.referrer.found("Slot?schedule=Schedule/1000000004&status=free")
        self.assertTrue(slots)
        self.assertEqual(self.referrer.get(f"Slot/{slots[1]['id']}")["start"], slots[1]["start"])

    def test_a_match_can_be_tried(self):
        status, body, _ = self.desk.send("POST", "ServiceRequest/$match", request("H-1"))
        self.assertEqual(status, 200, body)
        said = [part for parameter in body["parameter"] if parameter["name"] == "candidate" for part in parameter["part"]]
        self.assertIn({"name": "practitioner", "valueReference": {"reference": "Practitioner/1000000004"}}, said)


if __name__ == "__main__":
    unittest.main()
