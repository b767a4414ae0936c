"""What reaches a terminal, a pipe and a full disk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.text import Text

from app.cli.output import Reporter, out, printable, show_error
from app.errors import InkproofError
from tests.cli.conftest import SEVEN

HOSTILE = "esc\x1b[31m\x1b]0;pwn\x07\x9b5m\u202e.png"
FULL = Path("/dev/full")
full_disks = pytest.mark.skipif(not FULL.exists(), reason="/dev/full is Linux's")
posix_names = pytest.mark.skipif(sys.platform == "win32", reason="Windows allows no such names")


def raw_controls(text):
    return {character for character in text if ord(character) < 32 or 127 <= ord(character) < 160} - {"\n"}


def test_a_character_that_would_steer_a_terminal_is_shown_as_a_picture():
    assert printable("a\x1b[1mb\r\nc\x7f\x85\u202e") == "a␛[1mb␍␊c␡��"
    assert printable("Ünïcödé 7️⃣ ✓") == "Ünïcödé 7️⃣ ✓"


def test_nothing_that_is_printed_steers_the_terminal(capsys):
    out.print(HOSTILE)
    out.print(Text(HOSTILE, style="bold"))
    show_error(InkproofError(HOSTILE, why=HOSTILE, hint=HOSTILE), HOSTILE)
    Reporter(None, quiet=False)(HOSTILE)
    Reporter(None, quiet=False).note(HOSTILE)
    told = capsys.readouterr()
    assert told.out.count("esc␛[31m") == 2
    assert told.err.count("esc␛[31m") == 6
    assert raw_controls(told.out + told.err) == set()
    assert "\u202e" not in told.out + told.err


@posix_names
def test_the_name_of_a_file_cannot_steer_the_terminal(inkproof, tmp_path):
    named = tmp_path / (HOSTILE + "\nline")
    named.write_bytes(SEVEN.read_bytes())
    missing = tmp_path / f"missing{HOSTILE}"
    read = inkproof("classify", named)
    assert read.stdout.startswith(str(tmp_path))
    assert "esc␛[31m" in read.stdout.splitlines()[0] and "␊line" in read.stdout.splitlines()[0]
    sent = inkproof("verify", named, "--model", "compact")
    assert sent.returncode == 0, sent.stderr
    unread = inkproof("classify", missing)
    listed = inkproof("history")
    for ran in (read, sent, unread, listed):
        assert raw_controls(ran.stdout + ran.stderr) == set()
    assert "␊line" in listed.stdout
    # A program gets the name as it is: JSON escapes it.
    assert inkproof("history", "--json").json()["image"] == str(named)


def run(*arguments, **options):
    command = [sys.executable, "-m", "app", *map(str, arguments)]
    return subprocess.run(command, stderr=subprocess.PIPE, timeout=120, **{"text": True} | options)


def test_a_mark_that_the_encoding_lacks_does_not_hide_the_verdict(home):
    narrow = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    done = run("classify", SEVEN, stdout=subprocess.PIPE, env=narrow, encoding="cp1252")
    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0)
    assert "? Both local judges agree: this is a 7." in done.stdout


@full_disks
@pytest.mark.parametrize(
    "arguments",
    [
        ["history"],
        ["contract", "info", "--model", "compact", "--json"],
        ["wallet", "export", "--reveal"],
        ["--help"],
        ["history", "--help"],
    ],
)
def test_output_that_cannot_be_written_is_an_error_in_words(home, monkeypatch, arguments):
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)  # argparse passes over what fails in its own hands
    with FULL.open("w") as full:
        done = run(*arguments, stdout=full)
    assert done.returncode == 2
    assert done.stderr == "error: The output cannot be written. No space left on device.\n"


@full_disks
def test_where_nothing_can_be_said_the_status_says_it(home):
    with FULL.open("w") as full:
        command = [sys.executable, "-m", "app", "inspect", "nonsense"]
        assert subprocess.run(command, stdout=full, stderr=full, timeout=120).returncode == 2


def test_a_verdict_for_programs_holds_the_name_as_it_is(home):
    done = run("classify", SEVEN, "--json", stdout=subprocess.PIPE)
    assert json.loads(done.stdout)["image"] == str(SEVEN)
