#!/usr/bin/env bash
# What an author outside this project does: installs fascia, and then all that plugins/template/README.md and plugins/README.md say, with the installed tree alone:
# copies the template, builds it with make and with CMake, tries it with the kit, has a node take lines and a file with it. The commands are those of the pages.
set -euo pipefail

place=$(mktemp -d /tmp/fascia-author-XXXXXX)
node=
finish() {
    [ -z "$node" ] || kill "$node" 2>/dev/null || true
    rm -rf "$place"
}
trap finish EXIT
fail() {
    echo "plugin_author_test: $*" >&2
    [ ! -f "$place/fasciad.log" ] || tail -20 "$place/fasciad.log" >&2
    exit 1
}
says() { # TEXT COMMAND...: the command fails, and says so
    local text=$1
    shift
    if "$@" >"$place/said" 2>&1; then fail "'$*' should have failed"; fi
    grep -qF -- "$text" "$place/said" || fail "'$*' does not say '$text' but: $(cat "$place/said")"
}

# The configuration of the build tree names its own prefix; the installed tree must work wherever it was put.
prefix=$place/usr
cmake --install "$FASCIA_BUILD" --prefix "$prefix" >/dev/null
fasciad=$(find "$prefix" -name fasciad -type f)
[ -n "$fasciad" ] || fail "no fasciad was installed"
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name fascia-plugin.pc)")
export PKG_CONFIG_PATH
pkg-config --validate fascia-plugin || fail "fascia-plugin.pc is not valid"
[ -f "$(pkg-config --variable=plugindir fascia-plugin)/hl7v2.so" ] || fail "plugindir is not where plugins were installed"
[ -f "$(pkg-config --variable=protodir fascia-plugin)/fascia/v1/plugin.proto" ] || fail "protodir has no plugin.proto"

# What the pages say, as they say it, but for where things are installed and a port that is free; none of our tree is in reach.
PATH=$(dirname "$fasciad"):$prefix/bin:$PATH
export PATH
source=$FASCIA_SOURCE
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
walk() { # README
    python3 "$source/tests/system/readme_script.py" "$1" /usr/share/fascia "$prefix/share/fascia" 2600 "$port" \
        '  http: ""' "  http: ''
  plugin_runner: $prefix/libexec/fascia/fascia-plugin-runner
  plugin_user: nobody
  tables_directory: $prefix/share/fascia/tables" >"$place/walk.sh"
    # A loop that waits for what never comes must end.
    timeout 900 bash "$place/walk.sh" || fail "$1 says what does not work"
}
cd "$place"
walk "$source/plugins/template/README.md"
cd "$place/mine"
walk "$source/plugins/README.md"

make -s clean
# As the Makefile says: an installation outside the usual places is named on make's command line.
env -u PKG_CONFIG_PATH make -s PKG_CONFIG_PATH="$PKG_CONFIG_PATH" CFLAGS="-O2 -Wall -Wextra -Werror"
exported=$(nm -D --defined-only mine.so | awk '{ print $3 }' | grep -v '^_' || true)
[ "$exported" = fascia_plugin ] || fail "mine.so exports more than fascia_plugin: $exported"
make -s help >help.txt || fail "the plugin that make built can't be loaded"
grep -q '^mine 1.0: Referral lines' help.txt || fail "the manual does not begin with the plugin's name: $(head -1 help.txt)"
grep -q 'Write a whole number from 1 to 1024. Default: 32' help.txt || fail "the manual does not explain the option window"

cmake -S . -B build -DCMAKE_BUILD_TYPE=Release >/dev/null && cmake --build build >/dev/null
fasciad --plugin-help "$place/mine/build/mine.so" | diff - help.txt || fail "what CMake built has another manual"
fascia-plugin-check build/mine.so samples/ >"$place/said" || fail "the kit finds something in what CMake built: $(cat "$place/said")"

# The kit says no to a source that was spoilt, and where.
sed 's/already > start ? already/already > start ? already + 1/' line.c >"$place/line.c" && cp "$place/line.c" line.c
make -s
says "FOUND  framing.splits" fascia-plugin-check --only framing mine.so samples/
cp "$prefix/share/fascia/template/line.c" line.c && make -s

# A node with it: by name from the plugin directory, and by path.
make -s install
mkdir "$place/in" "$place/run"
configure() { # PLUGIN EXTRA-OPTION
    cat >"$place/fascia.yaml" <<YAML
node:
  data_directory: $place/data
  tables_directory: $prefix/share/fascia/tables
  plugin_directory: $(pkg-config --variable=plugindir fascia-plugin)
  control_socket: $place/run/control.sock
  http: ''
sources:
  - name: exports
    plugin: $1
    folder: {path: $place/in, settle: 50ms, scan: 200ms}
    options: {sender: SPINE$2}
YAML
}
configure mine ", windo: 5"
says "fascia.yaml:11:30: sources.exports.options: 'windo' is no key here; did you mean 'window'?" "$fasciad" --config "$place/fascia.yaml" --check-config
chmod g+w "$place/mine/mine.so"
configure "$place/mine/mine.so" ""
says "lets its group change what is loaded; run: chmod go-w '$place/mine/mine.so'" "$fasciad" --config "$place/fascia.yaml" --check-config
configure mine ""
"$fasciad" --config "$place/fascia.yaml" --check-config >/dev/null || fail "a good configuration was refused"

"$fasciad" --config "$place/fascia.yaml" >"$place/fasciad.log" 2>&1 &
node=$!
await() { # FILE
    for _ in $(seq 300); do
        [ ! -e "$1" ] || return 0
        kill -0 "$node" 2>/dev/null || fail "the node ended"
        sleep 0.1
    done
    fail "$1 did not come"
}
await "$place/in/results"
cp samples/wrong.lines "$place/in/"
await "$place/in/results/wrong.lines.result"
diff "$place/in/results/wrong.lines.result" samples/wrong.answers || fail "wrong.lines is answered in another way than wrong.answers says"
await "$place/in/failed/wrong.lines"
cp samples/morning.lines "$place/in/"
await "$place/in/results/morning.lines.result"
result=$place/in/results/morning.lines.result
[ "$(grep -c '^OK|SP-104[1-4]|[1-9][0-9]*|' "$result")" -ge 4 ] || fail "the four referrals of morning.lines are not all taken: $(cat "$result")"
grep -q '^NO|SP-1038|id|' "$result" || fail "the unknown referral was not told: $(cat "$result")"
if grep -q 'Harmon\|Lucille\|1971-04-09' "$place/fasciad.log"; then fail "a patient stands in the log"; fi
kill "$node"
wait "$node" || fail "the node did not end well"
node=
echo "built with make and CMake, loaded, and took its samples"
