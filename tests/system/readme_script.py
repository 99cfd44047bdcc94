"""Makes a bash script of a README: its ```sh blocks, one after another, each compared with the ```text block behind it.

usage: readme_script.py README [FROM TO]...
FROM TO are texts that stand otherwise where it is run: directories, ports. In a ```text block "..." is anything up to the end of the line. A README
without such a block is an error: then nothing would be run.
"""
import pathlib
import re
import shlex
import sys

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
COMPARE = '''
awk 'NR == FNR { want[FNR] = $0; wanted = FNR; next }
     { got = FNR; ends = index(want[FNR], "...")
       if (ends ? substr($0, 1, ends - 1) != substr(want[FNR], 1, ends - 1) : $0 != want[FNR]) { print "line " FNR " is: " $0 "\\n   expected: " want[FNR]; bad = 1 } }
     END { if (got != wanted) { print got + 0 " lines, " wanted " were expected"; bad = 1 } exit bad }' "$WALK/wanted" "$WALK/said" >&2'''


def script(readme, replaced):
    blocks = BLOCK.findall(pathlib.Path(readme).read_text(encoding="utf-8"))
    if not any(kind == "sh" for kind, _ in blocks):
        sys.exit(f"{readme}: has no ```sh block")
    yield "set -euo pipefail"
    yield "WALK=$(mktemp -d)"
    yield "trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf \"$WALK\"' EXIT"
    for kind, text in blocks:
        for old, new in replaced:
            text = text.replace(old, new)
        if kind == "sh":
            yield f"printf '%s\\n' {shlex.quote('--> ' + text.splitlines()[0])} >&2"
            yield "{\n" + text + '} >"$WALK/said"'
        elif kind == "text":
            yield f"printf '%s' {shlex.quote(text)} >\"$WALK/wanted\"{COMPARE}"


if __name__ == "__main__":
    if len(sys.argv) % 2 != 0 or len(sys.argv) < 2:
        sys.exit(__doc__)
    pairs = list(zip(sys.argv[2::2], sys.argv[3::2]))
    print("\n".join(script(sys.argv[1], pairs)))
