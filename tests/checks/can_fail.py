"""Shows that every check can fail: plants one fault of its kind in a copy of the sources, and expects a no.

usage: can_fail.py ROOT BUILD
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from planted_changes import CHANGES

ROOT = pathlib.Path(sys.argv[1]).resolve()
BUILD = pathlib.Path(sys.argv[2]).resolve()
CHECKS = ROOT / "tests/checks"

LONG = "int too_long(void)\n{\n" + "    ;\n" * 90 + "    return 0;\n}\n"
PLANTS = [
    ("includes", "daemon/core/planted.c", '#include "store/store.h"\n'),
    ("includes", "daemon/core/planted.c", "#include <event2/event.h>\n"),
    ("includes", "daemon/match/planted.c", "#include <stdlib.h>\nlong planted(void);\nlong planted(void)\n{\n    return random();\n}\n"),
    ("includes", "daemon/store/planted.c", '#include "io/loop.h"\n'),
    ("includes", "daemon/io/planted.c", "#include <sqlite3.h>\n"),
    ("includes", "daemon/check/planted.c", '#include "node/source.h"\n'),
    ("includes", "plugins/hl7v2/planted.c", '#include "core/engine.h"\n'),
    ("includes", "daemon/garage/planted.c", "int planted;\n"),
    ("lengths", "daemon/core/planted.c", LONG),
    ("lengths", "daemon/core/planted.c", "/* long */\n" * 801),
    ("privacy", "proto/fascia/v1/planted.proto", 'syntax = "proto3";\npackage fascia.v1;\nmessage Planted {\n  string family_name = 1;\n}\n'),
    ("privacy", "daemon/store/planted.c", 'void planted(const char *name)\n{\n    printf("%s", name);\n}\n'),
    ("format", "daemon/core/planted.c", "int   planted( void ) ;\n"),
    ("scripts", "deploy/planted", "#!/bin/bash\nrm -rf $1/*\n"),
]


def run_check(check, root, *words):
    script = CHECKS / check if (CHECKS / check).exists() else CHECKS / f"{check}.py"
    command = (["/usr/bin/python3"] if script.suffix == ".py" else []) + [str(script), str(root)] + [str(word) for word in words]
    return subprocess.run(command, capture_output=True, text=True)


def copy_tree(to):
    for part in ("daemon", "plugins", "proto", "deploy", "tests"):
        shutil.copytree(ROOT / part, to / part, ignore=shutil.ignore_patterns("node_modules", "build", "places.csv"))
    for name in (".clang-format", ".clang-tidy"):
        shutil.copy(ROOT / name, to / name)


def plant(root, name, text):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def replace(path, pairs):
    text = path.read_text(encoding="utf-8")
    for stands, planted in pairs:
        pattern = stands if isinstance(stands, re.Pattern) else re.compile(re.escape(stands))
        found = len(pattern.findall(text))
        if found != 1:
            sys.exit(f"can_fail: {path.name} holds this {found} times, and a fault is planted there: {stands!r}")
        text = pattern.sub(planted if callable(planted) else lambda _, planted=planted: planted, text)
    path.write_text(text, encoding="utf-8")


def record(check, root):
    done = run_check(check, root, "record")
    if done.returncode != 0:
        sys.exit(f"can_fail: {check} did not record: {done.stdout}{done.stderr}")


def judges_change(root, check, name, steps, passes):
    """Whether a check of what only grows says what it must of one change; what stands before a further step is recorded, as at a release."""
    path, recordings, kept = root / name, root / "tests/abi", root / "planted-recordings"
    text = path.read_text(encoding="utf-8")
    shutil.copytree(recordings, kept)
    replace(path, steps[0])
    for step in steps[1:]:
        record(check, root)
        replace(path, step)
    passed = run_check(check, root).returncode == 0
    path.write_text(text, encoding="utf-8")
    shutil.rmtree(recordings)
    kept.rename(recordings)
    return passed == passes


def nothing_recorded_can_fail(root):
    """A check that compares with nothing has not checked."""
    recordings = root / "tests/abi"
    shutil.rmtree(recordings)
    recordings.mkdir()
    return all(run_check(check, root).returncode != 0 for check in ("abi", "proto"))


def tidy_can_fail(root):
    """A file of its own with its own entry in a list of compile commands."""
    path = plant(root, "daemon/core/planted.c",
                 "#include <stdlib.h>\nint planted(const int *p);\nint planted(const int *p)\n{\n    if (p == NULL)\n        return *p;\n    return 0;\n}\n")
    build = root / "planted-build"
    build.mkdir()
    (build / "compile_commands.json").write_text(
        f'[{{"directory": "{root}", "command": "cc -c {path}", "file": "{path}"}}]'.replace('"file": "', '"file": "'))
    done = run_check("tidy", root, build)
    path.unlink()
    return done.returncode != 0


def search_can_fail():
    """A fuzzer that finds something ends with an error; so must the search that ran it."""
    search = ROOT / "tests/fuzz/search"
    done = subprocess.run([str(search), "/bin/false", str(ROOT / "tests/fuzz/corpus/mllp")], capture_output=True, text=True)
    return done.returncode != 0


def sanitizers_can_fail(root):
    """The flags of the asan and tsan presets stop a program that does what they watch for."""
    plants = {
        "address,undefined": "#include <stdlib.h>\nint main(void)\n{\n    char *p = malloc(4);\n    free(p);\n    return p[1];\n}\n",
        "thread": "#include <pthread.h>\nint n;\nstatic void *f(void *x)\n{\n    n++;\n    return x;\n}\nint main(void)\n{\n    pthread_t t;\n"
                  "    pthread_create(&t, NULL, f, NULL);\n    n++;\n    pthread_join(t, NULL);\n    return 0;\n}\n",
    }
    for flags, text in plants.items():
        source = plant(root, "planted/watched.c", text)
        program = root / "planted/watched"
        subprocess.run(["cc", f"-fsanitize={flags}", "-fno-sanitize-recover=all", "-w", "-g", "-pthread", "-o", str(program), str(source)], check=True)
        if subprocess.run([str(program)], capture_output=True).returncode == 0:
            return False
    return True


def main():
    failures = 0
    with tempfile.TemporaryDirectory() as place:
        root = pathlib.Path(place)
        copy_tree(root)
        for check, name, text in PLANTS:
            path = plant(root, name, text)
            if run_check(check, root).returncode == 0:
                print(f"{check} did not see the fault planted as {name}: {text[:60]!r}")
                failures += 1
            path.unlink()
            if name.startswith("daemon/garage"):
                path.parent.rmdir()
        for check in ("abi", "proto"):
            record(check, root)
        for check, name, steps, passes in CHANGES:
            if not judges_change(root, check, name, steps, passes):
                print(f"{check} {'refused what may be done' if passes else 'did not see the change'} in {name}: {steps!r}")
                failures += 1
        if not nothing_recorded_can_fail(root):
            print("abi or proto did not see that nothing is recorded")
            failures += 1
        if not tidy_can_fail(root):
            print("tidy did not see the fault planted")
            failures += 1
        if not search_can_fail():
            print("the search of the fuzzers did not say that one failed")
            failures += 1
        if not sanitizers_can_fail(root):
            print("a sanitizer did not see the fault planted")
            failures += 1
    print(f"can_fail: {len(PLANTS) + len(CHANGES) + 4} faults and changes planted, {failures} not judged right")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
