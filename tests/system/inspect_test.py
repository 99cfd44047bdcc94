"""What a plugin is, and whether it takes its options, is asked of a process of its own: nothing of it runs in the process of whoever asks."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fascia import BUILD, PATIENCE, SANITIZED, SOURCE, Node  # noqa: E402

SOURCE_TEXT = """
  - name: lines
    plugin: {plugin}
    isolation: process
    interpreter: "{interpreter}"
    stream:
      listen: "127.0.0.1:0"
    options: {options}
"""


class Inspect(unittest.TestCase):
    def setUp(self):
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="fascia-inspect-"))
        self.addCleanup(shutil.rmtree, self.place, ignore_errors=True)
        self.place.chmod(0o755)

    def copy(self, file):
        path = self.place / pathlib.Path(file).name
        shutil.copy(BUILD / file, path)
        path.chmod(0o755)
        return path

    def python(self):
        for name in ("fascia_source.py", "lines.py", "make-messages"):
            shutil.copy(SOURCE / "plugins/examples/python" / name, self.place)
        subprocess.run([self.place / "make-messages", SOURCE / "proto"], check=True)
        subprocess.run(["chmod", "-R", "a+rX,go-w", self.place], check=True)
        return self.place / "lines.py"

    @staticmethod
    def fasciad(*words):
        done = subprocess.run([BUILD / "fasciad", *map(str, words)], capture_output=True, text=True, timeout=PATIENCE * 2)
        return done.returncode, done.stdout, done.stderr

    def check(self, plugin, interpreter="", options="{}"):
        with Node(sources=SOURCE_TEXT.format(plugin=plugin, interpreter=interpreter, options=options)) as node:
            return self.fasciad("--config", node.place / "fascia.yaml", "--check-config")

    def test_the_manual_of_a_plugin(self):
        code, out, _ = self.fasciad("--plugin-help", self.copy("plugins/template.so"))
        self.assertEqual((code, out.splitlines()[0]), (0, "template 1.0: Referral lines: columns between bars, one referral a line"))
        self.assertIn("Write a whole number from 1 to 1024. Default: 32", out)

    def test_the_manual_of_a_script(self):
        code, out, _ = self.fasciad("--plugin-help", self.python(), "--interpreter", "/usr/bin/python3")
        self.assertEqual((code, out.splitlines()[0]), (0, "python-lines 1.0: Referral lines, in Python"))
        code, _, error = self.fasciad("--plugin-help", self.place / "lines.py")
        self.assertEqual(code, 2)
        self.assertIn("`interpreter: /usr/bin/python3`", error)

    @unittest.skipIf(SANITIZED, "a sanitizer's own signals are not what is tried here")
    def test_one_that_ends_whoever_loads_it(self):
        plugin = self.copy("tests/hostile/hostile-loading.so")
        for code, _, error in (self.fasciad("--plugin-help", plugin), self.check(plugin)):
            self.assertEqual(code, 2)  # an answer, and no signal
            self.assertIn("it ended before it had answered", error)

    def test_a_configuration(self):
        good = self.copy("plugins/template.so")
        self.assertEqual(self.check(good)[0], 0)
        self.assertEqual(self.check(self.python(), "/usr/bin/python3")[0], 0)
        for plugin, interpreter, options, says in (
                (good, "", "{windo: 5}", r"fascia\.yaml:\d+:\d+: .*'windo' is no key here; did you mean 'window'"),
                (good, "", "{windo: 5, lines: none}", r"(?s)'windo' is no key here.*lines 'none' is not a whole number"),  # every mistake at once
                (good, "", "{sender: 'a|b'}", "source lines: the plugin refused its options: sender holds"),
                (self.place / "lines.py", "/usr/bin/python3", "{sender: 'a|b'}", "source lines: the plugin refused its options: sender holds"),
                (self.place / "lines.py", "", "{}", "source lines: .*`interpreter: /usr/bin/python3`"),
                (self.place / "lines.py", "/usr/bin/perl-of-nowhere", "{}", "source lines: interpreter /usr/bin/perl-of-nowhere: No such file"),
                (self.place / "nothing.so", "", "{}", "source lines: .*there is no such file")):
            with self.subTest(options=options, plugin=plugin.name):
                code, _, error = self.check(plugin, interpreter, options)
                self.assertEqual(code, 2)
                self.assertRegex(error, says)

    def test_one_that_never_answers(self):
        """It is not waited for longer than a while, and does not outlive whoever asked."""
        self.python()
        plugin = self.place / "slow.py"
        plugin.write_text("#!/usr/bin/python3\nimport time\ntime.sleep(600)\n")
        plugin.chmod(0o755)
        asking = subprocess.Popen([BUILD / "fasciad", "--plugin-help", plugin, "--interpreter", "/usr/bin/python3"], stderr=subprocess.PIPE, text=True)
        _, error = asking.communicate(timeout=PATIENCE * 2)
        self.assertEqual(asking.returncode, 2)
        self.assertIn("it did not answer within 15 s", error)
        left = subprocess.run(["pgrep", "-f", str(plugin)], capture_output=True, text=True).stdout
        self.assertEqual(left, "")  # and what it had started has ended with it


if __name__ == "__main__":
    unittest.main()
