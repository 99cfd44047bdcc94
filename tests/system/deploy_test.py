"""The systemd unit, tried without systemd: fasciad as its user, with the capabilities and behind the filter of calls that the unit names, runs an isolated plugin as
the other user, and neither the daemon nor the plugin keeps what the spawner was lent."""
import ctypes
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fascia import BUILD, SANITIZED, SOURCE, Mllp, Node, field, referral, therapist, wait_for  # noqa: E402

UNIT = SOURCE / "deploy/systemd/fasciad.service.in"
# Every Debian has these two; that they are not called fascia and fascia-plugin changes nothing.
DAEMON, PLUGINS = "daemon", "nobody"
ERRNO_EPERM, ALLOW = 0x00050001, 0x7fff0000  # SCMP_ACT_ERRNO(EPERM), SCMP_ACT_ALLOW
LINES = """
  - name: lines
    plugin: {plugin}
    isolation: process
    stream:
      listen: "127.0.0.1:0"
"""


def directives():
    """name: its values, in their order; of the section [Service]."""
    found, section = {}, ""
    for line in UNIT.read_text().splitlines():
        if line.startswith("["):
            section = line
        elif section == "[Service]" and "=" in line and not line.startswith("#"):
            name, value = line.split("=", 1)
            found.setdefault(name, []).append(value)
    return found


def members(name):
    """The system calls of a group of systemd's."""
    if not name.startswith("@"):
        return {name}
    shown = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True).stdout
    words = [line.strip() for line in shown.splitlines()[1:] if line.strip() and not line.strip().startswith("#")]
    return set().union(*(members(word) for word in words))


def allowed_calls():
    """As systemd reads the lines: the first makes it a list of what is allowed, later ones add or take away."""
    allowed = members("@default")
    for value in directives()["SystemCallFilter"]:
        for word in value.removeprefix("~").split():
            allowed = allowed - members(word) if value.startswith("~") else allowed | members(word)
    return allowed


def behind_filter(allowed):
    """In a process that is about to become the daemon."""
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(ERRNO_EPERM)))
    for name in allowed:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            library.seccomp_rule_add_array(context, ctypes.c_uint32(ALLOW), number, 0, None)
    assert library.seccomp_load(context) == 0


@unittest.skipUnless(os.geteuid() == 0, "needs to become another user")
@unittest.skipIf(SANITIZED, "a sanitizer's own calls are not what is tried here")
class Deploy(unittest.TestCase):
    def setUp(self):
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="fascia-deploy-"))
        self.addCleanup(shutil.rmtree, self.place, ignore_errors=True)
        self.place.chmod(0o755)
        # Where the build lies the two users may be unable to walk to.
        for file in ("fasciad", "fascia-plugin-runner", "plugins/hl7v2.so", "plugins/folder.so", "plugins/template.so"):
            (self.place / file).parent.mkdir(exist_ok=True)
            shutil.copy(BUILD / file, self.place / file)
        shutil.copytree(SOURCE / "deploy/tables", self.place / "tables")
        subprocess.run(["chmod", "-R", "a+rX,go-w", self.place], check=True)

    def node(self, plugin_user=PLUGINS):
        node = Node(sources=LINES.format(plugin=self.place / "plugins/template.so")).__enter__()
        self.addCleanup(node.__exit__, None, None, None)
        path = node.place / "fascia.yaml"
        text = path.read_text()
        for key, value in (("tables_directory", self.place / "tables"), ("plugin_directory", self.place / "plugins"),
                           ("plugin_runner", self.place / "fascia-plugin-runner"), ("plugin_user", plugin_user)):
            text = re.sub(rf"  {key}: .*", f"  {key}: {value}", text)
        path.write_text(text)
        subprocess.run(["chown", "-R", DAEMON, node.place], check=True)
        return node

    def as_unit(self, node, *words, capabilities=None):
        """What the unit does, as a command."""
        unit = directives()
        lent = (unit["AmbientCapabilities"][0] if capabilities is None else capabilities).split()
        names = ",".join(["-all", *("+" + name.removeprefix("CAP_").lower() for name in lent)])
        self.assertEqual(unit["NoNewPrivileges"], ["yes"])
        return ["setpriv", "--reuid", DAEMON, "--regid", DAEMON, "--clear-groups", "--no-new-privs", "--inh-caps", names, "--ambient-caps", names,
                "--bounding-set", names, str(self.place / "fasciad"), "--config", str(node.place / "fascia.yaml"), *words]

    def start(self, node, command):
        allowed = allowed_calls()
        with open(node.log, "ab") as log:
            node.begin = log.tell()
            node.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, preexec_fn=lambda: behind_filter(allowed))
        node.wait_ready()
        listening = {entry["source"]: int(entry["address"].rsplit(":", 1)[1]) for entry in node.lines() if entry.get("event") == "source.listening"}
        node.mllp_port, self.port = listening["clinic"], listening["lines"]
        node.import_therapists(therapist())
        return wait_for(lambda: (row := next(row for row in node.ctl("plugin", "list")["plugins"] if row["source"] == "lines"))["state"] == "running" and row)

    @staticmethod
    def status(pid):
        with open(f"/proc/{pid}/status") as status:
            return dict(entry.split(":\t") for entry in status.read().splitlines() if ":\t" in entry)

    def goes(self, node):
        with Mllp(self.port) as sender:
            sender.socket.sendall(b"REFER|D-1|chiropractor|Dr Ana Lindqvist|1679576722|Harmon|Zoe|1971-04-09|KY|40508|M54.50|97140|HUMANA|\n")
            self.assertRegex(sender.socket.recv(1000).decode(), r"^OK\|D-1\|")
        with node.connect() as clinic:
            self.assertEqual(field(clinic.ask(referral()), "MSA", 1), "AA")

    def holds_nothing(self, pid):
        held = self.status(pid)
        for which in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            self.assertEqual(int(held[which], 16), 0, which)
        return held

    def test_the_unit_as_it_is(self):
        node = self.node()
        checked = subprocess.run(self.as_unit(node, "--check-config"), capture_output=True, text=True)  # ExecStartPre
        self.assertEqual(checked.returncode, 0, checked.stderr)
        row = self.start(node, self.as_unit(node))
        self.assertEqual(row["user"], PLUGINS)
        plugin, daemon = self.holds_nothing(row["pid"]), self.holds_nothing(node.process.pid)
        self.assertNotEqual(plugin["Uid"].split()[0], daemon["Uid"].split()[0])
        self.assertEqual(len(set(plugin["Uid"].split())), 1)
        self.assertEqual(plugin["Groups"].strip(), "")
        self.goes(node)
        node.ctl("plugin", "reload", "lines")  # the old process is ended, though it is another user's
        self.goes(node)
        self.assertFalse(pathlib.Path(f"/proc/{row['pid']}").exists())
        self.assertEqual(node.stop(), 0)

    def test_without_the_capabilities(self):
        """Isolation by user is lost, and nothing else; the list says as whom."""
        node = self.node()
        row = self.start(node, self.as_unit(node, capabilities=""))
        self.assertEqual(row["user"], DAEMON)
        self.holds_nothing(row["pid"])
        self.goes(node)
        self.assertEqual(node.stop(), 0)

    def test_root_never_runs_a_plugin_as_root(self):
        node = self.node(plugin_user="nobody-of-this-name")
        subprocess.run(["chown", "-R", "root", node.place], check=True)
        row = self.start(node, [str(self.place / "fasciad"), "--config", str(node.place / "fascia.yaml")])
        self.assertEqual(row["user"], "nobody")
        self.goes(node)
        self.assertEqual(node.stop(), 0)


class Unit(unittest.TestCase):
    def test_it_is_a_unit(self):
        with tempfile.TemporaryDirectory() as place:
            unit = pathlib.Path(place) / "fasciad.service"
            unit.write_text(UNIT.read_text().replace("@CMAKE_INSTALL_FULL_SBINDIR@", str(BUILD)).replace("Documentation=", "#"))
            done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_its_user_is_made(self):
        users = [line.split()[1] for line in (SOURCE / "deploy/systemd/fascia.sysusers").read_text().splitlines() if line.startswith("u ")]
        self.assertEqual(users, ["fascia", "fascia-plugin"])
        self.assertEqual(directives()["User"], ["fascia"])

    def test_the_filter_has_what_a_plugin_may_call(self):
        """What the fence of a plugin allows the unit must allow as well, or a plugin works in tests and not as installed."""
        text = (SOURCE / "daemon/plugin/runner/calls.c").read_text()
        fence = set(re.findall(r'"(\w+)"', text[text.index("allowed[]"):text.index("networking[]")]))
        # Of memory and processors, without which a library does as well.
        spared = {"mincore", "pkey_alloc", "pkey_free", "pkey_mprotect", "sched_setaffinity"}
        self.assertEqual(sorted(fence - allowed_calls() - spared), [])


if __name__ == "__main__":
    unittest.main()
