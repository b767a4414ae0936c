"""`repair`: check the ledger and the embedded node, and replace what is damaged by a new one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from rich.text import Text

from app.chain.connection import profile_for
from app.chain.ledger import file as ledgerfile
from app.chain.ledger.store import Ledger
from app.chain.node.process import EmbeddedNode
from app.chain.service import ledger_path
from app.cli import FAILED, OK
from app.cli.options import kind_of
from app.cli.output import err, out, print_json, reporting
from app.errors import DamagedLedgerError, DamagedNodeError, InkproofError


def run(options: argparse.Namespace) -> int:
    """Check both; exit status 2 if something damaged is left as it is."""
    node = EmbeddedNode(profile_for(kind_of(options)))

    def use_node() -> None:
        with reporting(options) as report, node.lease(report):
            pass

    found = {
        "ledger": _examine("ledger", _check_ledger, lambda: ledgerfile.set_aside(ledger_path()), options),
        "node": _examine("embedded node", use_node, node.set_aside, options),
    }
    if options.json:
        print_json(found)
    return FAILED if "damaged" in found.values() else OK


def _check_ledger() -> None:
    if ledger_path().exists():
        with Ledger(ledger_path()) as ledger:
            ledger.check()


def _examine(
    what: str, check: Callable[[], None], set_aside: Callable[[], Path], options: argparse.Namespace
) -> str:
    """The result for JSON: "whole", "damaged", or the path that the damaged one was moved to."""
    try:
        check()
    except (DamagedLedgerError, DamagedNodeError) as error:
        # Without the error's hint, which advises to run this command.
        err.print(Text(f"note: {error.what} {error.why}".rstrip()))
        if not _agreed(what, options):
            return "damaged"
    else:
        if not options.json:
            out.print(f"The {what} is whole.")
        return "whole"
    kept = set_aside()
    check()
    if not options.json:
        out.print(f"A new {what} has begun. The old one is kept as {kept}.")
    return str(kept)


def _agreed(what: str, options: argparse.Namespace) -> bool:
    if options.yes:
        return True
    if not sys.stdin.isatty():
        err.print(f"Nothing was changed. To begin a new {what}: inkproof repair --yes")
        return False
    try:
        answer = input(f"Keep the damaged {what} aside and begin a new one? [y/N] ")
    except EOFError as error:
        raise InkproofError("Nothing was changed.") from error
    return answer.strip().lower() in ("y", "yes")
