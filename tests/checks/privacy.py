"""Patient data is tagged in the proto files, and the log has no way to write it.

usage: privacy.py ROOT
1. Every field of Patient, and every text or bytes field whose name says that it holds what a sender wrote, carries fascia.v1.patient_data.
2. Outside the log's own file nothing of the daemon writes to stdout, stderr or syslog by format, but what runs before or instead of a node.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

TELLING = {
    "family_name", "given_name", "birth_date", "phones", "emails", "lines", "member_id", "original", "payload", "note", "summary",
    "pain_before", "pain_after", "postal_code", "latitude", "longitude", "value", "content", "sender_referral_id",
}
# Fields with a telling name that tell nothing of a patient: of therapists and places, or already sealed.
EXEMPT = {"Place.postal_code", "Referrer.phones", "Position.latitude", "ShowReferral.content", "PluginDescription.summary"}
MAY_PRINT = {"daemon/io/log.c", "daemon/node/node.c", "daemon/node/check_source.c", "daemon/core/fault.c", "daemon/config/help.c", "daemon/plugin/runner/fascia-plugin-runner.c"}
PRINTS = re.compile(r"\b(printf|fprintf|vfprintf|puts|fputs|perror|syslog|sd_journal_print\w*)\s*\(")
TAG_EXTENSION = 50001


def fields(root):
    """(message, field, tagged) of every field, by protoc's own reading."""
    field = re.compile(r"^\s*(?:repeated\s+)?[\w.<>, ]+\s+(\w+)\s*=\s*\d+\s*(\[[^\]]*\])?\s*;")
    for path in sorted((root / "proto/fascia/v1").glob("*.proto")):
        stack = []
        for line in path.read_text(encoding="utf-8").splitlines():
            line = line.split("//")[0]
            opened = re.match(r"\s*message\s+(\w+)", line)
            if opened:
                stack.append(opened.group(1))
            elif re.match(r"\s*(enum|oneof|extend)\b", line):
                stack.append(stack[-1] if line.strip().startswith("oneof") and stack else None)
            # A message may be written on one line.
            body = line[line.index("{") + 1 :] if "{" in line else line
            for part in re.split(r"(?<=;)", body):
                match = field.match(part)
                if match and stack and stack[-1]:
                    yield stack[-1], match.group(1), "patient_data" in (match.group(2) or "")
            for _ in range(line.count("}")):
                if stack:
                    stack.pop()


def compiles(root):
    with tempfile.NamedTemporaryFile() as out:
        done = subprocess.run(
            ["protoc", f"-I{root / 'proto'}", "-I/usr/include", f"--descriptor_set_out={out.name}",
             *[str(p) for p in sorted((root / "proto/fascia/v1").glob("*.proto"))]], capture_output=True, text=True)
    return done.returncode == 0, done.stderr


def problems(root):
    good, text = compiles(root)
    if not good:
        yield f"protoc: {text}"
    seen = 0
    for message, name, tagged in fields(root):
        seen += 1
        wanted = (message == "Patient" and name not in {"languages"}) or (name in TELLING and f"{message}.{name}" not in EXEMPT)
        if wanted and not tagged:
            yield f"{message}.{name} may hold patient data and is not tagged"
    if seen == 0:
        yield "no field was looked at"
    for path in sorted(root.glob("daemon/**/*.c")):
        name = str(path.relative_to(root))
        if name in MAY_PRINT or name.startswith("daemon/ctl/"):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            match = PRINTS.search(line)
            if match and not (match.group(1) == "fprintf" and "fprintf(out" in line):
                yield f"{name}:{number}: {match.group(1)}() writes past the log"


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    found = list(problems(root))
    for problem in found:
        print(problem)
    print(f"privacy: {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
