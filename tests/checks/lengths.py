"""Functions fit a screen (70 lines), files stay under 800 lines.

usage: lengths.py ROOT
lengths.ratchet beside this file lists what was longer when the check came, with its length: it may shrink, never grow, and an entry
that is no longer needed must go.
"""
import pathlib
import re
import sys

FUNCTION_LINES = 70
FILE_LINES = 800
NAME = re.compile(r"([A-Za-z_]\w*)\s*\(")


def functions(lines):
    """(name, first line, length) of every function: the layout puts its braces in the first column."""
    start = None
    for number, line in enumerate(lines):
        if line.rstrip() == "{":
            start = number
        elif line.startswith("}") and start is not None:
            head = start - 1
            while head > 0 and (lines[head].startswith((" ", "\t")) or "(" not in lines[head]):
                head -= 1
            match = NAME.search(lines[head])
            yield (match.group(1) if match else "?"), head + 1, number - head + 1
            start = None


def long_ones(root):
    seen = 0
    for pattern in ("daemon/**/*.[ch]", "plugins/**/*.[ch]", "tests/**/*.[ch]"):
        for path in sorted(root.glob(pattern)):
            seen += 1
            name = str(path.relative_to(root))
            lines = path.read_text(encoding="utf-8").splitlines()
            if len(lines) > FILE_LINES:
                yield name, len(lines), FILE_LINES
            for function, _, length in functions(lines):
                if length > FUNCTION_LINES:
                    yield f"{name}:{function}", length, FUNCTION_LINES
    if seen == 0:
        yield "no source file was looked at", 1, 0


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    ratchet = {}
    ratchet_file = root / "tests/checks/lengths.ratchet"
    if ratchet_file.exists():
        for line in ratchet_file.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                what, length = line.rsplit(" ", 1)
                ratchet[what] = int(length)
    bad = 0
    for what, length, bound in long_ones(root):
        allowed = ratchet.pop(what, bound)
        if length > allowed:
            print(f"{what}: {length} lines, at most {allowed}")
            bad += 1
        elif length < allowed and allowed > bound:
            print(f"{what}: {length} lines now; lower its entry in lengths.ratchet from {allowed}")
            bad += 1
    for what in ratchet:
        print(f"{what}: is short enough now; take it out of lengths.ratchet")
        bad += 1
    print(f"lengths: {bad} problems")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
