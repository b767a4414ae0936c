"""Which Inkproof this is: the version, the commit it was made from, and whether it is frozen."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app import __version__, paths
from app.environment import without_secrets

__all__ = ["BUILD_FILE", "ShowVersion", "asked", "commit", "describe", "frozen"]

BUILD_FILE = "build.json"
"""Written into a frozen program when it is built: it has no repository to ask later."""

_GIT_SECONDS = 5


def frozen() -> bool:
    """Whether this is the program made by PyInstaller, with its own Python."""
    return bool(getattr(sys, "frozen", False))


def commit() -> str:
    """The commit this program was made from, ending in `+` if files differed from it; empty if unknown."""
    if frozen():
        return _recorded(paths.resources() / BUILD_FILE)
    return asked(Path(__file__).resolve().parents[1])


def describe() -> str:
    """One line: `Inkproof 0.1.0 (commit 1a2b3c4d5e6f, frozen)`."""
    made_from = commit()
    remarks = [f"commit {made_from}"] if made_from else []
    remarks += ["frozen"] if frozen() else []
    return f"Inkproof {__version__}" + (f" ({', '.join(remarks)})" if remarks else "")


class ShowVersion(argparse.Action):
    """`--version`: asks git only when it is given, since the parser is built for every command."""

    def __init__(self, option_strings: Sequence[str], dest: str, **keywords: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, **keywords)

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        """Print the line and end."""
        print(describe())
        parser.exit()


def _recorded(path: Path) -> str:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))["commit"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return value if isinstance(value, str) else ""


def asked(root: Path) -> str:
    """The commit of a checkout, as git tells it; a folder inside somebody else's repository has none."""
    if not (root / ".git").exists():
        return ""
    try:
        done = subprocess.run(
            ["git", "-C", str(root), "describe", "--always", "--abbrev=12", "--exclude=*", "--dirty=+"],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_GIT_SECONDS,
            env=without_secrets(),
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
