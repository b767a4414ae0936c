"""`contract build`, `contract info` and `contract export`."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.cli.arguments import kind_option, model_option
from app.cli.syntax.base import Commands, command, from_source, later


def add_contract(commands: Commands[argparse.ArgumentParser]) -> None:
    """The contract by itself."""
    contract = commands.add_parser("contract", help="build, describe or export the contract")
    actions = contract.add_subparsers(title="actions", metavar="ACTION", required=True)
    command(
        actions,
        "build",
        "compile the sCrypt source into the committed description",
        "Needs Node.js; the compiler comes through npm the first time.",
        from_source("contract", "build"),
    )
    command(
        actions,
        "info",
        "print size, lanes, fees, identity, and how near each limit of a node is",
        "All but the time in a node is computed from the model.",
        later("contract", "info"),
        [model_option(), kind_option()],
        ["inkproof contract info --model cnn", "inkproof contract info --kind unrolled --json"],
    )
    export = command(
        actions,
        "export",
        "write the locking script as hex",
        "Without --owner the contract belongs to the key of this Inkproof.",
        later("contract", "export"),
        [model_option(), kind_option()],
        ["inkproof contract export --owner 1BoatSLRHtKNngkdXEeobR76b53LETtpyT -o contract.hex"],
    )
    export.add_argument(
        "--owner",
        metavar="OWNER",
        help="the owner's address, or the HASH160 of a public key as 40 hex digits",
    )
    export.add_argument(
        "-o", "--output", type=Path, metavar="FILE", required=True, help="file to write; - is standard output"
    )
