"""What reaches a terminal, a pipe and a full disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from rich.text import Text

from app.cli.output import Reporter, out, printable, show_error
from app.errors import InkproofError
from tests.cli.conftest import SEVEN, run

HOSTILE = "esc\x1b[31m\x1b]0;pwn\x07\x9b5m\u202e.png"
FULL = Path("/dev/full")
full_disks = pytest.mark.skipif(not FULL.exists(), reason="/dev/full is Linux's")
posix_names = pytest.mark.skipif(sys.platform == "win32", reason="Windows allows no such names")


def raw_controls(text):
    return {character for character in text if ord(character) < 32 or 127 <= ord(character) < 160} - {"\n"}


def test_a_control_character_is_printed_as_its_symbol():
    assert printable("a\x1b[1mb\r\nc\x7f\x85\u202e") == "a␛[1mb␍␊c␡��"
    assert printable("Ünïcödé 7️⃣ ✓") == "Ünïcödé 7️⃣ ✓"


def test_no_control_character_reaches_the_terminal(capsys):
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
def test_no_control_character_in_the_name_of_a_file_reaches_the_terminal(inkproof, tmp_path):
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


def test_a_mark_that_the_encoding_lacks_does_not_hide_the_verdict(inkproof):
    ran = inkproof("classify", SEVEN, encoding="cp1252")
    assert ran.returncode == 0
    assert "[ok] Both local judges agree: this is a 7." in ran.stdout


@full_disks
@pytest.mark.parametrize(
    "arguments",
    [
        ["history"],
        pytest.param(["contract", "info", "--model", "compact", "--json"], marks=pytest.mark.exhaustive),
        ["--help"],
    ],
)
def test_output_that_cannot_be_written_is_an_error_in_words(home, monkeypatch, arguments):
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)  # argparse ignores its own write errors
    with FULL.open("w") as full:
        ran = run(*arguments, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert ran.returncode == 2
    assert ran.stderr == "error: The output cannot be written. No space left on device.\n"


@full_disks
def test_where_no_stream_can_be_written_the_exit_status_is_2(home):
    with FULL.open("w") as full:
        command = [sys.executable, "-m", "app", "inspect", "nonsense"]
        assert subprocess.run(command, stdout=full, stderr=full, timeout=120).returncode == 2


def test_json_holds_the_name_of_a_file_unchanged(inkproof):
    assert inkproof("classify", SEVEN, "--json").json()["image"] == str(SEVEN)
