"""A command on a pseudo-terminal, which is read and typed at."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence

_SECONDS = 240.0


_IN_TURN = """
import json, sys
from app.cli import main
for arguments in json.loads(sys.argv[1]):
    print(f"<{main(arguments)}>", flush=True)
"""

Dialogue = Sequence[tuple[str, str]]


def at_terminal(arguments: Sequence[object], dialogue: Dialogue = (), **environment: str) -> tuple[int, str]:
    """Run a command and answer its questions: wait for the words, then type the answer.

    Exit status and all that was printed, escape sequences removed. AssertionError where it does not ask.
    """
    return _talk(["-m", "app", *map(str, arguments)], dialogue, environment)


def in_turn(*commands: tuple[Sequence[str], Dialogue]) -> list[tuple[int, str]]:
    """Run commands one after another at one terminal, in one process, and answer the questions of each."""
    asked = json.dumps([arguments for arguments, _ in commands])
    dialogue = [line for _, lines in commands for line in lines]
    status, seen = _talk(["-c", _IN_TURN, asked], dialogue, {})
    assert status == 0, seen
    pieces = re.split(r"<(\d)>\r?\n", seen)
    return [(int(status), text) for text, status in zip(pieces[:-1:2], pieces[1::2], strict=True)]


def _talk(arguments: Sequence[str], dialogue: Dialogue, environment: Mapping[str, str]) -> tuple[int, str]:
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        env={**os.environ, "TERM": "xterm", "COLUMNS": "200", **environment},
    )
    os.close(slave)
    seen = ""
    deadline = time.monotonic() + _SECONDS
    try:
        for words, answer in dialogue:
            start = len(seen)
            while words not in seen[start:]:
                piece = _read(master, deadline, seen)
                assert piece is not None, f"it ended without asking {words!r}: {seen}"
                seen += piece
            os.write(master, answer.encode() + b"\n")
        while (piece := _read(master, deadline, seen)) is not None:
            seen += piece
        return process.wait(timeout=_SECONDS), re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen)
    finally:
        process.kill()
        process.wait()
        os.close(master)


def _read(master: int, deadline: float, seen: str) -> str | None:
    while time.monotonic() < deadline:
        if select.select([master], [], [], 0.2)[0]:
            try:
                data = os.read(master, 65536)
            except OSError:  # the last program on the terminal has ended
                return None
            return data.decode("utf-8", "replace") if data else None
    raise AssertionError(f"the command prints nothing more than {seen!r}")
