"""Why a node did not start, by what it printed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from app.errors import DamagedNodeError, NodeError, TransientNodeError
from app.text import clean_text

__all__ = ["explain", "not_runnable", "tail"]


_ROOM = 50 * 2**20
"""Free bytes that a node needs to start; on a completely full disk it does not even say so."""
_PASSING = ("Unable to start HTTP server", "Cannot obtain a lock on data directory")

# The node's own words, as 1.0.13 writes them, and what they mean.
_MEANINGS = (
    (
        ("Disk space is low", "No space left on device", "Disk space is too low"),
        "The disk is full.",
        "Free at least 200 MB, or set INKPROOF_HOME to a folder on another disk.",
    ),
    (
        ("Cannot obtain a lock on data directory",),
        "Another node is using the same folder.",
        "End that node (bitcoind), then try again.",
    ),
    (
        ("appears to be from the future",),
        "Its newest block is from the future: the clock of this machine has been set back.",
        "Correct the clock. Or start a new, empty chain: `inkproof repair` keeps this one aside.",
    ),
    (
        ("reindex", "Corrupt", "corrupt", "Error opening block database", "Error loading block database"),
        "Its data folder is damaged.",
        "Start a new, empty chain: `inkproof repair` keeps the folder {folder} aside.",
    ),
    (
        ("error while loading shared libraries", "Library not loaded", "GLIBC_"),
        "The program does not fit this system.",
        "Use a node of your own with --rpc-url, or set INKPROOF_BITCOIND to a bitcoind you have.",
    ),
)


def tail(path: Path, size: int = 4096) -> list[str]:
    """The last lines of a file, cleaned to be shown; none if it cannot be read."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - size))
            lines = file.read(size).decode("utf-8", "replace").splitlines()
    except OSError:
        return []
    return [clean for clean in (clean_text(line, 200) for line in lines) if clean]


def explain(output: Path, log: Path, folder: Path) -> NodeError:
    """The error for a node that ended while it started: the reason if it is known, and what it printed last.

    `output`: what it printed; `log`: its log file; `folder`: its data folder. A death without a known reason
    on a folder that holds a chain is a DamagedNodeError: the node can fail an assertion there at every start.
    """
    printed = tail(output)
    # What the node prints names the cause; its log ends with its shutdown messages.
    if _is_full(folder):
        printed = [*printed, "Disk space is low"]
    words = " / ".join(printed[-4:]) or " / ".join(tail(log)[-4:]) or "it printed nothing"
    what = "The embedded Bitcoin SV node did not start."
    passing = any(sign in words for sign in _PASSING)
    for signs, why, advice in _MEANINGS:
        if any(sign in words for sign in signs):
            damaged = "inkproof repair" in advice
            kind = DamagedNodeError if damaged else TransientNodeError if passing else NodeError
            return kind(what, why=f"{why} It said: {words}", hint=advice.format(folder=folder))
    if passing:
        return TransientNodeError(what, why=f"It said: {words}", hint=f"Its log is {log}.")
    if (folder / "regtest" / "blocks").exists():
        hint = (
            f"Try again. If it ends like this each time: `inkproof repair` keeps the folder {folder} aside."
        )
        return DamagedNodeError(what, why=f"It said: {words}", hint=f"{hint} Its log is {log}.")
    return NodeError(what, why=f"It said: {words}", hint=f"Its log is {log}.")


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < _ROOM
    except OSError:
        return False


def not_runnable(program: Path, error: OSError) -> NodeError:
    """The error for a program that the system refuses to run."""
    hint = "Use a node of your own with --rpc-url, or set INKPROOF_BITCOIND to a bitcoind you have."
    if getattr(os, "uname", None) is not None and os.uname().sysname == "Darwin":
        hint = "On Apple's own processors run `softwareupdate --install-rosetta` first. " + hint
    return NodeError(f"{program} cannot be run.", why=f"{error.strerror or error}.", hint=hint)
