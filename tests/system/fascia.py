"""A real node for tests: starts fasciad from the build on ephemeral ports, speaks MLLP to it, runs fasciactl, listens as a sender would.

Every process started here is ended here. Nothing leaves 127.0.0.1.
"""
import contextlib
import datetime
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

SOURCE = pathlib.Path(os.environ.get("FASCIA_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
BUILD = pathlib.Path(os.environ.get("FASCIA_BUILD", SOURCE / "build/release"))
SANITIZED = bool(os.environ.get("FASCIA_SANITIZE"))
# Where the plugins of the node's own sources run: the same tests are run with each.
ISOLATION = os.environ.get("FASCIA_ISOLATION", "inproc")
# Sanitizers make everything slower; what is waited for is the same.
PATIENCE = 60 if SANITIZED else 20

START, END = b"\x0b", b"\x1c\r"


def wait_for(what, seconds=None, every=0.02):
    """The first true value of what(), or a failure."""
    until = time.monotonic() + (seconds or PATIENCE)
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() > until:
            raise AssertionError(f"waited in vain for {what.__name__ if hasattr(what, '__name__') else what}")
        time.sleep(every)


class Mllp:
    """One connection of a sender."""

    def __init__(self, port, timeout=None):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout or PATIENCE)
        self.buffer = b""

    def send(self, message):
        self.socket.sendall(START + (message.encode() if isinstance(message, str) else message) + END)

    def receive(self):
        """One message without its frame; None when the other side closed."""
        while END not in self.buffer:
            piece = self.socket.recv(65536)
            if not piece:
                return None
            self.buffer += piece
        frame, self.buffer = self.buffer.split(END, 1)
        assert frame.startswith(START), frame[:40]
        return frame[1:].decode("utf-8", "replace")

    def ask(self, message):
        self.send(message)
        return self.receive()

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def segments(message, name):
    return [line.split("|") for line in re.split(r"[\r\n]+", message) if line.split("|")[0] == name]


def field(message, segment, number, repetition=0):
    """Field `number` of a segment as HL7 counts ("" when absent); MSH-1 is the separator itself."""
    found = segments(message, segment)
    if len(found) <= repetition:
        return ""
    number -= 1 if segment == "MSH" else 0
    return found[repetition][number] if len(found[repetition]) > number else ""


class DeadPort:
    """A port on which nobody listens, and that nobody else can take meanwhile."""

    def __init__(self):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def revive(self, answer=None):
        self.socket.close()
        return Listener(answer=answer, port=self.port)


class Listener:
    """A sender's own listener: keeps what comes, answers as `answer(message)` says (None: not at all)."""

    def __init__(self, answer=None, port=0):
        self.server = socket.create_server(("127.0.0.1", port))
        self.port = self.server.getsockname()[1]
        self.heard = []
        self.heard_bytes = []
        self.answer = answer or (lambda message: acknowledgement(message, "AA"))
        self.stopped = False
        self.connections = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while not self.stopped:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        buffer = b""
        with contextlib.suppress(OSError), connection:
            while True:
                piece = connection.recv(65536)
                if not piece:
                    return
                buffer += piece
                while END in buffer:
                    frame, buffer = buffer.split(END, 1)
                    message = frame[1:].decode("utf-8", "replace")
                    self.heard_bytes.append(frame[1:])
                    self.heard.append(message)
                    answer = self.answer(message)
                    if answer is not None:
                        connection.sendall(START + answer.encode() + END)

    def close(self):
        self.stopped = True
        # A thread that waits in accept() keeps a socket that is only closed.
        with contextlib.suppress(OSError):
            self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.close()


def acknowledgement(message, code, control_id=None):
    stamp = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%d%H%M%S")
    asked = field(message, "MSH", 10)
    return (f"MSH|^~\\&|{field(message, 'MSH', 5)}|{field(message, 'MSH', 6)}|{field(message, 'MSH', 3)}|{field(message, 'MSH', 4)}|{stamp}||ACK^I12^ACK|"
            f"{control_id or 'L' + asked}|P|{field(message, 'MSH', 12)}\rMSA|{code}|{asked}\r")


class Node:
    """fasciad with a directory of its own. Use as a context manager."""

    def __init__(self, senders=(), node="", sources="", matching="", delivery="", options="", stream="", data=None):
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="fascia-test-"))
        self.data = pathlib.Path(data) if data else self.place / "data"
        self.socket = self.place / "control.sock"
        self.log = self.place / "fasciad.log"
        self.inbox = self.place / "inbox"
        self.inbox.mkdir()
        self.senders = list(senders)
        self.extra = {"node": node, "sources": sources, "matching": matching, "delivery": delivery, "options": options, "stream": stream}
        self.process = None
        self.mllp_port = self.http_port = 0
        self.write_config()

    def write_config(self):
        senders = "".join(f"        - {json.dumps(sender)}\n" for sender in self.senders)
        (self.place / "fascia.yaml").write_text(f"""node:
  name: test
  data_directory: {self.data}
  tables_directory: {SOURCE}/deploy/tables
  plugin_directory: {BUILD}/plugins
  plugin_runner: {BUILD}/fascia-plugin-runner
  plugin_user: nobody
  country: US
  time_zone: America/New_York
  control_socket: {self.socket}
  http: "127.0.0.1:{self.http_port}"
{self.extra['node']}
matching:
  max_distance: 60km
{self.extra['matching']}
delivery:
  retry_first: 100ms
  retry_last: 1s
{self.extra['delivery']}
sources:
  - name: clinic
    isolation: {ISOLATION}
    plugin: hl7v2
    stream:
      listen: "127.0.0.1:{self.mllp_port}"
{self.extra['stream']}
    options:
      processing_ids: PT
{self.extra['options']}
{'      senders:' if senders else ''}
{senders}
  - name: exports
    isolation: {ISOLATION}
    plugin: folder
    folder:
      path: {self.inbox}
      settle: 100ms
      scan: 500ms
    options:
      sender: SPINE_CLINIC
      role: chiropractor
{self.extra['sources']}
""")

    def start(self, wait=True, wrapper=()):
        with open(self.log, "ab") as log:
            self.begin = log.tell()
            self.process = subprocess.Popen([*wrapper, str(BUILD / "fasciad"), "--config", str(self.place / "fascia.yaml")],
                                            stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        if wait:
            self.wait_ready()
        return self

    def lines(self):
        found = []
        for line in self.log.read_bytes()[self.begin:].decode("utf-8", "replace").splitlines():
            with contextlib.suppress(ValueError):
                found.append(json.loads(line))
        return found

    def wait_ready(self):
        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f"fasciad ended with {self.process.returncode}:\n{self.log.read_text()[-3000:]}")
            return any(line.get("event") == "node.ready" for line in self.lines())
        wait_for(ready)
        for line in self.lines():
            if line.get("event") == "source.listening":
                self.mllp_port = int(line["address"].rsplit(":", 1)[1])
            if line.get("event") == "http.listening":
                self.http_port = int(line["address"].rsplit(":", 1)[1])

    def stop(self, how=signal.SIGTERM, seconds=None):
        """The exit code."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            code = self.process.wait(seconds or PATIENCE + 30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        self.process = None
        return code

    def kill(self):
        return self.stop(signal.SIGKILL)

    def ctl(self, *words, check=True, json_out=True):
        """What fasciactl says, as JSON; with check=False (code, stdout, stderr)."""
        command = [str(BUILD / "fasciactl"), "--socket", str(self.socket), *map(str, words)]
        if json_out:
            command.append("--json")
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE * 3)
        if not check:
            return done.returncode, done.stdout, done.stderr
        assert done.returncode == 0, f"{' '.join(map(str, words))}: exit {done.returncode}: {done.stdout}{done.stderr}"
        return json.loads(done.stdout) if json_out else done.stdout

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}{path}", timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    def metric(self, name):
        for line in self.get("/metrics")[1].splitlines():
            if line.startswith(name + " ") or line.startswith(name + "{"):
                return float(line.rsplit(" ", 1)[1])
        return None

    def connect(self):
        return Mllp(self.mllp_port)

    def import_therapists(self, *rows):
        path = self.place / "therapists.ndjson"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return self.ctl("therapist", "import", path)

    def offers(self):
        return self.ctl("offer", "list").get("offers", [])

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.process is not None:
            if kind is not None:
                print(self.log.read_text()[-4000:])
            with contextlib.suppress(Exception):
                self.stop()
        shutil.rmtree(self.place, ignore_errors=True)


def therapist(identifier="1000000004", **changes):
    """One who passes every gate of referral() below."""
    base = {
        "identifier": identifier, "name": f"Test Therapist {identifier[-3:]}", "gender": "female", "profession": "225700000X",
        "licences": [{"jurisdiction": "US-KY", "number": "KY1", "status": "active", "valid_from": "2020-01-01", "valid_to": "2099-12-31"}],
        "techniques": ["medical-massage", "trigger-point", "deep-tissue", "myofascial-release"],
        "conditions": [{"condition": "back-pain", "cases": 31}, {"condition": "neck-pain", "cases": 12}],
        "payers": ["HUMANA", "AETNA"], "languages": ["en", "es"],
        "places": [{"name": "Main Street Massage", "postal_code": "40507"}],
        "visit_modes": ["clinic"], "time_zone": "America/New_York", "hours": "Mon-Sun 08:00-18:00", "capacity": 50,
        "rating_sum": 900, "rating_count": 10, "telephone": "+1 859 555 0100",
    }
    base.update(changes)
    return base


COUNTER = [0]


def referral(control_id=None, referral_id=None, event="I12", application="BLUEGRASS_EHR", patient="MRN-1", family="ARCHER", version="2.5.1",
             msh15="", msh16="", diagnosis="M54.50^Low back pain, unspecified^I10", procedure="97124^Therapeutic massage^CPT",
             provider="RP^Referring Provider^HL70286|HOLLOWAY^JUNE^^^DR^MD|||||1093817462^NPI~207Q00000X^TAX", extra="", postal="40508", note=""):
    """A REF^I12 that passes the gates of therapist(); every call makes a new one unless ids are given."""
    COUNTER[0] += 1
    control_id = control_id or f"T{os.getpid()}-{COUNTER[0]}"
    referral_id = referral_id or f"REF-{os.getpid()}-{COUNTER[0]}"
    stamp = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%d%H%M%S+0000")
    lines = [
        f"MSH|^~\\&|{application}|BLUEGRASS|FASCIA|TEST|{stamp}||REF^{event}^REF_I12|{control_id}|P|{version}|||{msh15}|{msh16}|USA|UNICODE UTF-8",
        f"RF1|P^Pending^HL70283|R^Routine^HL70280|Med||O|{referral_id}^BLUEGRASS_EHR",
        f"PRD|{provider}",
        f"PID|1||{patient}^^^BLUEGRASS^MR||{family}^ELLIOT||19790822|M|||418 Woodland Avenue^^Lexington^KY^{postal}^USA^H||^PRN^PH^^^859^5550177||en",
        "IN1|1|HUMANA^Humana Choice|HUM01|Humana Inc.",
    ]
    if diagnosis:
        lines.append(f"DG1|1||{diagnosis}||20261120|W")
    if procedure:
        lines.append(f"PR1|1||{procedure}|Therapeutic massage|20261123")
    if note:
        lines.append(f"NTE|1||{note}")
    lines += [line for line in extra.split("\r") if line]
    return "\r".join(lines) + "\r"


class LineSender:
    """One connection that sends lines and reads a line for each."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.file = self.socket.makefile("rb")

    def send(self, text):
        self.socket.sendall(text if isinstance(text, bytes) else text.encode())

    def receive(self):
        return self.file.readline().decode().rstrip("\n")

    def ask(self, text):
        self.send(text)
        return self.receive()

    def close(self):
        self.file.close()
        self.socket.close()
