"""FHIR over HTTP as others speak it: clients and validators that this project did not write, the whole way of a referral, and requests that no client makes."""
import concurrent.futures
import contextlib
import json
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fascia import PATIENCE, SOURCE  # noqa: E402
from fhir import CLIENTS, NODE_TESTS, SENDS, TREATS, FhirCase, Validators, service_request  # noqa: E402

WITHOUT_NODE = "npm ci has not been run in tests/system"
RETURN = {"Prefer": "return=representation"}


def moved(task, status, business=None, **more):
    """A Task as its next state is asked for."""
    task = {name: value for name, value in task.items() if name not in ("businessStatus", "statusReason")}
    if business:
        task["businessStatus"] = {"coding": [{"system": "http://hl7.org/fhir/us/bser/CodeSystem/TaskBusinessStatusCS", "code": business}]}
    return {**task, "status": status, **more}


def business(task):
    return task["businessStatus"]["coding"][0]["code"]


class Clients(FhirCase):
    def drive(self, script, algorithm):
        self.bring_therapists()
        key = self.add("hillside", SENDS, "referrer", algorithm=algorithm)
        request = self.node.place / "request.json"
        request.write_text(json.dumps(service_request()))
        done = subprocess.run(["node", CLIENTS / script, self.web.url, "hillside", key.path, algorithm, request],
                              capture_output=True, text=True, timeout=PATIENCE * 6, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        received = [("client", json.loads(line)) for line in done.stdout.splitlines()]
        self.assertGreater(len(received), 20)
        self.assert_valid(received)

    @unittest.skipUnless(NODE_TESTS, WITHOUT_NODE)
    def test_fhir_kit_client(self):
        self.drive("fhir_kit.mjs", "ES384")

    @unittest.skipUnless(NODE_TESTS, WITHOUT_NODE)
    def test_medplum(self):
        self.drive("fhir_medplum.mjs", "RS384")


@unittest.skipUnless(NODE_TESTS, WITHOUT_NODE)
class WhatValidates(unittest.TestCase):
    """That the validators let the good through and refuse the broken."""
    GOOD = {"resourceType": "Task", "id": "1", "status": "received", "intent": "order", "focus": {"reference": "ServiceRequest/1"}}

    def test_a_broken_resource_is_refused(self):
        broken = {
            "a code that is none": {"status": "nope"}, "an unknown element": {"colour": "red"}, "a date that is none": {"authoredOn": "yesterday"},
            "one where a list is": {"note": {"text": "x"}}, "a number where a text is": {"description": 5}, "an id that is none": {"id": "a_b"},
            "an empty list": {"note": []}, "an empty object": {"focus": {}}, "null": {"description": None}, "an empty text": {"description": ""},
            "two of value[x]": {"output": [{"type": {"text": "x"}}]}, "a part without what it must have": {"restriction": {"repetitions": "two"}},
            "a broken one inside": {"contained": [{"resourceType": "Patient", "id": "p", "gender": "green"}]},
        }
        validators = Validators()
        with contextlib.closing(validators):
            self.assertEqual(validators.problems(self.GOOD), [])
            for what, change in broken.items():
                self.assertNotEqual(validators.problems({**self.GOOD, **change}), [], what)
            without = {name: value for name, value in self.GOOD.items() if name != "intent"}
            self.assertNotEqual(validators.problems(without), [])
            bundle = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": without}]}
            self.assertNotEqual(validators.problems(bundle), [])
            self.assertNotEqual(validators.problems({"resourceType": "Nothing"}), [])


class Loop(FhirCase):
    def setUp(self):
        super().setUp()
        self.bring_therapists()
        self.ehr = self.account("hillside", SENDS, "referrer")

    def send(self, **changes):
        answer = self.ehr.ask("POST", "/ServiceRequest", service_request(**changes), **RETURN)
        return self.expect(answer, 201)["id"]

    def therapist(self, identifier):
        return self.account(f"t-{identifier}", TREATS, "therapist", therapist=identifier)

    def move(self, who, number, status, business_code=None, **more):
        task = who.get(f"/Task/{number}")
        answer = who.ask("PUT", f"/Task/{number}", moved(task, status, business_code, **more), If_Match=f'W/"{task["meta"]["versionId"]}"', **RETURN)
        return self.expect(answer, 200)

    def test_all_the_way_round(self):
        number = self.send()
        self.assertEqual(self.ehr.get(f"/Task/{number}")["status"], "received")
        self.assertNotIn("owner", self.ehr.get(f"/Task/{number}"))  # who is offered it is not its sender's to know
        therapist = self.therapist(self.offered(number)["therapist"])
        self.assertEqual([entry["resource"]["id"] for entry in therapist.get("/Task?status=received")["entry"]], [number])
        self.assertEqual(business(self.move(therapist, number, "accepted", "3.0")), "5.1.1")
        visit = self.ehr.get(f"/Appointment?based-on=ServiceRequest/{number}")["entry"][0]["resource"]
        self.assertEqual(visit["status"], "booked")

        # The visit is on another day, which only the node's own people may say is over.
        early = therapist.get(f"/Task/{number}")
        self.expect(therapist.ask("PUT", f"/Task/{number}", moved(early, "in-progress", "5.1.4")), 409, "business-rule")
        self.node.ctl("visit", "done", f"R{number}", "--anyway")
        self.assertEqual(business(self.ehr.get(f"/Task/{number}")), "5.1.4")
        self.assertEqual(self.ehr.get(f"/Appointment/{visit['id']}")["status"], "fulfilled")

        silent = therapist.get(f"/Task/{number}")
        self.expect(therapist.ask("PUT", f"/Task/{number}", moved(silent, "completed", "7.0")), 422, "required")
        self.move(therapist, number, "completed", "7.0", output=[
            {"type": {"coding": [{"code": "summary"}]}, "valueString": "Pain went from 6 to 2."},
            {"type": {"text": "Pain before"}, "valueInteger": 6}, {"type": {"text": "Pain after"}, "valueInteger": 2},
            {"type": {"text": "Goal"}, "valueCode": "met"}, {"type": {"text": "Visits"}, "valueInteger": 1}])
        task = self.ehr.get(f"/Task/{number}")
        self.assertEqual((task["status"], business(task)), ("completed", "7.0"))
        said = {output["type"]["coding"][0]["code"]: next(value for name, value in output.items() if name.startswith("value"))
                for output in task["output"]}
        self.assertEqual(said, {"summary": "Pain went from 6 to 2.", "visits": 1, "pain-before": 6, "pain-after": 2, "goal": "met"})
        self.assertEqual(self.ehr.get(f"/ServiceRequest/{number}")["status"], "completed")
        versions = [business(entry["resource"]) for entry in self.ehr.get(f"/Task/{number}/_history")["entry"] if "resource" in entry]
        self.assertEqual(list(dict.fromkeys(reversed(versions))), ["2.0", "3.0", "5.1.1", "5.1.4", "7.0"])
        self.assertTrue(self.ehr.get(f"/Provenance?target=ServiceRequest/{number}")["entry"])
        self.assertTrue(self.node.ctl("audit", "verify")["audit_report"]["whole"])

    def test_the_referrer_cancels(self):
        one, other = self.send(), self.send()
        self.assertEqual(business(self.move(self.ehr, one, "cancelled")), "6.0")
        request = self.ehr.get(f"/ServiceRequest/{other}")
        request["status"] = "revoked"
        self.assertEqual(self.expect(self.ehr.ask("PUT", f"/ServiceRequest/{other}", request, **RETURN), 200)["status"], "revoked")
        for number in (one, other):
            task = self.ehr.get(f"/Task/{number}")
            self.assertEqual((task["status"], business(task)), ("cancelled", "6.0"))
        self.assertEqual(self.node.offers(), [])

    def test_a_decline_goes_to_the_next(self):
        number = self.send()
        first = self.offered(number)["therapist"]
        one = self.therapist(first)
        task = one.get(f"/Task/{number}")
        answer = one.ask("PUT", f"/Task/{number}", moved(task, "rejected", "4.0", statusReason={"coding": [{"code": "no-time"}]}))
        self.assertIn(answer.status, (200, 404), answer.text)
        second = self.offered(number)["therapist"]
        self.assertNotEqual(second, first)
        # It is theirs no more.
        self.expect(one.ask("GET", f"/Task/{number}"), 404, "not-found")
        self.assertEqual(business(self.move(self.therapist(second), number, "accepted", "3.0")), "5.1.1")

    def test_a_coordinator_asks_who_would_pass(self):
        desk = self.account("desk", "system/ServiceRequest.rs system/Task.rs system/HealthcareService.rs system/Practitioner.rs", "coordinator")
        before = self.expect(desk.ask("POST", "/ServiceRequest/$match", service_request()), 200)
        for identifier in ("1000000004", "1000000012"):
            self.assertIn(identifier, json.dumps(before))
        wrapped = {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": service_request()}]}
        self.assertIn("1000000004", json.dumps(self.expect(desk.ask("POST", "/ServiceRequest/$match", wrapped), 200)))
        self.assertEqual(self.node.ctl("referral", "list").get("referrals", []), [])
        number = self.send()
        self.assertIn(self.offered(number)["therapist"], json.dumps(desk.get(f"/ServiceRequest/{number}/$explain")))
        self.expect(self.ehr.ask("GET", f"/ServiceRequest/{number}/$explain"), 403, "forbidden")

    def test_the_same_from_many_at_once_is_one(self):
        request = service_request()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: self.ehr.ask("POST", "/ServiceRequest", request, **RETURN), range(16)))
        self.assertEqual(sorted(answer.status for answer in answers), [200] * 15 + [201])
        self.assertEqual(len({answer.json["id"] for answer in answers}), 1)

    def test_a_kill_after_the_201_loses_nothing_and_makes_nothing_twice(self):
        request = service_request()
        first = self.ehr.ask("POST", "/ServiceRequest", request, **RETURN)
        self.node.kill()
        made = self.expect(first, 201)
        self.node.start()
        self.ehr = self.sign_in("hillside", SENDS)
        self.assertEqual(self.ehr.get(f"/ServiceRequest/{made['id']}")["identifier"], request["identifier"])
        again = self.expect(self.ehr.ask("POST", "/ServiceRequest", request, **RETURN), 200)
        self.assertEqual(again["id"], made["id"])
        self.assertEqual(self.ehr.get("/ServiceRequest?_total=accurate")["total"], 1)
        self.assertEqual(len(self.node.ctl("referral", "list")["referrals"]), 1)


class Directory(FhirCase):
    def test_what_the_node_knows_of_therapists(self):
        self.bring_therapists()
        types = ("Practitioner", "PractitionerRole", "Location", "HealthcareService", "Schedule", "Slot", "Organization")
        reader = self.account("directory", " ".join(f"system/{name}.rs" for name in types), "referrer")
        for name in types:
            found = reader.get(f"/{name}?_count=50" + ("&schedule=Schedule/1000000004" if name == "Slot" else ""))
            self.assertTrue(found["entry"], name)
            resource = found["entry"][0]["resource"]
            self.assertEqual(reader.get(f"/{name}/{resource['id']}")["id"], resource["id"])
        bundle = reader.get("/PractitionerRole?_include=PractitionerRole:practitioner&_include=PractitionerRole:location&_count=1&_pretty=true")
        self.assertEqual({entry["search"]["mode"] for entry in bundle["entry"]}, {"match", "include"})
        self.assertEqual([link["relation"] for link in bundle["link"]], ["self", "next"])


def references(part):
    """Every reference in a resource."""
    if isinstance(part, dict):
        if isinstance(part.get("reference"), str):
            yield part["reference"]
        part = list(part.values())
    for inside in part if isinstance(part, list) else []:
        yield from references(inside)


class Links(FhirCase):
    def test_every_reference_leads_somewhere(self):
        self.bring_therapists()
        ehr = self.account("hillside", SENDS, "referrer")
        desk = self.account("desk", "system/*.rs", "coordinator")
        number = self.expect(ehr.ask("POST", "/ServiceRequest", service_request(), **RETURN), 201)["id"]
        offer = self.offered(number)
        self.node.ctl("offer", "accept", f"R{number}", "--therapist", offer["therapist"])
        todo = [f"{name}/{number}" for name in ("ServiceRequest", "Task", "Patient")]
        for search in (f"Provenance?target=ServiceRequest/{number}", f"AuditEvent?entity=ServiceRequest/{number}", f"Appointment?patient={number}",
                       f"Coverage?patient={number}", "Slot?schedule=Schedule/1000000004&_count=3", "PractitionerRole"):
            found = desk.get("/" + search)["entry"]
            self.assertTrue(found, search)
            for entry in found:
                self.assertEqual(entry["fullUrl"], f"{self.web.url}/{entry['resource']['resourceType']}/{entry['resource']['id']}")
                todo.append(entry["fullUrl"].removeprefix(self.web.url + "/"))
        seen = set()
        while todo:
            place = todo.pop()
            if place in seen:
                continue
            seen.add(place)
            answer = desk.ask("GET", "/" + place)
            self.assertEqual(answer.status, 200, place)
            resource = answer.json
            self.assertEqual(f"{resource['resourceType']}/{resource['id']}", place)
            inside = {part["id"] for part in resource.get("contained", [])}
            for reference in references(resource):
                if reference.startswith("#"):
                    self.assertIn(reference[1:], inside, place)
                else:
                    todo.append(reference.removeprefix(self.web.url + "/"))
        self.assertLessEqual({"ServiceRequest", "Task", "Patient", "Coverage", "Appointment", "Provenance", "AuditEvent", "Practitioner", "PractitionerRole",
                              "Location", "HealthcareService", "Schedule", "Slot", "Organization"}, {place.split("/")[0] for place in seen})

    def test_the_samples_are_taken(self):
        ehr = self.account("hillside", SENDS, "referrer")
        samples = {name: json.loads((SOURCE / f"plugins/fhir/samples/{name}.json").read_text()) for name in ("transaction", "batch", "bser-message")}
        done = self.expect(ehr.ask("POST", "/", samples["transaction"]), 200)
        self.assertEqual([entry["response"]["status"] for entry in done["entry"]], ["200 OK", "200 OK", "201 Created"])
        self.assertIn("/ServiceRequest/1", done["entry"][2]["response"]["location"])
        self.expect(ehr.ask("POST", "/", samples["batch"]), 400, "required")  # entries that say not what is to be done
        self.expect(ehr.ask("POST", "/", samples["bser-message"]), 400, "value")
        self.assertEqual(len(self.node.ctl("referral", "list")["referrals"]), 1)


class Refusals(FhirCase):
    def setUp(self):
        super().setUp()
        self.bring_therapists()
        self.ehr = self.account("hillside", SENDS, "referrer")

    def test_what_is_not_theirs_and_what_they_may_not(self):
        made = self.expect(self.ehr.ask("POST", "/ServiceRequest", service_request("MARKED"), **RETURN), 201)["id"]
        self.offered(made)
        other = self.account("ridge", SENDS, "referrer")
        reader = self.account("desk", "system/ServiceRequest.rs", "referrer", sender="hillside")
        for path in (f"/ServiceRequest/{made}", f"/Task/{made}", f"/Patient/{made}", f"/Coverage/{made}-1", f"/ServiceRequest/{made}/_history",
                     f"/Task/{made}/_history", f"/Provenance/{made}-4"):
            self.expect(other.ask("GET", path), 404, "not-found")
            self.assertEqual(self.expect(self.web.ask("GET", path), 401, "login")["issue"][0]["severity"], "error")
            self.assertIn("error=\"invalid_token\"", self.web.ask("GET", path, token="x" * 43).fields["WWW-Authenticate"])
        for path in ("/ServiceRequest", "/Task", f"/Patient?_id={made}", f"/Task?patient={made}", f"/ServiceRequest?_id={made}&_include=*"):
            answer = other.ask("GET", path)
            self.assertNotIn("MARKED", answer.text)
            if answer.status == 200:
                self.assertEqual([entry for entry in answer.json.get("entry", []) if entry["search"]["mode"] != "outcome"], [], path)
        request = self.ehr.get(f"/ServiceRequest/{made}")
        self.expect(other.ask("PUT", f"/ServiceRequest/{made}", request), 404, "not-found")
        self.expect(other.ask("PATCH", f"/Task/{made}", [{"op": "replace", "path": "/status", "value": "cancelled"}],
                              Content_Type="application/json-patch+json"), 404, "not-found")
        self.assertEqual(self.expect(reader.ask("GET", f"/ServiceRequest/{made}"), 200)["id"], made)
        self.expect(reader.ask("POST", "/ServiceRequest", service_request()), 403, "forbidden")
        self.expect(reader.ask("PUT", f"/ServiceRequest/{made}", request), 403, "forbidden")
        self.expect(reader.ask("GET", f"/Patient/{made}"), 403, "forbidden")
        # The same identifier of another sender is another referral.
        twin = service_request()
        twin["identifier"] = request["identifier"]
        self.assertNotEqual(self.expect(other.ask("POST", "/ServiceRequest", twin, **RETURN), 201)["id"], made)
        self.assertEqual(self.ehr.get(f"/Task/{made}")["status"], "received")

    def test_bad_input(self):
        def post(body, status, code, where=None, line=None, **fields):
            outcome = self.expect(self.ehr.ask("POST", "/ServiceRequest", body, **fields), status, code)
            if where:
                self.assertIn(where, [place for issue in outcome["issue"] for place in issue.get("expression", [])])
            if line:
                self.assertIn(line, outcome["issue"][0]["location"])

        good = service_request()
        post(b'{"resourceType":', 400, "structure", line="1:16")
        post(b'{"resourceType":"ServiceRequest",\n"status":"active","status":"draft"}', 400, "structure", line="2:26")
        post(b'{"resourceType":"\xff\xfe"}', 400, "structure", line="1:17")
        post(b"[" * 5000, 413, "too-long", line="1:65")
        post(b"", 400, "structure")
        post(json.dumps(good).encode("utf-16"), 400, "structure")
        post({**good, "status": 5}, 400, "value", "ServiceRequest.status")
        post({**good, "status": "nope"}, 400, "code-invalid", "ServiceRequest.status")
        post({**good, "note": "text"}, 400, "structure", "ServiceRequest.note")
        post({**good, "note": []}, 400, "structure", "ServiceRequest.note")
        post({**good, "subject": {"reference": 7}}, 400, "value", "ServiceRequest.subject.reference")
        post({**good, "authoredOn": "yesterday"}, 400, "value", "ServiceRequest.authoredOn")
        post({name: value for name, value in good.items() if name != "intent"}, 400, "required", "ServiceRequest.intent")
        post({**good, "resourceType": "Patient"}, 422, "not-supported")
        for kind in ("text/plain", "application/xml", "application/fhir+xml", "application/fhir+json; charset=latin1"):
            post(good, 415, "not-supported", Content_Type=kind)
        self.assertEqual(self.ehr.ask("POST", "/ServiceRequest", b'{"a":"' + b"x" * (17 << 20) + b'"}').status, 413)
        self.expect(self.ehr.ask("GET", "/Medication/1"), 404, "not-supported")
        self.expect(self.ehr.ask("GET", "/Task/1/$nothing"), 404, "not-found")
        self.expect(self.ehr.ask("POST", "/Patient", {"resourceType": "Patient"}), 405, "not-supported")
        self.expect(self.ehr.ask("GET", "/Task?_lastUpdated=xx"), 400, "invalid")
        strict = self.expect(self.ehr.ask("GET", "/Task?colour=red", Prefer="handling=strict"), 400, "invalid")
        self.assertIn("colour", json.dumps(strict))
        self.assertEqual(self.ehr.get("/Task?colour=red")["link"][0]["url"], self.web.url + "/Task")
        self.expect(self.ehr.ask("GET", "/Task", Accept="application/fhir+xml"), 406, "not-supported")
        self.assertEqual(self.node.ctl("referral", "list").get("referrals", []), [])


if __name__ == "__main__":
    unittest.main()
