#!/usr/bin/python3
"""A source in Python: referral lines, the format of plugins/template, over connections.

    REFER|id|role|referrer|npi|family|given|birth|state|postal code|diagnosis|treatment|payer|note
    CANCEL|id|reason
    ASK|id

Each line is answered by one: OK|id|number|where it stands, NO|id|column|what to change, or LATER|id.
"""
import fascia_source
from fascia.v1 import command_pb2, plugin_pb2, referral_pb2, runner_pb2

LONGEST = 8192
COLUMNS = ("verb", "id", "role", "referrer", "npi", "family", "given", "birth", "state", "postal", "diagnosis", "treatment", "payer", "note")
ROLES = {"physician": referral_pb2.ROLE_PHYSICIAN, "chiropractor": referral_pb2.ROLE_CHIROPRACTOR,
         "physiotherapist": referral_pb2.ROLE_PHYSIOTHERAPIST}
VERBS = {"REFER": (len(COLUMNS), command_pb2.Submit.NEW), "CANCEL": (3, command_pb2.Submit.CANCEL), "ASK": (2, command_pb2.Submit.STATUS)}
# What fascia calls a field, and what this format calls its column.
COLUMN_OF = {"sender_referral_id": "id", "referrer.role": "role", "patient": "family", "patient.birth_date": "birth",
             "patient.address.state": "state", "patient.address.postal_code": "postal code", "conditions": "diagnosis",
             "procedures": "treatment", "coverages.payer": "payer"}


class Wrong(Exception):
    """A line that can't be taken: the column, and what to change. Neither repeats what stood there."""


def read_line(payload, sender):
    """The id and the Submit of one line, or Wrong with the id as far as there is one."""
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        raise Wrong("", "line", "is no UTF-8 text, or holds a control character") from None
    if any(character < " " and character != "\t" or character == "\x7f" for character in text):
        raise Wrong("", "line", "is no UTF-8 text, or holds a control character")
    columns = text.split("|")
    identifier = columns[1] if len(columns) > 1 else ""
    if columns[0] not in VERBS:
        raise Wrong(identifier, "line", "begin it with REFER|id|..., CANCEL|id|reason or ASK|id")
    most, action = VERBS[columns[0]]
    if len(columns) > most:
        raise Wrong(identifier, "line", "has more columns than it can have")
    if not identifier:
        raise Wrong("", "id", "write the referral's id in your program, without which it can't be found again")
    value = dict(zip(COLUMNS, columns + [""] * len(COLUMNS)))
    referral = referral_pb2.Referral(sender=sender, sender_referral_id=identifier, original=payload,
                                     original_media_type="text/x-referral-line")
    submit = command_pb2.Submit(action=action, referral=referral)
    if columns[0] == "REFER":
        fill(submit.referral, value)
        submit.update_if_changed = True  # the same id with other content is a correction: there is no verb for one
    else:
        submit.reason = value["role"]  # the third column
    return identifier, submit


def fill(referral, value):
    if value["role"] not in ROLES:
        raise Wrong(value["id"], "role", "write physician, chiropractor or physiotherapist")
    referral.referrer.role = ROLES[value["role"]]
    referral.referrer.name = value["referrer"]
    if value["npi"]:
        referral.referrer.identifiers.add(type="NPI", value=value["npi"])
    referral.patient.family_name, referral.patient.given_name = value["family"], value["given"]
    referral.patient.birth_date = value["birth"]
    referral.patient.address.state, referral.patient.address.postal_code = value["state"], value["postal"]
    # location: so that what is wrong with a code can be told in the sender's own words
    if value["diagnosis"]:
        referral.conditions.add(system="ICD-10-CM", code=value["diagnosis"], location="diagnosis")
    if value["treatment"]:
        referral.procedures.add(system="CPT", code=value["treatment"], location="treatment")
    if value["payer"]:
        referral.coverages.add(payer=value["payer"])
    if value["note"]:
        referral.notes.add(kind="reason", text=value["note"])


def answer(identifier, result):
    if result.verdict in (command_pb2.Result.OK, command_pb2.Result.DUPLICATE):
        return f"OK|{identifier}|{result.referral}|{result.status.text}"
    if result.verdict in (command_pb2.Result.BUSY, command_pb2.Result.FAILED):
        return f"LATER|{identifier}"
    for problem in result.problems:
        if problem.severity == referral_pb2.Problem.ERROR:
            return f"NO|{identifier}|{problem.location or COLUMN_OF.get(problem.field, problem.field)}|{problem.message}"
    known = result.verdict != command_pb2.Result.NOT_FOUND
    return f"NO|{identifier}|id|{'the state of the referral does not allow this' if known else 'no referral of this id is known'}"


class Lines(fascia_source.Source):
    NAME, VERSION, SUMMARY = "python-lines", "1.0", "Referral lines, in Python"
    OPTIONS = (runner_pb2.PluginOption(type=fascia_source.TEXT, name="sender", has_default=True, default_value="lines", minimum=1, maximum=64,
                                       help="What the sending program is called; referrals are known by it and their id"),)

    def __init__(self, host, options):
        super().__init__(host, options)
        self.sender = options["sender"]
        self.open = {}  # token: id of the line that waits for its result
        if "|" in self.sender:
            raise fascia_source.Refused("sender holds '|', which separates columns; leave it out")

    def frame(self, buffered):
        start = len(buffered) - len(buffered.lstrip(b"\r\n"))  # empty lines are noise
        end = buffered.find(b"\n", start)
        line = buffered[start:end if end >= 0 else None].removesuffix(b"\r")
        if len(line) > LONGEST:
            raise fascia_source.Invalid(f"NO||line|is longer than {LONGEST} bytes\n".encode())
        return fascia_source.Frame(start, len(line), end + 1) if end >= 0 else start

    def end(self, token, text):
        line = text.replace("\n", " ").replace("\r", " ") + "\n"
        self.host.complete(token, plugin_pb2.Completion(reply=line.encode()))

    def deliver(self, token, delivery):
        try:
            identifier, submit = read_line(delivery.payload, self.sender)
        except Wrong as wrong:
            self.end(token, "NO|" + "|".join(wrong.args))
            return
        self.open[token] = identifier
        self.host.submit(token, 0, submit)

    def result(self, token, item, result):
        self.end(token, answer(self.open.pop(token), result))

    def abandon(self, token):
        self.open.pop(token, None)

    def refuse(self, token, delivery):
        columns = delivery.payload.decode(errors="replace").split("|")
        self.end(token, f"NO|{columns[1] if len(columns) > 1 else ''}|line|this node can't work it off; ask before it is sent again")


if __name__ == "__main__":
    fascia_source.serve(Lines)
