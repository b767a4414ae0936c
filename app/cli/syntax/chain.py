"""`deploy`, `history`, `inspect`, proofs, `repair` and `node`."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.cli.arguments import kind_option, model_option, node_options
from app.cli.syntax.base import COUNT, Commands, command, later

_MODEL_FILE = "integers (.npz) of a model that is not installed here"


def add_chain(commands: Commands[argparse.ArgumentParser]) -> None:
    """What is on the chain."""
    chain, kind, model = node_options(), kind_option(), model_option()
    command(
        commands,
        "deploy",
        "deploy the contract, so that the next verification need not wait",
        "If an unspent deployment is there already, it is shown instead.",
        later("chain", "deploy"),
        [model, kind, chain],
    )
    history = command(
        commands,
        "history",
        "list past verifications, or export them",
        "Newest first. --json and --csv print every record with all that is known of it: image, readings,\n"
        "claim, contract, transaction, block.",
        later("history"),
        examples=["inkproof history --limit 5", "inkproof history --csv > verifications.csv"],
    )
    history.add_argument("--csv", action="store_true", help="print a table for spreadsheets (RFC 4180)")
    history.add_argument(
        "--limit", type=COUNT, metavar="N", help="how many (default: 20; all with --json or --csv)"
    )


def add_checks(commands: Commands[argparse.ArgumentParser]) -> None:
    """Checking a verification: from the chain, or from a proof file."""
    chain, kind, model = node_options(), kind_option(), model_option()
    inspect = command(
        commands,
        "inspect",
        "check a verification from its transaction alone",
        "Fetches the transaction and the one it spends, rebuilds the contract from the models known here,\n"
        "shows the image and the claim, and runs the whole Script again on this machine. The exit status is\n"
        "0 only if a known contract accepts the claim.",
        later("inspecting"),
        [model, kind, chain],
    )
    inspect.add_argument("txid", metavar="TXID")
    inspect.add_argument("--model-file", type=Path, metavar="FILE", help=_MODEL_FILE)
    proof = command(
        commands,
        "proof",
        "write the proof of a verification as a file that anyone can check",
        "The file is Atomic BEEF (BRC-95): the claim, the deployment that it spends, and their Merkle paths\n"
        "(BRC-74). A file made before a block held the claim is completed by naming it instead of TXID.",
        later("proof", "make"),
        [chain],
    )
    proof.add_argument("verification", metavar="TXID", help="a txid, or a proof file to complete")
    proof.add_argument("-o", "--output", type=Path, metavar="FILE", required=True, help="file to write")
    proof.add_argument(
        "--headers", type=Path, metavar="FILE", help="write block headers, too, from the claim's on"
    )
    check = command(
        commands,
        "check",
        "check a proof file, without a chain",
        "Holds the file to its txids and Merkle paths, rebuilds the contract from the models known here\n"
        "and runs it. Whether the block is on the chain with most work is looked up where a chain is named\n"
        "or an embedded node runs; else it is said to be open. Exit status 0 only if the claim is proved.",
        later("proof", "run_check"),
        [chain],
    )
    check.add_argument("file", type=Path, metavar="FILE", help="the proof file; - for standard input")
    check.add_argument(
        "--headers", type=Path, metavar="FILE", help="block headers, 80 bytes each, oldest first"
    )
    check.add_argument("--model-file", type=Path, metavar="FILE", help=_MODEL_FILE)


def add_upkeep(commands: Commands[argparse.ArgumentParser]) -> None:
    """The embedded node, and damage."""
    kind = kind_option()
    repair = command(
        commands,
        "repair",
        "check the ledger and the embedded node, and replace what is damaged",
        "What is damaged is moved aside after a yes, and a new one begins. Nothing is deleted, and the\n"
        "wallet's key is not touched.",
        later("repair"),
        [kind],
    )
    repair.add_argument("--yes", action="store_true", help="move what is damaged aside without asking")
    node = commands.add_parser("node", help="the embedded Bitcoin SV node: status, start, stop")
    actions = node.add_subparsers(title="actions", metavar="ACTION", required=True)
    for name, summary, detail in (
        ("status", "show the embedded node", "Starts nothing."),
        ("start", "start the embedded node and leave it running", "Later commands find it ready."),
        ("stop", "stop the embedded node", "Its chain stays on disk."),
    ):
        command(actions, name, summary, detail, later("node", name), [kind])
