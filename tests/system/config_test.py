"""--check-config: every error by file and line, all of them at once, without starting anything."""
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fascia import BUILD, SOURCE, Node  # noqa: E402


class Config(unittest.TestCase):
    def setUp(self):
        self.node = Node()
        self.addCleanup(self.node.__exit__, None, None, None)
        self.file = self.node.place / "fascia.yaml"

    def change(self, old, new):
        text = self.file.read_text()
        self.assertIn(old, text)
        self.file.write_text(text.replace(old, new, 1))

    def line_of(self, words, file=None):
        lines = (file or self.file).read_text().splitlines()
        return 1 + next(number for number, line in enumerate(lines) if words in line)

    def check(self, *words):
        done = subprocess.run([str(BUILD / "fasciad"), *(words or ("--check-config",)), "--config", str(self.file)],
                              capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def test_a_good_one_is_called_good(self):
        code, said, wrong = self.check()
        self.assertEqual((code, wrong), (0, ""))
        self.assertIn("good", said)
        self.assertFalse(self.node.data.exists(), "a check must not make a store")

    def test_errors_name_file_and_line_and_come_all_at_once(self):
        self.change("  country: US", "  country: Kentucky")
        self.change("max_distance: 60km", "max_distanze: 60km")
        self.change("      scan: 500ms", "      scan: soon")
        code, _, wrong = self.check()
        self.assertEqual(code, 2)
        for words in ("country: Kentucky", "max_distanze", "scan: soon"):
            self.assertIn(f"fascia.yaml:{self.line_of(words)}:", wrong, words)

    def test_a_plugins_options_are_checked(self):
        self.change("      processing_ids: PT", "      processing_idz: PT")
        code, _, wrong = self.check()
        self.assertEqual(code, 2)
        self.assertIn(f"fascia.yaml:{self.line_of('processing_idz')}:", wrong)

    def test_a_plugin_that_is_not_there_is_named(self):
        self.change("    plugin: hl7v2", "    plugin: hl7v9")
        code, _, wrong = self.check()
        self.assertEqual(code, 2)
        self.assertIn(f"fascia.yaml:{self.line_of('hl7v9')}:13: source clinic: ", wrong)

    def test_a_source_is_fed_in_a_way_that_its_plugin_takes(self):
        self.change("    plugin: hl7v2\n    stream:\n      listen: \"127.0.0.1:0\"", f"    plugin: hl7v2\n    folder:\n      path: {self.node.place}")
        code, _, wrong = self.check()
        self.assertEqual(code, 2)
        self.assertIn(f"fascia.yaml:{self.line_of('    folder:') + 1}:7: source clinic: plugin hl7v2 takes no files", wrong)

    def test_what_a_plugin_itself_refuses_is_named_by_the_option(self):
        self.change("      sender: ", "      referrer_npi: \"12345\"\n      sender: ")
        code, _, wrong = self.check()
        self.assertEqual(code, 2)
        self.assertIn(f"fascia.yaml:{self.line_of('referrer_npi')}:21: source ", wrong)

    def test_included_files_are_read_and_named_in_errors(self):
        more = self.node.place / "more.yaml"
        inbox = self.node.place / "inbox2"
        inbox.mkdir()
        self.file.write_text(self.file.read_text() + "include:\n  - more.yaml\n")
        good = f"sources:\n  - name: second\n    plugin: folder\n    folder:\n      path: {inbox}\n    options:\n      sender: OTHER\n      role: physician\n"
        more.write_text(good)
        code, said, wrong = self.check()
        self.assertEqual((code, wrong), (0, ""))
        self.assertIn("3 sources", said)
        more.write_text(good.replace("role: physician", "role: astronaut"))
        code, _, wrong = self.check()
        self.assertEqual(code, 2)
        self.assertIn(f"more.yaml:{self.line_of('astronaut', more)}:", wrong)

    def test_a_start_with_a_wrong_file_ends_with_the_same_code(self):
        self.change("  country: US", "  country: Kentucky")
        code, _, wrong = self.check("--config", str(self.file))
        self.assertEqual(code, 2)
        self.assertIn("fascia.yaml:", wrong)
        self.assertFalse(self.node.data.exists())

    def test_the_manual_of_a_plugin_named_by_less_than_its_path_says_what_to_type(self):
        whole = BUILD / "plugins" / "folder.so"
        done = subprocess.run([str(BUILD / "fasciad"), "--plugin-help", "folder.so"], cwd=whole.parent, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertIn(f"type: fasciad --plugin-help {whole.resolve()}", done.stderr)
        said = subprocess.run(done.stderr.split("type: ")[1].split(), executable=str(BUILD / "fasciad"), capture_output=True, text=True, timeout=60)
        self.assertEqual(said.returncode, 0, said.stderr)
        self.assertIn("date_format", said.stdout)
        done = subprocess.run([str(BUILD / "fasciad"), "--plugin-help", "nothing.so"], cwd=self.node.place, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertIn("there is no such file here", done.stderr)

    def test_a_missing_table_is_named(self):
        self.change("  tables_directory: ", f"  tables_directory: {self.node.inbox} # ")
        code, _, wrong = self.check()
        self.assertEqual(code, 2)
        self.assertIn(f"fascia.yaml:{self.line_of('  tables_directory: ')}:21: node.tables_directory: ", wrong)
        self.assertIn(str(self.node.inbox), wrong)

    def test_a_wrong_row_of_a_table_is_named_with_the_key_that_led_there(self):
        tables = self.node.place / "tables"
        shutil.copytree(SOURCE / "deploy/tables", tables)
        with open(tables / "techniques.csv", "a", encoding="utf-8") as table:
            table.write("only,one,too,many,fields,here,and,more\n")
        self.change("  tables_directory: ", f"  tables_directory: {tables} # ")
        code, _, wrong = self.check()
        self.assertEqual(code, 2)
        self.assertRegex(wrong, r"fascia.yaml:\d+:21: node.tables_directory: .*techniques.csv")


if __name__ == "__main__":
    unittest.main()
