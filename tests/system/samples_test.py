"""Each sample message either becomes a referral or is refused with every reason named, by code and place."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fascia import SOURCE, Node, field, segments  # noqa: E402

SAMPLES = SOURCE / "plugins/hl7v2/samples"
TAKEN, REFUSED, REJECTED = "AA", "AE", "AR"


def codes(answer):
    """Every (code, place) of an answer, in either form of ERR; warnings are marked."""
    found = []
    for segment in segments(answer, "ERR"):
        if segment[1:2] != [""]:  # before 2.5: one segment, ERR-1 repeats
            for repetition in segment[1].split("~"):
                place = repetition.split("^")
                found.append((place[3].split("&")[0], "^".join(place[:3])))
        else:
            found.append((segment[3].split("^")[0] + ("W" if segment[4] == "W" else ""), segment[2]))
    return found


NO_MASSAGE_WANTED = ("101", "PR1^1^3^1")
EXPECTED = {
    # A biopsy of the colon for an ulcer: nothing that massage treats, an expired authorization, dates that have passed, a place that is none.
    "ms-fhir-converter_REF-I12-01.hl7": ([REFUSED], [
        NO_MASSAGE_WANTED, ("103", "DG1^1^3^1^1"), ("103", "PR1^1^3^1^1"), ("102", "RF1^1^8^1"), ("102", "AUT^1^5^1"), ("103", "PID^1^11^1^5")]),
    "ms-fhir-converter_REF-I14-01.hl7": ([REFUSED], [("204", "RF1^1^6^1")]),
    # No role of the referrer that fascia knows, no technique, and a place in a country whose places are not in the table.
    "HL7v2Kit_au_ref_i12.hl7": (["CA", REFUSED], [("101", "PRD^1^"), ("101", "PR1^1^3"), ("103", "DG1^1^3"), ("103", "PID^1^11")]),
    "HL7v2Kit_au_ref_i12_simplified.hl7": (["CA", REFUSED], [("101", "PRD^1^"), ("101", "PR1^1^3"), ("103", "PID^1^11")]),
    "HL7v2Kit_au_rri_i12.hl7": ([REJECTED], [("200", "MSH^1^9")]),
    "low-back-pain.hl7": ([TAKEN], [("103W", "DG1^2^3^1^1")]),
    "low-back-pain-modify.hl7": ([TAKEN], []),
    "low-back-pain-status.hl7": ([TAKEN], []),
    "low-back-pain-cancel.hl7": ([TAKEN], []),
    "whiplash-chiropractor-2.3.1.hl7": ([TAKEN], []),
    "lymphoedema-physiotherapist-8859-1.hl7": (["CA", TAKEN], []),
    "360x-low-back-pain.hl7": ([TAKEN], []),
    "360x-low-back-pain-change.hl7": ([TAKEN], []),
    "360x-low-back-pain-cancel.hl7": ([TAKEN], []),
    "omg-neck-pain-chiropractor-2.4.hl7": ([TAKEN], []),
}
# A change, a question and a cancel are of a referral that is there.
ORDER = ["low-back-pain.hl7", "low-back-pain-modify.hl7", "low-back-pain-status.hl7", "low-back-pain-cancel.hl7",
         "360x-low-back-pain.hl7", "360x-low-back-pain-change.hl7", "360x-low-back-pain-cancel.hl7"]
# Who may send orders.
SENDERS = [{"facility": "2.16.840.1.113883.3.9621.7", "statuses": "360x"}, {"application": "SPINEPRO", "requests": "orders"}]


class Samples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.node = Node(senders=SENDERS).__enter__()
        cls.addClassCleanup(cls.node.__exit__, None, None, None)
        cls.node.start()
        cls.answers = {}
        for name in ORDER + sorted(set(EXPECTED) - set(ORDER)):
            with cls.node.connect() as sender:
                sender.send((SAMPLES / name).read_bytes())
                cls.answers[name] = [sender.receive() for _ in EXPECTED[name][0]]

    def test_each_sample_is_expected_to_become_something(self):
        self.assertEqual({path.name for path in SAMPLES.glob("*.hl7")}, set(EXPECTED))

    def test_each_sample_is_taken_or_refused_for_exactly_these_reasons(self):
        for name, (acknowledgements, reasons) in EXPECTED.items():
            with self.subTest(name):
                asked = field((SAMPLES / name).read_bytes().decode("latin-1"), "MSH", 10)
                answers = self.answers[name]
                self.assertEqual([(field(answer, "MSA", 1), field(answer, "MSA", 2)) for answer in answers], [(code, asked) for code in acknowledgements])
                self.assertEqual(codes(answers[-1]), reasons, answers[-1])

    def test_what_was_taken_is_there_and_what_was_refused_is_not(self):
        listed = self.node.ctl("referral", "list")["referrals"]
        self.assertEqual(sorted(condition for row in listed for condition in row["conditions"]), ["lymphoedema", "neck-pain", "neck-pain"])
        for number in ("R1", "R2"):
            self.assertEqual(self.node.ctl("referral", "show", number)["detail"]["row"]["state"], "cancelled")

    def test_what_was_sent_is_shown_as_it_was_meant(self):
        contents = {}
        for number in (1, 2, 3, 4, 5):
            content = self.node.ctl("referral", "show", f"R{number}", "--content")["detail"]["content"]
            contents[content["patient"]["family_name"]] = content
        self.assertEqual(set(contents), {"Whitfield", "Castellano", "Müller", "Marsh", "Okonkwo"})
        self.assertEqual(contents["Müller"]["patient"]["given_name"], "Zoë")
        self.assertEqual(contents["Müller"]["referrer"]["name"], "Jürgen Grünwald PT")
        self.assertEqual(contents["Müller"]["referrer"]["role"].lower(), "physiotherapist")
        self.assertEqual(contents["Marsh"]["referrer"]["role"].lower(), "chiropractor")
        self.assertEqual(contents["Castellano"]["referrer"]["name"], "Dr Maren E Lindqvist MD")
        self.assertEqual(contents["Okonkwo"]["referrer"]["role"].lower(), "chiropractor")
        self.assertIn("Manual therapy beside adjustment, please\ntwice a week&no thrust techniques", [note["text"] for note in contents["Marsh"]["notes"]])

    def test_a_sender_whose_role_is_configured_may_leave_it_out(self):
        """The Australian samples lack a role that is known; with it configured, that is no reason any more."""
        with Node(senders=[{"application": "SYNTH_CIS", "role": "physician"}]) as node:
            node.start()
            with node.connect() as sender:
                sender.send((SAMPLES / "HL7v2Kit_au_ref_i12.hl7").read_bytes())
                sender.receive()
                self.assertEqual(codes(sender.receive()), [reason for reason in EXPECTED["HL7v2Kit_au_ref_i12.hl7"][1] if not reason[1].startswith("PRD")])


if __name__ == "__main__":
    unittest.main()
