"""`completion`: the script that makes a shell ask Inkproof for completions."""

from __future__ import annotations

import argparse
import sys

from argcomplete.shell_integration import shellcode

from app.cli import OK


def run(options: argparse.Namespace) -> int:
    """Print the script for bash, zsh or fish."""
    sys.stdout.write(shellcode(["inkproof"], shell=options.shell))
    return OK
