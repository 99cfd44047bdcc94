"""Every kind of client against everything that can be asked of a node over HTTP, about somebody else's patient.

Through a source that looks at nothing (hostile/asker.c), which leaves it all to the host and the core; and over every route of FHIR.
"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fascia import BUILD, ISOLATION, PATIENCE, SANITIZED, SOURCE  # noqa: E402
from fhir import SOURCE_OF_FHIR, FhirCase, Web, free_port, service_request  # noqa: E402

ALL = "system/*.cruds"
ASKER = """
  - name: asker
    plugin: {plugin}
    isolation: {isolation}
    call_timeout: {timeout}
    http:
      listen: "127.0.0.1:{asker}"
      prefix: /api
"""
MARK = "ZYGOMORPH"
OFFERED, OTHER = "1000000004", "1000000012"

# What names the referral. In this order: what ends it comes last.
REQUESTS = {
    "show": {"show_referral": {"history": True, "content": True}}, "show_bare": {"show_referral": {}},
    "explain": {"explain_match": {}}, "try": {"try_match": {}}, "replay": {"replay_match": {}},
    "audit": {"audit_list": {"limit": 1000}}, "list": {"list_referrals": {"all_states": True, "limit": 1000}},
    "list_ids": {"list_referrals": {"all_states": True, "ids": [1]}}, "list_sender": {"list_referrals": {"all_states": True, "sender": "hillside"}},
    "list_therapist": {"list_referrals": {"all_states": True, "therapist": OFFERED}}, "offers": {"list_offers": {}},
    "offers_of": {"list_offers": {"therapist": OFFERED}}, "waiting": {"list_waiting": {}}, "outbox": {"list_outbox": {}},
    "view": {"command": {"view": {"what": "x"}}},
    "accept": {"command": {"accept": {"therapist": OFFERED}}}, "decline": {"command": {"decline": {"therapist": OFFERED, "reason_code": "no-time"}}},
    "accept_other": {"command": {"accept": {"therapist": OTHER}}},
    "book": {"command": {"book": {"from": 1796135400000, "minutes": 30}}}, "end": {"command": {"end_visit": {"how": 1, "anyway": True}}},
    "report": {"command": {"report_outcome": {"outcome": {"summary": "x", "goal": "met", "visits": 1}}}},
    "clear": {"command": {"clear": {"clinician": "x"}}}, "withdraw": {"command": {"withdraw": {"reason": "x"}}},
    "erase": {"command": {"erase": {"reason": "x"}}},
    "submit_status": {"command": {"submit": {"action": 3}}}, "submit_cancel": {"command": {"submit": {"action": 2}}},
    "submit_modify": {"command": {"submit": {"action": 1}}},
    "outbox_done": {"command": {"outbox_done": {"outbox": 1}}}, "judged": {"command": {"judged": {"ask": 1, "policy": "x"}}},
}
# Lists are answered to everybody who may list, with what is theirs: no row about this one.
LISTS = {"list", "list_ids", "list_sender", "list_therapist", "offers", "offers_of"}


# What tells of no referral.
OF_NONE = {"list_therapists", "show_therapist", "import_therapists", "retry_outbox", "audit_verify", "backup", "node_status", "reload", "list_plugins", "change_plugin",
           "describe_plugin", "list_accounts", "unlock_account", "list_slots", "put_therapist", "remove_therapist", "put_account", "remove_account"}

# Of FHIR, with what is sent.
ROUTES = [("GET", path) for path in (
    "/ServiceRequest/{0}", "/ServiceRequest/{0}/_history", "/ServiceRequest/{0}/_history/4", "/ServiceRequest/{0}/$explain", "/Task/{0}", "/Task/{0}/_history",
    "/Task/{0}/_history/4", "/Patient/{0}", "/Patient/{0}/_history/4", "/Coverage/{0}-1", "/Appointment/{0}-1", "/Provenance/{0}-4", "/AuditEvent/{0}-4",
    "/ServiceRequest", "/ServiceRequest?_id={0}", "/ServiceRequest?patient=Patient/{0}&_include=ServiceRequest:patient&_revinclude=Task:focus", "/Task",
    "/Task?_id={0}&_include=Task:patient", "/Task?owner=Practitioner/1000000004", "/Patient", "/Patient?_id={0}", "/Patient?name=ZYGOMORPH", "/Coverage?patient={0}",
    "/Appointment?patient={0}", "/Provenance?target=ServiceRequest/{0}", "/AuditEvent?entity=ServiceRequest/{0}")]
WRITES = [("PUT", "/ServiceRequest/{0}", {"resourceType": "ServiceRequest", "id": "{0}", "status": "revoked"}), ("PUT", "/Task/{0}", {"status": "cancelled"}),
          ("PUT", "/Task/{0}", {"status": "accepted"}), ("PUT", "/Task/{0}", {"status": "rejected"}), ("PUT", "/Task/{0}", {"status": "completed"})]


def messages():
    """The node's own messages, by name, made from the sources of this build."""
    with tempfile.NamedTemporaryFile(prefix="fascia-test-") as file:
        subprocess.run(["protoc", f"-I{SOURCE}/proto", "-I/usr/include", "--include_imports", f"--descriptor_set_out={file.name}", "fascia/v1/http.proto"],
                       check=True, timeout=PATIENCE * 3)
        files = descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(file.name).read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for described in files.file:
        pool.Add(described)
    factory = message_factory.MessageFactory(pool)
    return lambda name: factory.GetPrototype(pool.FindMessageTypeByName(f"fascia.v1.{name}"))


class Reach(FhirCase):
    @classmethod
    def setUpClass(cls):
        made = messages()
        cls.Request, cls.Answer, cls.Command = made("ControlRequest"), made("Answer"), made("Command")

    def setUp(self):
        self.asker = Web(free_port(), "/api")
        self.plugin = SOURCE_OF_FHIR + ASKER.format(plugin=BUILD / "tests/hostile/hostile-asker.so", isolation=ISOLATION,
                                                    timeout="20s" if SANITIZED else "2s", asker=self.asker.port)
        super().setUp()
        self.bring_therapists(OFFERED)
        self.owner = self.account("hillside", ALL, "referrer")
        self.sent = service_request(MARK)
        self.number = self.expect(self.owner.ask("POST", "/ServiceRequest", self.sent, Prefer="return=representation"), 201)["id"]
        self.assertEqual(self.number, "1")  # as REQUESTS has it
        self.offered(self.number)
        self.bring_therapists(OFFERED, OTHER)
        # Who may come in and reaches nothing of it: clients, and people.
        self.others = {
            "another practice": self.account("ridge", ALL, "referrer").token,
            "a therapist who is not asked": self.account("t-other", ALL, "therapist", therapist=OTHER).token,
            "another practice that is also a therapist": self.account("both", ALL, "referrer", "therapist", therapist=OTHER).token,
            "its sender without the scope": self.account("desk", "system/Practitioner.rs", "referrer", sender="hillside").token,
            "its sender, disabled since": self.account("gone", ALL, "referrer", sender="hillside").token,
            "a coordinator without the scope": self.account("bare", "system/Practitioner.rs", "coordinator").token,
            "somebody of another practice": self.person("ann", "referrer", "--sender", "ridge").token,
            "who is a therapist that is not asked": self.person("tom", "therapist", "--therapist", OTHER).token,
            "an administrator": self.person("root", "admin").token,
            "nobody": None, "an unknown token": "A" * 43}
        self.node.ctl("client", "set", "gone", "--disable")

    def request(self, asked):
        request = json_format.ParseDict(asked, self.Request())
        body = getattr(request, request.WhichOneof("body"))
        if request.WhichOneof("body") == "command":
            body = getattr(body, body.WhichOneof("body"))
        names = [field.name for field in body.DESCRIPTOR.fields]
        if body.DESCRIPTOR.name == "Submit":
            body.referral.sender, body.referral.sender_referral_id, body.referral.message_id = "hillside", self.sent["identifier"][0]["value"], "m"
            body.source = "ehr"
        elif "referral" in names:
            body.referral = int(self.number)
        request.version = 1
        return request

    def ask(self, asked, token):
        answer = self.asker.ask("POST", "/ask", self.request(asked).SerializeToString(), token=token, Content_Type="application/octet-stream")
        return answer.status, answer.body.decode("latin-1"), self.Answer.FromString(answer.body) if answer.status in (200, 403) else None

    def before_and_after(self):
        detail = self.node.ctl("referral", "show", f"R{self.number}", "--history")["detail"]
        return detail["row"], [entry["sequence"] for entry in detail["history"] if "viewed" not in entry["event"]]

    def told(self, what, answer):
        """What an answer says of the referral; "" when it is as if that were not there."""
        response = answer.response
        if answer.forbidden or response.not_found:
            return ""
        if response.HasField("result"):
            named = response.result.referral or response.result.HasField("status")
            refused = response.result.verdict == response.result.DESCRIPTOR.fields_by_name["verdict"].enum_type.values_by_name["NOT_FOUND"].number
            return "" if refused and not named else str(response)
        if what in LISTS:
            rows = [row.referral for row in (*response.referrals, *response.offers)]
            return f"rows {rows}" if rows or response.error else ""
        return str(response)

    def test_what_is_not_theirs_is_not_there(self):
        stood = self.before_and_after()
        wrong = []
        for who, token in self.others.items():
            for what, asked in REQUESTS.items():
                status, text, answer = self.ask(asked, token)
                if (who, what) == ("an administrator", "audit"):  # theirs to see, and says of no patient more than a number
                    self.assertNotIn(MARK, text)
                    continue
                if MARK in text or self.sent["identifier"][0]["value"] in text or status not in (200, 403) or self.told(what, answer):
                    wrong.append((who, what, status, answer and self.told(what, answer)[:200]))
        self.assertEqual(wrong, [])
        self.assertEqual(self.before_and_after(), stood)

    def test_nothing_that_can_be_asked_was_left_out(self):
        kinds = {field.name for message in (self.Request, self.Command) for field in message.DESCRIPTOR.oneofs_by_name["body"].fields} - {"command"}
        tried = {next(iter(asked.get("command", asked))) for asked in REQUESTS.values()}
        self.assertEqual(kinds, tried | OF_NONE)

    def test_who_it_is_theirs_sees_it(self):
        """The same requests, so that what the others are not told is known to be there."""
        coordinator = self.account("desk-2", ALL, "coordinator").token
        doctor = self.person("dora", "referrer", "--sender", "hillside").token
        for token in (self.owner.token, coordinator, doctor, self.person("carl", "coordinator").token):
            self.assertIn(MARK, self.ask(REQUESTS["show"], token)[1])
            self.assertTrue(self.told("list", self.ask(REQUESTS["list"], token)[2]))
            self.assertTrue(self.told("view", self.ask(REQUESTS["view"], token)[2]))
        self.assertTrue(self.told("explain", self.ask(REQUESTS["explain"], coordinator)[2]))
        asked = self.account("t-asked", ALL, "therapist", therapist=OFFERED).token
        self.assertTrue(self.told("offers", self.ask(REQUESTS["offers"], asked)[2]))
        self.assertTrue(self.told("accept", self.ask(REQUESTS["accept"], asked)[2]))

    def test_no_route_of_fhir_shows_it(self):
        stood = self.before_and_after()
        wrong = []
        shown = 0
        for method, path in ROUTES:
            shown += MARK in self.owner.ask(method, path.format(self.number)).text
            for who, token in self.others.items():
                answer = self.web.ask(method, path.format(self.number), token=token)
                rows = [entry for entry in answer.json.get("entry", []) if entry.get("search", {}).get("mode") != "outcome"] if answer.status == 200 else []
                if MARK in answer.text.replace("name=" + MARK, "") or rows or answer.status not in (200, 401, 403, 404):
                    wrong.append((who, method, path, answer.status, answer.text[:200]))
        self.assertGreater(shown, 10)
        task = self.owner.get(f"/Task/{self.number}")
        for method, path, change in WRITES:
            body = {**(self.owner.get(f"/ServiceRequest/{self.number}") if "Service" in path else task), **change, "id": self.number}
            for who, token in self.others.items():
                answer = self.web.ask(method, path.format(self.number), body, token=token)
                if MARK in answer.text or answer.status not in (401, 403, 404):
                    wrong.append((who, method, path, answer.status, answer.text[:200]))
        self.assertEqual(wrong, [])
        self.assertEqual(self.before_and_after(), stood)


if __name__ == "__main__":
    unittest.main()
