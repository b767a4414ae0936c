"""Commands, their options, and help that teaches."""

from __future__ import annotations

import argparse
import importlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from app.version import ShowVersion

_INTRODUCTION = """\
Draw a digit; three independent judges read it: a float neural network, an integer
fixed-point engine, and a smart contract on Bitcoin SV whose Script runs the whole network.
Inkproof shows whether the three agree, and leaves a transaction that anyone can check again.
"""

_FIRST_STEPS = """\
first steps:
  inkproof                           open the window and draw
  inkproof verify seven.png          three verdicts and a confirmed transaction
  inkproof verify seven.png --claim 4   try to cheat: the node refuses
  inkproof inspect TXID              check a transaction as a third person would
  inkproof classify *.png            the two local judges only, no node

exit status: 0 all judges agree, 1 a judge disagrees, 2 an error
"""


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line. Each command sets `run`, a function of the options."""
    parser = argparse.ArgumentParser(
        prog="inkproof",
        description=_INTRODUCTION,
        epilog=_FIRST_STEPS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=ShowVersion, help="show version and commit, and exit")
    parser.set_defaults(run=_later("window"), keep_node=False, yes=False, **_node_defaults())
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_window(commands)
    _add_judging(commands)
    _add_network(commands)
    _add_contract(commands)
    _add_chain(commands)
    return parser


def _later(module: str, function: str = "run") -> Callable[[argparse.Namespace], int]:
    """Import a command's module when it runs, and no sooner: `--help` must be instant."""

    def call(options: argparse.Namespace) -> int:
        return int(getattr(importlib.import_module(f"app.cli.{module}"), function)(options))

    return call


Commands = argparse._SubParsersAction  # the only name argparse has for it


def _command(
    commands: Commands[argparse.ArgumentParser],
    name: str,
    summary: str,
    detail: str,
    run: Callable[[argparse.Namespace], int],
    parents: Sequence[argparse.ArgumentParser] = (),
) -> argparse.ArgumentParser:
    command = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.\n\n{detail}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=list(parents),
    )
    command.set_defaults(run=run)
    command.add_argument("--json", action="store_true", help="print JSON, for programs")
    return command


def _node_defaults() -> dict[str, str | None]:
    return {"rpc_url": os.environ.get("INKPROOF_RPC_URL"), "rpc_user": None, "rpc_cookie": None}


def _node_options() -> argparse.ArgumentParser:
    parent = argparse.ArgumentParser(add_help=False)
    group = parent.add_argument_group(
        "node",
        "By default Inkproof runs a Bitcoin SV node of its own on a private chain. Credentials for another "
        "node come from INKPROOF_RPC_USER and INKPROOF_RPC_PASSWORD, or from its cookie file.",
    )
    defaults = _node_defaults()
    group.add_argument(
        "--rpc-url", metavar="URL", default=defaults["rpc_url"], help="use this node's JSON-RPC"
    )
    group.add_argument("--rpc-user", metavar="NAME", help="its RPC user (default: INKPROOF_RPC_USER)")
    group.add_argument("--rpc-cookie", metavar="FILE", type=Path, help="its cookie file")
    group.add_argument("--keep-node", action="store_true", help="leave the embedded node running afterwards")
    group.add_argument("--yes", action="store_true", help="spend real coins (mainnet) without asking")
    return parent


def _kind_option() -> argparse.ArgumentParser:
    parent = argparse.ArgumentParser(add_help=False)
    parent.add_argument(
        "--kind",
        choices=["packed", "unrolled"],
        default="packed",
        help="form of the contract: packed (default policy) or unrolled (the literal arithmetic; needs a "
        "node with a raised script-size policy, which Inkproof then runs)",
    )
    return parent


def _add_window(commands: Commands[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "window", help="open the window and draw (the default)", parents=[_node_options()]
    )
    command.set_defaults(run=_later("window"))


def _add_judging(commands: Commands[argparse.ArgumentParser]) -> None:
    verify = _command(
        commands,
        "verify",
        "let all three judges read images, the contract on chain",
        "Each image becomes 28x28 as MNIST's were made. The claim is the digit that the integer engine\n"
        "reads, unless --claim names another; the node then has to refuse it.",
        _later("judging", "verify"),
        [_kind_option(), _node_options()],
    )
    verify.add_argument("images", nargs="+", metavar="IMAGE", help="PNG, JPEG, GIF, BMP or WebP")
    verify.add_argument(
        "--claim", type=int, choices=range(10), metavar="D", help="claim this digit (0-9) instead"
    )
    classify = _command(
        commands,
        "classify",
        "let the two local judges read images",
        "The float network and the integer engine; no node, no coins.",
        _later("judging", "classify"),
    )
    classify.add_argument("images", nargs="+", metavar="IMAGE", help="PNG, JPEG, GIF, BMP or WebP")
    evaluate = _command(
        commands,
        "evaluate",
        "measure both engines over a data set",
        "Accuracy of the float network and of the integer engine on the test images, and on how many\n"
        "of them the two agree.",
        _later("measuring", "evaluate"),
    )
    evaluate.add_argument("--data", type=Path, metavar="FILE", help="MNIST in Keras's mnist.npz layout")
    evaluate.add_argument(
        "--drawings", type=Path, metavar="FILE", help="drawn digits (a stroke file) instead"
    )
    evaluate.add_argument("--limit", type=int, metavar="N", help="the first N images only")

    bench = _command(
        commands,
        "bench",
        "measure everything that is claimed, in one run",
        "Packed against unrolled contract, integer engine against Keras, stroke to reading, start of the\n"
        "window, Enter to block. Uses a fresh chain of its own and takes about a minute.",
        _later("bench"),
    )
    bench.add_argument("--output", type=Path, metavar="DIR", help="also write bench.json and bench.png there")
    _command(
        commands,
        "selftest",
        "try everything that this program is for, on this machine",
        "Files, window (on a screen that nobody sees), pen, both engines, the contract's Script, the node,\n"
        "a claim that must be verified and one that must be refused. Exit status 0 only if all passed.",
        _later("selftest"),
    )


def _add_network(commands: Commands[argparse.ArgumentParser]) -> None:
    train = _command(
        commands,
        "train",
        "train a network and write model, integers and report",
        "Recipes: handwriting (what ships: augmented, tuned), source (the published recipe, literally) and "
        "cnn (a full convolutional network, and few-bit integers trained from it).",
        _later("measuring", "train"),
    )
    train.add_argument("--recipe", choices=["handwriting", "source", "cnn"], default="handwriting")
    train.add_argument("--data", type=Path, metavar="FILE", help="MNIST in Keras's mnist.npz layout")
    train.add_argument("--seed", type=int, default=1, help="same seed, same network (default: 1)")
    train.add_argument("--epochs", type=int, metavar="N", help="instead of the recipe's own number")
    train.add_argument(
        "--output", type=Path, metavar="DIR", help="folder to write to (default: assets/RECIPE)"
    )


def _add_contract(commands: Commands[argparse.ArgumentParser]) -> None:
    contract = commands.add_parser("contract", help="build, describe or export the contract")
    actions = contract.add_subparsers(title="actions", metavar="ACTION", required=True)
    _command(
        actions,
        "build",
        "compile the sCrypt source into the committed description",
        "Needs Node.js; the compiler comes through npm the first time.",
        _later("contract", "build"),
    )
    _command(
        actions,
        "info",
        "print size, lanes, fees and the network's identity",
        "Everything is computed from the shipped network, nothing is looked up.",
        _later("contract", "info"),
        [_kind_option()],
    )
    export = _command(
        actions,
        "export",
        "write the locking script as hex",
        "Without --owner the contract belongs to the key of this Inkproof.",
        _later("contract", "export"),
        [_kind_option()],
    )
    export.add_argument(
        "--owner", metavar="PUBKEYHASH", help="HASH160 of the owner's public key, 40 hex digits"
    )
    export.add_argument("-o", "--output", type=Path, metavar="FILE", required=True, help="file to write")


def _add_chain(commands: Commands[argparse.ArgumentParser]) -> None:
    node_options, kind = _node_options(), _kind_option()
    _command(
        commands,
        "deploy",
        "deploy the contract, so that the next verification need not wait",
        "If an unspent deployment is there already, it is shown instead.",
        _later("chain", "deploy"),
        [kind, node_options],
    )
    history = _command(
        commands, "history", "list past verifications", "Newest first.", _later("chain", "history")
    )
    history.add_argument("--limit", type=int, default=20, metavar="N", help="how many (default: 20)")
    inspect = _command(
        commands,
        "inspect",
        "check a verification from its transaction alone",
        "Fetches the transaction and the one it spends, shows the image and the claim, and runs the whole\n"
        "script again on this machine.",
        _later("chain", "inspect"),
        [kind, node_options],
    )
    inspect.add_argument("txid", metavar="TXID")
    node = commands.add_parser("node", help="the embedded Bitcoin SV node: status, start, stop")
    actions = node.add_subparsers(title="actions", metavar="ACTION", required=True)
    for name, summary, detail in (
        ("status", "show the embedded node", "Starts nothing."),
        ("start", "start the embedded node and leave it running", "Later commands find it ready."),
        ("stop", "stop the embedded node", "Its chain stays on disk."),
    ):
        _command(actions, name, summary, detail, _later("node", name), [kind])
