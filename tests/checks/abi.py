"""The plugin interface only grows: abidiff compares <fascia/plugin.h> with every ABI that was recorded (tests/abi/plugin-*.xml).

usage: abi.py ROOT [record]
What may differ from a recording: a field at the end of a structure that says its own size, a value added to an enum, a type, function or
constant added. Everything else breaks a plugin that somebody built. `record` writes the header's ABI as a new recording; tests/abi/README.md
says when.
"""
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

# One line a change of a leaf type; harmless changes are told too, since it is for this file to say what harms.
ABIDIFF = ["abidiff", "--leaf-changes-only", "--harmless", "--redundant", "--no-architecture", "--no-show-locs"]
# Stable text: what differs between two recordings is what differs between two headers.
ABIDW = ["abidw", "--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--no-elf-needed", "--type-id-style", "hash"]
# A structure is known to say its size when a 32-bit `size` is its first field, or its second one after a 32-bit magic.
SIZE_FIELD_AT = 32

# What abidiff may say without a fault. Every line that is none of these is one, so that an unknown kind of change is never let through.
HEADS = re.compile(r"Leaf changes summary: |Changed leaf types summary: |Removed/Changed/Added (functions|variables) summary: 0 Removed, 0 Changed, "
                   r"|\d+ Added (functions?|variables?):$|  \[A\] ")
CHANGED = re.compile(r"'(struct|enum) (\w+)' changed:$")
GROWN = re.compile(r"  type size (changed from \d+ to \d+ \(in bits\)|hasn't changed)$|  \d+ data member insertions?:$")
FIELD = re.compile(r"    '.*', at offset (\d+) \(in bits\)$")
ENUM = re.compile(r"  type size hasn't changed$|  \d+ enumerator insertions?:$|    '\w+::\w+' value '\d+'$")


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        sys.exit(f"abi: {' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def preprocessed(include, *flags):
    return run(["cc", "-std=c17", "-E", "-P", *flags, f"-I{include}", "-x", "c", "-"], input="#include <fascia/plugin.h>\n")


def numbers(include):
    """The header's constants. The minor version is the one that is there to change."""
    found = re.findall(r"^#define (FASCIA_\w+) ([^\"\n]+)$", preprocessed(include, "-dM"), re.MULTILINE)
    return [name for name, _ in sorted(found) if name != "FASCIA_ABI_MINOR"]


def probe(include):
    """A library's source with a variable of each structure, enum, function and typedef that the header names; debug information does not
    know macros, so each constant becomes the value of an enum."""
    text = preprocessed(include)
    typedefs = re.findall(r"\btypedef\b[^;{]*?\b(?<!struct )(?<!enum )(?<!union )(fascia_\w+)\s*\)?[^;{]*;", text)
    functions = set(re.findall(r"\b(fascia_\w+)\s*\((?!\s*\*)", re.sub(r"\btypedef\b[^;{]*;", "", text)))
    lines = ["#include <fascia/plugin.h>", "#define EVERY __attribute__((visibility(\"default\")))"]
    lines += [f"EVERY {kind} {name} *{kind}_{name};" for kind, name in sorted(set(re.findall(r"\b(struct|enum|union)\s+(fascia_\w+)", text)))]
    lines += [f"EVERY {name} *typedef_{name};" for name in sorted(set(typedefs))]
    lines += [f"EVERY __typeof__(&{name}) function_{name};" for name in sorted(functions)]
    lines += [f"EVERY enum number_{name} {{ VALUE_OF_{name} = {name} }} *number_{name};" for name in numbers(include)]
    return "\n".join(lines) + "\n"


def describe(root, place):
    """The header's ABI as abidw tells it, made from what is installed of it and nothing else of ours."""
    include = root / "plugins/include"
    source, library, told = place / "plugin.c", place / "plugin.so", place / "plugin.xml"
    source.write_text(probe(include), encoding="utf-8")
    run(["cc", "-std=c17", "-g", "-O0", "-shared", "-fPIC", f"-I{include}", "-o", str(library), source.name], cwd=place)
    told.write_text(run([*ABIDW, str(library)]), encoding="utf-8")
    return told


def version(root):
    text = preprocessed(root / "plugins/include", "-dM")
    return tuple(int(re.search(rf"^#define FASCIA_ABI_{part} (\d+)", text, re.MULTILINE).group(1)) for part in ("MAJOR", "MINOR"))


def structures(path):
    """name -> (bits, whether it says its size, {field: (offset, type)}). Types are named by a hash of their spelling."""
    found = {}
    tree = xml.etree.ElementTree.parse(path)
    narrow = {part.get("id") for part in tree.iter("typedef-decl") if part.get("name") == "uint32_t"}
    for part in tree.iter("class-decl"):
        fields = {}
        for member in part.iter("data-member"):
            declared = member.find("var-decl")
            fields[declared.get("name")] = (int(member.get("layout-offset-in-bits")), declared.get("type-id"))
        at, declared = fields.get("size", (0, None))
        sized = at <= SIZE_FIELD_AT and declared in narrow
        found[part.get("name")] = (int(part.get("size-in-bits", 0)), sized, fields)
    return found


def faults_of_report(report, recorded):
    """Lines of abidiff that tell of more than an addition."""
    kind = name = None
    for line in filter(None, report.splitlines()):
        changed = CHANGED.match(line)
        if changed:
            kind, name = changed.groups()
        elif HEADS.match(line):
            continue
        elif kind == "struct" and (GROWN.match(line) or FIELD.match(line)):
            bits, sized, _ = recorded.get(name, (0, False, {}))
            field = FIELD.match(line)
            if not sized:
                yield f"struct {name} does not say its size, and can't grow: {line.strip()}"
            elif field and int(field.group(1)) < bits:
                yield f"struct {name}: an older plugin's size covers the new field; put it behind the end: {line.strip()}"
        elif not (kind == "enum" and ENUM.match(line)):
            yield f"{kind} {name}: {line.strip()}" if kind else line.strip()


def faults_of_fields(recorded, told):
    """What abidiff holds for the same type and a C program does not: const."""
    for name, (_, _, fields) in recorded.items():
        now = told.get(name, (0, False, {}))[2]
        for field, was in fields.items():
            if now.get(field) != was:
                yield f"struct {name}: {field} is not what it was"


def compare(recording, told):
    """(faults, whether something was added)"""
    done = subprocess.run([*ABIDIFF, str(recording), str(told)], capture_output=True, text=True, check=False)
    if done.returncode & 3:
        return [f"abidiff: {done.stderr.strip()}"], False
    recorded = structures(recording)
    faults = list(faults_of_report(done.stdout, recorded)) or list(faults_of_fields(recorded, structures(told)))
    return faults, re.search(r" insertions?:$|^  \[A\] ", done.stdout, re.MULTILINE) is not None


def recordings(root):
    """(major, minor) -> path, oldest first."""
    found = {}
    for path in (root / "tests/abi").glob("plugin-*.xml"):
        major, minor = path.stem.removeprefix("plugin-").split(".")
        found[int(major), int(minor)] = path
    return dict(sorted(found.items()))


def problems(root, told, record):
    known, now = recordings(root), version(root)
    if not known and not record:
        yield "tests/abi holds no recorded ABI"
    added = False
    for (major, minor), path in known.items():
        faults, added = compare(path, told)
        yield from (f"ABI {major}.{minor} is broken: {fault}" for fault in faults)
    newest = max(known, default=now)
    if now < newest:
        yield f"the header says ABI {now[0]}.{now[1]}, and {newest[0]}.{newest[1]} is recorded"
    if added and now == newest:
        yield f"the header has more than the recorded ABI {now[0]}.{now[1]}: raise FASCIA_ABI_MINOR"


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as place:
        told = describe(root, pathlib.Path(place))
        record = sys.argv[2:] == ["record"]
        target = root / "tests/abi/plugin-{}.{}.xml".format(*version(root))
        found = list(problems(root, told, record))
        for problem in found:
            print(problem)
        if record and not found and not target.exists():
            target.write_bytes(told.read_bytes())
            print(f"abi: recorded as {target.relative_to(root)}")
    print(f"abi: {len(recordings(root))} recorded, {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
