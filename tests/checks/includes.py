"""Who may know whom: every include of our own headers must go in an allowed direction.

usage: includes.py ROOT
The table below is the plan of the house (README, "The rooms"). A room may always include itself, the generated proto headers and
<fascia/plugin.h> only where the table says so; core and match may besides include nothing but the C library.
"""
import pathlib
import re
import sys

# room -> rooms of the daemon it may include
ROOMS = {
    "core": {"core", "match"},
    "match": {"core", "match"},
    "access": {"access", "core"},
    "store": {"store", "core"},
    "link": {"link", "core"},
    "plugin": {"plugin", "core"},
    "io": {"io", "core"},
    "config": {"config", "core"},
    "ctl": {"ctl", "core", "config", "access"},
    "check": {"check", "core", "plugin", "config"},
    "node": {"node", "core", "match", "store", "link", "plugin", "io", "config", "access"},
    "main": {"node"},
}
PLUGIN_HEADER = {"plugin", "config", "check", "node"}
PURE = {"core", "match"}
# What the C library gives; the pure rooms use nothing else, and of this nothing that reads clocks, files or chance.
PURE_SYSTEM = {
    "assert.h", "ctype.h", "errno.h", "float.h", "inttypes.h", "limits.h", "math.h", "stdalign.h", "stdarg.h", "stdbool.h", "stddef.h",
    "stdint.h", "stdio.h", "stdlib.h", "string.h", "strings.h", "iso646.h",
    "immintrin.h",  # instructions of the processor, beside plain C that gives the same bits
}
PURE_FORBIDDEN_CALLS = re.compile(
    r"\b(time|clock|clock_gettime|gettimeofday|localtime|gmtime|rand|random|srand|fopen|open|getenv|localtime_r|gmtime_r|mktime|getrandom|pthread_\w+)\s*\(")
# The SQL rooms, the sockets' rooms: system headers that belong to one room only.
OWNED = {
    "sqlite3.h": {"store"},
    "immintrin.h": {"match"},
    "event2/": {"io"},
    "openssl/": {"io", "access"},
    "zlib.h": {"io"},
    "zmq.h": {"link"},
    "libfyaml.h": {"config"},
    "jose/": {"access"},
    "dlfcn.h": {"plugin"},
    "libsmartcols": {"ctl"},
    "libsmartcols.h": {"ctl"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
STRING = re.compile(r'"(?:\\.|[^"\\\n])*"')


def room_of(path, root):
    parts = path.relative_to(root).parts
    if parts[0] == "daemon":
        return "main" if len(parts) == 2 else parts[1]
    return None


def owned_violation(name, room):
    for prefix, owners in OWNED.items():
        if (name == prefix or (prefix.endswith("/") and name.startswith(prefix))) and room not in owners:
            return f"<{name}> belongs to {', '.join(sorted(owners))}"
    return None


def daemon_problems(path, text, room):
    if room not in ROOMS:
        yield f"room '{room}' is not in the plan"
        return
    for quote, name in INCLUDE.findall(text):
        first = name.split("/")[0]
        if name.startswith("fascia/v1/"):
            continue
        if name == "fascia/plugin.h":
            if room not in PLUGIN_HEADER:
                yield f"{room} may not include <fascia/plugin.h>"
        elif quote == '"':
            if first not in ROOMS[room]:
                yield f'{room} may not include "{name}"'
        elif room in PURE and name not in PURE_SYSTEM and not name.startswith("protobuf-c/"):
            yield f"{room} is pure and may not include <{name}>"
        else:
            problem = owned_violation(name, room)
            if problem:
                yield problem
    if room in PURE:
        code = STRING.sub('""', COMMENT.sub(" ", text))
        for call in PURE_FORBIDDEN_CALLS.findall(code):
            yield f"{room} is pure and may not call {call}()"


def plugin_problems(path, text, root):
    own = path.relative_to(root).parts[1]
    for quote, name in INCLUDE.findall(text):
        if name.startswith("fascia/") or (quote == "<" and not owned_violation(name, "plugins")):
            continue
        # Some pure tables and readers of the core are shared with the plugins that ship here: CSV, a week's hours, the calendar of days, the words of states.
        if name in ("core/csv.h", "core/week.h", "core/zone.h", "core/lifecycle.h") or name.split("/")[0] == own or "/" not in name:
            continue
        yield f'plugin {own} may not include "{name}"'


def problems(root):
    seen = 0
    for path in sorted([*root.glob("daemon/**/*.[ch]"), *root.glob("plugins/**/*.[ch]")]):
        text = path.read_text(encoding="utf-8")
        seen += 1
        found = plugin_problems(path, text, root) if path.relative_to(root).parts[0] == "plugins" else daemon_problems(path, text, room_of(path, root))
        for problem in found:
            yield f"{path.relative_to(root)}: {problem}"
    if seen == 0:
        yield f"{root}: no source file was looked at"


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    found = list(problems(root))
    for problem in found:
        print(problem)
    print(f"includes: {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
