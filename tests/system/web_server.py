"""The HTTP server of daemon/io for tests: starts web-server from the build (tests/system/web/server.c), and makes certificates with the openssl command."""
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time

from fascia import BUILD, PATIENCE, SANITIZED


class Server:
    """web-server with these options: Server(connections=20, head_ms=300). Use as a context manager."""

    def __init__(self, **options):
        self.arguments = []
        for name, value in options.items():
            self.arguments.append("--" + name.replace("_", "-"))
            if value is not True:
                self.arguments.append(str(value))

    def __enter__(self):
        self.process = subprocess.Popen([BUILD / "tests/web/web-server", *self.arguments], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.first = self.process.stdout.readline().strip()
        self.port = int(self.first.rpartition(":")[2]) if re.fullmatch(r"[0-9.]+:\d+", self.first) else 0
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        self.errors = self.process.communicate(timeout=PATIENCE)[1]
        # A sanitizer's report is a failure of whichever test it came in.
        assert "Sanitizer" not in self.errors and "runtime error" not in self.errors, self.errors
        assert self.process.returncode == 0 or self.port == 0, (self.process.returncode, self.errors)

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def reload(self):
        self.process.send_signal(signal.SIGHUP)
        return self.process.stdout.readline().strip()

    def connect(self, source="127.0.0.1"):
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE, source_address=(source, 0))

    def raw(self, *pieces, pause=0.0, shut=False):
        """All that comes back for these bytes until the server closes."""
        with self.connect() as connection:
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(pause)
            if shut:
                connection.shutdown(socket.SHUT_WR)
            return read_all(connection)

    def counts(self):
        text = self.raw(b"GET /counts HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").decode()
        return {name: int(value) for name, value in re.findall(r"^(\w+) (\d+)$", text, re.M)}

    def grown(self, before):
        """Bytes of memory more than before; a sanitizer keeps what was freed, so that nothing can be said of it."""
        return 0 if SANITIZED else self.memory() - before

    def memory(self):
        return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{self.process.pid}/status").read_text())[1]) * 1024


def read_all(connection):
    """Up to a clean end: a reset may take with it what was said last, and is an error here."""
    got = b""
    while piece := connection.recv(65536):
        got += piece
    return got


def read_head(connection):
    got = b""
    while b"\r\n\r\n" not in got:
        piece = connection.recv(65536)
        if not piece:
            break
        got += piece
    return got


class Authority:
    """A certificate authority in a directory of its own."""

    def __init__(self, name="authority"):
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="fascia-ca-"))
        self.certificate = self.place / "ca.pem"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "9",
                      "-subj", f"/CN={name}")

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.place, check=True, capture_output=True)

    def issue(self, name, days=9):
        """(certificate, key) of a host or a client."""
        (self.place / f"{name}.ext").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        self._openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr",
                      "-subj", f"/CN={name}")
        self._openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", str(days),
                      "-extfile", f"{name}.ext", "-out", f"{name}.pem")
        os.chmod(self.place / f"{name}.key", 0o600)
        return self.place / f"{name}.pem", self.place / f"{name}.key"

    def fingerprint(self, certificate):
        out = subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-fingerprint", "-sha256"], check=True, capture_output=True, text=True).stdout
        return out.partition("=")[2].strip().replace(":", "").lower()
