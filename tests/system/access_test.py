"""Accounts of those who ask over HTTP: fasciactl makes, shows, changes and removes them; restarts, crashes and backups keep them; secrets are told to nobody."""
import base64
import json
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fascia import BUILD, PATIENCE, Node  # noqa: E402

SCOPE = "system/ServiceRequest.crs"
PASSWORD = "correct horse battery staple"


def base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def new_key(name, private=False):
    """A key for ES384 as openssl makes it, as a JWK."""
    def openssl(*words, given=None):
        return subprocess.run(["openssl", *words], input=given, capture_output=True, check=True, timeout=PATIENCE).stdout
    secret = openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384")
    point = openssl("pkey", "-pubout", "-outform", "DER", given=secret)[-96:]
    key = {"kty": "EC", "crv": "P-384", "kid": name, "x": base64url(point[:48]), "y": base64url(point[48:])}
    return {**key, "d": base64url(bytes(range(48)))} if private else key


class Access(unittest.TestCase):
    def setUp(self):
        self.node = Node().__enter__()
        self.addCleanup(self.node.__exit__, None, None, None)
        self.node.start()

    def keys(self, *names, **how):
        path = self.node.place / "keys.json"
        path.write_text(json.dumps({"keys": [new_key(name, **how) for name in names]}))
        return path

    def add_client(self, name="main-street", *more):
        return self.node.ctl("client", "add", name, "--jwks", self.keys("one"), "--scope", SCOPE, "--role", "referrer",
                             "--title", "Main Street Family Medicine", *more)

    def client(self, name="main-street"):
        return self.node.ctl("client", "show", name)["accounts"][0]

    def user(self, name="alice"):
        return self.node.ctl("user", "show", name)["accounts"][0]

    def refused(self, code, saying, *words):
        got, out, errors = self.node.ctl(*words, check=False, json_out=False)
        self.assertEqual(got, code, out + errors)
        self.assertIn(saying, out + errors)

    def set_password(self, name, password, code=0):
        done = subprocess.run([str(BUILD / "fasciactl"), "--socket", str(self.node.socket), "user", "password", name],
                              input=password + "\n", capture_output=True, text=True, timeout=PATIENCE * 3, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def row(self, name):
        with sqlite3.connect(f"file:{self.node.data}/fascia.db?mode=ro", uri=True) as database:
            return database.execute("SELECT payload FROM account WHERE name = ?", (name,)).fetchone()[0]

    def test_a_client_is_added_shown_changed_and_removed(self):
        self.add_client("main-street", "--sender", "BLUEGRASS_EHR")
        row = self.client()
        account = row["account"]
        self.assertEqual((account["name"], account["kind"], account["roles"], account["sender"], account["scopes"]),
                         ("main-street", "client", ["referrer"], "BLUEGRASS_EHR", [SCOPE]))
        self.assertGreater(account["created"], 0)
        self.assertIn("one", self.node.ctl("client", "show", "main-street", json_out=False))
        self.node.ctl("client", "set", "main-street", "--scope", f"{SCOPE},system/Task.rs", "--disable")
        changed = self.client()["account"]
        self.assertEqual(changed["scopes"], [SCOPE, "system/Task.rs"])
        self.assertTrue(changed["disabled"])
        self.assertEqual(changed["created"], account["created"])
        self.assertEqual(changed["title"], "Main Street Family Medicine")
        self.assertIn("disabled", self.node.ctl("client", "list", json_out=False))
        self.node.ctl("client", "set", "main-street", "--enable")
        self.assertFalse(self.client()["account"]["disabled"])
        self.node.ctl("client", "remove", "main-street")
        self.refused(1, "no account", "client", "show", "main-street")
        self.refused(1, "no account", "client", "remove", "main-street")
        self.assertEqual(self.node.ctl("client", "list")["accounts"], [])

    def test_keys_rotate(self):
        self.add_client()
        self.node.ctl("client", "set", "main-street", "--add-jwks", self.keys("two", "three"))
        shown = self.node.ctl("client", "show", "main-street", json_out=False)
        self.assertEqual(re.findall(r"\d EC P-384 (\w+)", shown), ["one", "two", "three"])
        self.node.ctl("client", "set", "main-street", "--remove-key", "one")
        self.node.ctl("client", "set", "main-street", "--remove-key", "2")
        shown = self.node.ctl("client", "show", "main-street", json_out=False)
        self.assertEqual(re.findall(r"\d EC P-384 (\w+)", shown), ["two"])
        self.refused(2, "no key of this kid", "client", "set", "main-street", "--remove-key", "one")
        self.refused(1, "no key that may sign", "client", "set", "main-street", "--remove-key", "two")

    def test_what_is_no_account_is_refused_with_why(self):
        add = ["client", "add", "x", "--role", "referrer"]
        good = ["--scope", SCOPE, "--jwks", self.keys("one")]
        self.refused(2, "--jwks FILE is missing", *add, "--scope", SCOPE)
        self.refused(2, "No such file", *add, "--scope", SCOPE, "--jwks", "/nowhere")
        self.refused(1, "scopes", *add, "--scope", "launch", "--jwks", self.keys("one"))
        self.refused(1, "name", "client", "add", "Main Street", "--role", "referrer", *good)
        self.refused(1, "a client can't be an admin", "client", "add", "x", "--role", "admin", *good)
        self.refused(1, "who has the role of one", "client", "add", "x", "--role", "therapist", *good)
        self.refused(2, "--role is one or more of", "client", "add", "x", "--role", "king", *good)
        self.refused(1, "private", *add, "--scope", SCOPE, "--jwks", self.keys("one", private=True))
        self.add_client()
        self.refused(1, "already", "client", "add", "main-street", "--role", "referrer", *good)
        self.refused(1, "already", "user", "add", "main-street", "--role", "referrer")
        self.refused(1, "that is no user, but a client", "user", "show", "main-street")
        self.refused(1, "that is no user, but a client", "user", "password", "main-street", "--remove")
        self.assertEqual(len(self.node.ctl("client", "list")["accounts"]), 1)

    def test_a_users_secrets_are_told_to_nobody(self):
        self.node.ctl("user", "add", "alice", "--role", "coordinator,therapist", "--therapist", "1000000004", "--title", "Alice Roe MD")
        self.assertEqual((self.user()["has_password"], self.user()["has_totp"]), (False, False))
        self.set_password("alice", PASSWORD)
        self.assertTrue(self.user()["has_password"])
        told = self.node.ctl("user", "totp", "alice")
        self.assertRegex(told["uri"], r"^otpauth://totp/fascia:alice\?secret=[A-Z2-7]{32}&issuer=fascia&")
        secret = base64.b32decode(told["secret"])
        self.assertEqual(len(secret), 20)
        row = self.user()
        self.assertTrue(row["has_totp"])
        self.assertEqual((row["account"].get("password", ""), row["account"].get("totp", "")), ("", ""))
        kept = self.row("alice")
        self.assertIn(b"$argon2id$", kept)
        self.assertNotIn(secret, kept, "sealed")
        # A change of something else leaves them; and the trail has no secret.
        self.node.ctl("user", "set", "alice", "--title", "Alice Roe")
        self.assertIn(kept[kept.index(b"$argon2id$"):][:97], self.row("alice"))
        self.assertTrue(self.user()["has_totp"])
        with sqlite3.connect(f"file:{self.node.data}/fascia.db?mode=ro", uri=True) as database:
            events = database.execute("SELECT actor, payload FROM event WHERE kind = 17 ORDER BY sequence").fetchall()
        self.assertEqual(len(events), 4)
        for actor, payload in events:
            self.assertTrue(actor.startswith("user:"), actor)
            self.assertNotIn(b"argon2", payload)
            self.assertNotIn(secret, payload)
        self.assertEqual([row["kind"] for row in self.node.ctl("audit", "list")["audit"]], ["account_changed"] * 4)
        self.node.ctl("user", "totp", "alice", "--remove", json_out=False)
        self.node.ctl("user", "password", "alice", "--remove")
        self.assertEqual((self.user()["has_password"], self.user()["has_totp"]), (False, False))
        self.node.ctl("user", "unlock", "alice", json_out=False)
        self.refused(1, "no account", "user", "unlock", "bob")
        self.node.ctl("user", "remove", "alice")
        self.assertEqual(self.node.ctl("user", "list")["accounts"], [])

    def test_a_password_must_be_one(self):
        self.node.ctl("user", "add", "alice", "--role", "coordinator")
        self.assertIn("at least 10", self.set_password("alice", "short", code=2))
        self.assertIn("at most 1024", self.set_password("alice", "x" * 1100, code=2))
        self.set_password("bob", PASSWORD, code=1)
        self.assertFalse(self.user()["has_password"])

    def everything(self):
        return self.node.ctl("client", "list")["accounts"], self.node.ctl("user", "list")["accounts"], self.row("alice"), self.row("main-street")

    def fill(self):
        self.add_client()
        self.node.ctl("user", "add", "alice", "--role", "admin")
        self.set_password("alice", PASSWORD)
        self.node.ctl("user", "totp", "alice")

    def test_restarts_and_crashes_keep_them(self):
        self.fill()
        before = self.everything()
        self.assertEqual(self.node.stop(), 0)
        self.node.start()
        self.assertEqual(self.everything(), before)
        self.node.kill()
        self.node.start()
        self.assertEqual(self.everything(), before)
        self.assertTrue(self.node.ctl("audit", "verify")["audit_report"]["whole"])

    def test_a_backup_has_them(self):
        self.fill()
        before = self.everything()
        backup = self.node.place / "backup.db"
        self.node.ctl("backup", backup)
        self.node.ctl("client", "remove", "main-street")
        self.node.stop(signal.SIGTERM)
        away = self.node.place / "away"
        shutil.move(self.node.data, away)
        self.node.data.mkdir(mode=0o700)
        shutil.copy2(away / "node.key", self.node.data)
        subprocess.run([str(BUILD / "fasciad"), "--config", str(self.node.place / "fascia.yaml"), "--restore", str(backup)],
                       check=True, capture_output=True, timeout=PATIENCE * 3)
        self.node.start()
        self.assertEqual(self.everything(), before)

    def test_many_are_listed_by_page(self):
        for number in range(12):
            self.node.ctl("user", "add", f"user-{number:02}", "--role", "coordinator")
        names = [row["account"]["name"] for row in self.node.ctl("user", "list", "--after", "user-03", "--limit", "5")["accounts"]]
        self.assertEqual(names, [f"user-{number:02}" for number in range(4, 9)])


if __name__ == "__main__":
    unittest.main(verbosity=2)
