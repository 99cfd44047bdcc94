"""The messages only grow: proto/fascia/v1 is compared with what was recorded at the last release (tests/abi/proto.txt).

usage: proto.py ROOT [record]
A recorded line is a promise: a field keeps its number, name, type, label, oneof, JSON name and its tag of patient data; an enum value its
number and name; a message, an enum and a reservation stay. A field or value may go when both its number and its name are reserved; a tag
of patient data may come. `record` writes what there is now, if it only adds; tests/abi/README.md says when.
"""
import pathlib
import subprocess
import sys
import tempfile

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

Field = descriptor_pb2.FieldDescriptorProto
TYPES = {number: name.removeprefix("TYPE_").lower() for name, number in Field.Type.items()}
LABELS = {number: name.removeprefix("LABEL_").lower() for name, number in Field.Label.items()}
TAG = "fascia.v1.patient_data"
C_OPTIONS = "pb_c_file"


def compiled(root):
    """The descriptors of every file, imports too, as protoc reads them."""
    files = sorted((root / "proto").rglob("*.proto"))
    with tempfile.NamedTemporaryFile() as out:
        done = subprocess.run(["protoc", f"-I{root / 'proto'}", "-I/usr/include", "--include_imports", f"--descriptor_set_out={out.name}",
                               *map(str, files)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"proto: {done.stderr.strip()}")
        return descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(out.name).read_bytes())


class Facts:
    """What may not change, as key -> value; and the numbers and names that are reserved. Each message in its file's order."""

    def __init__(self, descriptors):
        self.found = {}
        self.pool = descriptor_pool.DescriptorPool()
        for file in descriptors.file:
            self.pool.Add(file)
        for file in sorted(descriptors.file, key=lambda file: file.name):
            if file.name.startswith("fascia/"):
                self.add_file(file)

    def option(self, options, name):
        """The value of an option that one of the files defines; None when it was not set."""
        kind = message_factory.MessageFactory(self.pool).GetPrototype(self.pool.FindMessageTypeByName(options.DESCRIPTOR.full_name))
        read = kind.FromString(options.SerializeToString())
        extension = self.pool.FindExtensionByName(name)
        return read.Extensions[extension] if read.HasExtension(extension) else None

    def add_file(self, file):
        c_options = self.option(file.options, C_OPTIONS)
        package = f", C package {c_options.c_package}" if c_options is not None else ""
        self.found[f"file {file.name}"] = f"{file.syntax or 'proto2'}, package {file.package}{package}"
        for extension in file.extension:
            self.found[f"extension {file.package}.{extension.name}"] = f"{extension.extendee} {extension.number}, {self.spelled(extension, [])}"
        for enum in file.enum_type:
            self.add_enum(file, f"{file.package}.{enum.name}", enum)
        for message in file.message_type:
            self.add_message(file, f"{file.package}.{message.name}", message)

    def add_message(self, file, name, message):
        self.found[f"message {name}"] = f"{file.name}{', entry of a map' if message.options.map_entry else ''}"
        for field in message.field:
            self.found[f"field {name} {field.number}"] = self.spelled(field, message.oneof_decl)
        # Of messages the end is the first number that is free again.
        self.add_reserved(name, [(part.start, part.end - 1) for part in message.reserved_range], message.reserved_name)
        for enum in message.enum_type:
            self.add_enum(file, f"{name}.{enum.name}", enum)
        for nested in message.nested_type:
            self.add_message(file, f"{name}.{nested.name}", nested)

    def add_enum(self, file, name, enum):
        self.found[f"enum {name}"] = file.name
        for value in enum.value:
            self.found[f"value {name} {value.number} {value.name}"] = ""
        self.add_reserved(name, [(part.start, part.end) for part in enum.reserved_range], enum.reserved_name)

    def add_reserved(self, name, ranges, names):
        for start, end in ranges:
            self.found[f"reserved {name} {start}..{end}"] = ""
        for word in names:
            self.found[f'reserved {name} "{word}"'] = ""

    def spelled(self, field, oneofs):
        parts = [field.name, LABELS[field.label], f"{TYPES[field.type]} {field.type_name}".strip(), f"json {field.json_name}"]
        if field.proto3_optional:
            parts.append("presence")
        elif field.HasField("oneof_index"):
            parts.append(f"oneof {oneofs[field.oneof_index].name}")
        if field.options.HasField("packed"):
            parts.append(f"packed {field.options.packed}")
        if self.option(field.options, TAG):
            parts.append("patient data")
        return ", ".join(parts)

    def text(self):
        return "".join(f"{key}: {value}\n" if value else f"{key}\n" for key, value in self.found.items())


def parsed(text):
    return {key: value for key, _, value in (line.partition(": ") for line in text.splitlines() if line)}


def is_reserved(facts, owner, number, name):
    ranges = [key.rsplit(" ", 1)[1].split("..") for key in facts if key.startswith(f"reserved {owner} ") and ".." in key]
    return any(int(start) <= number <= int(end) for start, end in ranges) and f'reserved {owner} "{name}"' in facts


def stays_reserved(facts, key):
    """A range may be written in another way, as long as it holds the same numbers."""
    _, owner, what = key.split(" ")
    if what.startswith('"'):
        return False
    start, end = map(int, what.split(".."))
    for low, high in sorted(tuple(map(int, other.rsplit(" ", 1)[1].split(".."))) for other in facts
                            if other.startswith(f"reserved {owner} ") and ".." in other):
        if low <= start <= high:
            start = high + 1
    return start > end


def gone(facts, key, was):
    """Why what was recorded under key and is not there now may not go; None when it may."""
    kind, *words = key.split(" ")
    if kind == "reserved":
        return None if stays_reserved(facts, key) else f"{key} is not reserved any more"
    if kind in ("field", "value"):
        owner, number, name = words[0], int(words[1]), was.split(",")[0] if kind == "field" else words[2]
        return None if is_reserved(facts, owner, number, name) else f"{key} ({name}) is gone; reserve both its number and its name"
    return f"{key} is gone"


def problems(recorded, now):
    if not recorded:
        yield "nothing is recorded"
    for key, was in recorded.items():
        if key not in now:
            fault = gone(now, key, was)
            if fault:
                yield fault
        elif now[key] not in (was, f"{was}, patient data"):
            yield f"{key} was '{was}' and is '{now[key]}'"


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    record = sys.argv[2:] == ["record"]
    path = root / "tests/abi/proto.txt"
    facts = Facts(compiled(root))
    recorded = parsed(path.read_text(encoding="utf-8")) if path.exists() else {}
    found = list(problems(recorded, facts.found)) if path.exists() or not record else []
    for problem in found:
        print(problem)
    if record and not found:
        path.write_text(facts.text(), encoding="utf-8")
    print(f"proto: {len(recorded)} recorded, {len(facts.found)} now, {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
