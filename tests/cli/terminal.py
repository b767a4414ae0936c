"""A command on a pseudo-terminal, which is read and typed at."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Sequence

_SECONDS = 240.0


def at_terminal(
    arguments: Sequence[object], dialogue: Sequence[tuple[str, str]] = (), **environment: str
) -> tuple[int, str]:
    """Run a command and answer its questions: wait for the words, then type the answer.

    Exit status and all that was printed, escape sequences removed. AssertionError where it does not ask.
    """
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "app", *map(str, arguments)],
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
