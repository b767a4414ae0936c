"""The node's operating-system process: started apart from its starter, found again, waited for."""

from __future__ import annotations

import contextlib
import ctypes
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import psutil

from app.environment import without_secrets
from app.errors import NodeError

__all__ = ["alive", "await_end", "check_path", "data_folder_flag", "find", "plain_path", "start"]

_POLL_SECONDS = 0.02

# Kept so that a child which has ended is reaped and not taken for a running one.
_children: list[subprocess.Popen[bytes]] = []


def data_folder_flag(folder: Path) -> str:
    """The argument of bitcoind that identifies our node among all processes."""
    return f"-datadir={plain_path(folder) if sys.platform == 'win32' else folder}"


def plain_path(folder: Path, short: Callable[[str], str] | None = None) -> str:
    """The path of a folder in ASCII, where Windows has one: bitcoind.exe opens no database below another.

    `short` gives Windows' short (8.3) form of a path, or an empty text if the folder or the form is missing;
    then the path is returned as it is.
    """
    path = str(folder)
    return path if path.isascii() else (short or _short_form)(path) or path


def check_path(flag: str, folder: Path) -> None:
    """NodeError if bitcoind.exe cannot use the folder of this flag."""
    if not flag.isascii():
        raise NodeError(
            f"The embedded Bitcoin SV node cannot use the folder {folder}.",
            why="On Windows it takes paths of plain letters (ASCII) only, and this folder has no short name.",
            hint="Set INKPROOF_HOME to a folder with a plain path, such as C:\\Inkproof.",
        )


def _short_form(path: str) -> str:
    if sys.platform == "win32":
        buffer = ctypes.create_unicode_buffer(32_768)
        length = ctypes.windll.kernel32.GetShortPathNameW(path, buffer, len(buffer))
        return buffer.value if 0 < length < len(buffer) else ""
    return ""


def start(
    command: Sequence[str], *, folder: Path, output: IO[bytes] | int, extra: dict[str, str] | None = None
) -> int:
    """Start a program in `folder`, apart from our terminal and without our secrets; its process number.

    `extra`: more environment variables. OSError where the system refuses.
    """
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env=without_secrets() | (extra or {}),
        **_detached(),
    )
    _children.append(child)
    return child.pid


def find(folder: Path, notes: Sequence[Path]) -> psutil.Process | None:
    """The running node of a data folder; None if there is none.

    `notes` are files with its process number. They can be missing, where its starter was killed before it
    wrote one, or name a process that has the number now: so its command line decides, and without a note
    all processes are looked through.
    """
    for process in (*_noted(notes), *psutil.process_iter()):
        with contextlib.suppress(psutil.Error):
            if data_folder_flag(folder) in process.cmdline() and alive(process):
                return process
    return None


def alive(process: psutil.Process) -> bool:
    """Whether the process runs; one that has ended and is not yet reaped does not."""
    for child in _children:
        child.poll()
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def await_end(process: psutil.Process, seconds: float) -> None:
    """Wait until the process has ended, for `seconds` at most."""
    deadline = time.monotonic() + seconds
    while alive(process) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)


def _noted(notes: Sequence[Path]) -> Iterator[psutil.Process]:
    for note in notes:
        with contextlib.suppress(OSError, ValueError, OverflowError, psutil.Error):
            yield psutil.Process(int(note.read_text(encoding="ascii")))


def _detached() -> dict[str, Any]:
    """A session of its own: Ctrl+C in the terminal must not end the node before the ledger is written."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True, "umask": 0o077}
