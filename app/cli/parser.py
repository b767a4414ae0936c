"""Commands, their options, and help that teaches."""

from __future__ import annotations

import argparse
import difflib
import importlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from app import models
from app.cli.arguments import kind_option, model_option, network_options, node_options, whole_number
from app.errors import InkproofError
from app.version import ShowVersion, frozen

_INTRODUCTION = """\
Draw a digit; three independent judges read it: a float neural network, an integer
fixed-point engine, and a smart contract on Bitcoin SV whose Script runs the whole model.
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

_COMPLETION = """\
Print a script that lets the Tab key complete commands, options and names of models. To install it:

  bash   echo 'eval "$(inkproof completion bash)"' >> ~/.bashrc
  zsh    echo 'eval "$(inkproof completion zsh)"' >> ~/.zshrc      (after compinit)
  fish   inkproof completion fish > ~/.config/fish/completions/inkproof.fish
"""


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line. Each command sets `run`, a function of the options."""
    parser: argparse.ArgumentParser = Parser(
        prog="inkproof",
        description=_INTRODUCTION,
        epilog=_FIRST_STEPS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=ShowVersion, help="show version and commit, and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_window(commands)
    _add_judging(commands)
    _add_training(commands)
    _add_models(commands)
    _add_pens(commands)
    _add_contract(commands)
    _add_chain(commands)
    _add_wallet(commands)
    _add_completion(commands)
    return parser


class Parser(argparse.ArgumentParser):
    """Suggests what was probably meant where a command, an option or a choice is mistyped."""

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse; an unknown option is refused here, by the parser of the command that it was given to."""
        options, unknown = super().parse_known_args(args, namespace)
        for name in (text.partition("=")[0] for text in unknown if text.startswith("--")):
            self.error(
                f"unknown option {name}{_suggestion(name, re.findall('--[a-z-]+', self.format_help()))}"
            )
        return options, unknown

    def error(self, message: str) -> NoReturn:
        """Print usage, message and suggestion on standard error; exit status 2."""
        choice = re.search(r"invalid choice: '(.*)' \(choose from (.*)\)", message)
        if choice is not None:
            message += _suggestion(choice[1], re.findall(r"[\w-]+", choice[2]))
        super().error(message)


def _suggestion(given: str, known: Sequence[str]) -> str:
    """ "; did you mean 'verify'?", or nothing where no known word is near."""
    near = difflib.get_close_matches(given, known, 1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _later(module: str, function: str = "run") -> Callable[[argparse.Namespace], int]:
    """Import a command's module only when the command runs, so that `--help` is instant."""

    def call(options: argparse.Namespace) -> int:
        chosen = getattr(options, "model", None)
        if chosen is not None and chosen not in models.MODELS and models.is_path(chosen):
            options.model = importlib.import_module("app.cli.importing").imported_name(options)
        return int(getattr(importlib.import_module(f"app.cli.{module}"), function)(options))

    return call


def _from_source(module: str, function: str = "run") -> Callable[[argparse.Namespace], int]:
    """The same for a command that needs the source; InkproofError in a frozen program, which has none."""

    def call(options: argparse.Namespace) -> int:
        if frozen():
            raise InkproofError(
                "This command is not in the frozen program.",
                why="It needs Python and the project's source.",
                hint="Get the source, and run it there.",
            )
        return _later(module, function)(options)

    return call


_IMAGE_HELP = "a picture of one digit (JPEG, PNG, HEIC and others); - is standard input"
_COUNT = whole_number(1, 1_000_000_000)
_DATA_HELP = "MNIST in Keras's mnist.npz layout (default: INKPROOF_MNIST, or else Keras's download)"

Commands = argparse._SubParsersAction  # argparse has no public name for it


def _command(
    commands: Commands[argparse.ArgumentParser],
    name: str,
    summary: str,
    detail: str,
    run: Callable[[argparse.Namespace], int],
    parents: Sequence[argparse.ArgumentParser] = (),
    examples: Sequence[str] = (),
) -> argparse.ArgumentParser:
    command = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.\n\n{detail}",
        epilog="\n  ".join(("examples:", *examples)) if examples else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=list(parents),
    )
    command.set_defaults(run=run)
    command.add_argument("--json", action="store_true", help="print JSON, for programs")
    command.add_argument("-q", "--quiet", action="store_true", help="print no progress")
    return command


def _add_window(commands: Commands[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "window", help="open the window and draw (the default)", parents=[model_option(None), node_options()]
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
        [model_option(), kind_option(), node_options()],
        [
            "inkproof verify seven.png              on the private chain, for nothing",
            "inkproof verify seven.png --claim 4    try to cheat: the node refuses",
            "inkproof verify *.png --model compact --json",
            "inkproof verify - < seven.png          from standard input",
        ],
    )
    verify.add_argument("images", nargs="+", metavar="IMAGE", help=_IMAGE_HELP)
    verify.add_argument(
        "--claim", type=whole_number(0, 9), metavar="D", help="claim this digit (0 to 9) instead"
    )
    classify = _command(
        commands,
        "classify",
        "let the two local judges read images",
        "The float model and the integer engine; no node, no coins.",
        _later("judging", "classify"),
        [model_option()],
        ["inkproof classify *.png", "inkproof classify seven.png --model cnn --json"],
    )
    classify.add_argument("images", nargs="+", metavar="IMAGE", help=_IMAGE_HELP)
    evaluate = _command(
        commands,
        "evaluate",
        "measure how many digits both engines read right",
        "Accuracy of the float model and of the integer engine on MNIST's test images or on drawn digits,\n"
        "and the share of images on which the two agree.",
        _later("measuring", "evaluate"),
        [model_option(None)],
        [
            "inkproof evaluate --model compact --limit 1000",
            "inkproof evaluate --all --output models.md    every model in one table",
        ],
    )
    evaluate.add_argument("--data", type=Path, metavar="FILE", help=_DATA_HELP)
    evaluate.add_argument(
        "--pens", type=Path, metavar="FILE", help="digits that people wrote (a pen file) instead"
    )
    evaluate.add_argument(
        "--drawings", type=Path, metavar="FILE", help="drawn digits (a stroke file) instead"
    )
    evaluate.add_argument(
        "--all", action="store_true", help="every model, with its contract's size and its time in a node"
    )
    evaluate.add_argument("--output", type=Path, metavar="FILE", help="with --all: write the table as a page")
    evaluate.add_argument("--limit", type=_COUNT, metavar="N", help="the first N images only")

    bench = _command(
        commands,
        "bench",
        "measure sizes, times and margins",
        "Packed against unrolled contract, how near every contract is to a node's limits, integer engine\n"
        "against Keras, stroke to reading, start of the window, Enter to block. Uses a temporary chain and\n"
        "takes about a minute.",
        _from_source("bench"),
    )
    bench.add_argument("--output", type=Path, metavar="DIR", help="also write bench.json and bench.png there")
    _command(
        commands,
        "selftest",
        "try every part of the program on this machine",
        "Files, window (without a screen), pen, both engines, the contract's Script, the node, a claim that\n"
        "must be verified and one that must be refused. Exit status 0 only if all passed.",
        _later("selftest"),
    )


def _add_training(commands: Commands[argparse.ArgumentParser]) -> None:
    train = _command(
        commands,
        "train",
        "train a model and write model, integers and report",
        "Recipes: handwriting (what ships: augmented, tuned), source and mlp (the published recipes,\n"
        "literally), compact (weights of a few bits, trained for the smallest contract) and cnn (a full\n"
        "convolutional model, and few-bit integers trained from it).",
        _from_source("measuring", "train"),
    )
    train.add_argument(
        "--recipe", choices=["handwriting", "source", "compact", "mlp", "cnn"], default="handwriting"
    )
    train.add_argument("--data", type=Path, metavar="FILE", help=_DATA_HELP)
    train.add_argument(
        "--seed", type=whole_number(0, 2**32 - 1), default=1, help="same seed, same model (default: 1)"
    )
    train.add_argument(
        "--epochs",
        type=whole_number(1, 100_000),
        metavar="N",
        help="of the model itself, instead of the recipe's own number; a recipe's teacher keeps its own",
    )
    train.add_argument(
        "--pens",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="pen files of digits to learn from too",
    )
    train.add_argument(
        "--others",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="pen files of signs that are no digits: of them the model learns to be unsure",
    )
    train.add_argument(
        "--cache",
        type=Path,
        metavar="DIR",
        help="keep drawings and teacher here for the next training, which they serve if nothing has changed",
    )
    train.add_argument("--output", type=Path, metavar="DIR", help="folder to write to")
    train.add_argument(
        "--replace-shipped",
        action="store_true",
        help="write over the model of this name that ships, instead of --output",
    )


def _add_pens(commands: Commands[argparse.ArgumentParser]) -> None:
    pens = _command(
        commands,
        "pens",
        "make a pen file, which `train` takes, of a public collection",
        "Reads UNIPEN files (with what they include) and UCI's raw pen digits (pendigits-orig.tra, .tes).\n"
        "Digits are taken, or with --others letters and signs that nobody takes for a digit.",
        _from_source("pens", "convert"),
    )
    pens.add_argument("files", type=Path, nargs="+", metavar="FILE", help="files with labelled segments")
    pens.add_argument("--output", "-o", type=Path, required=True, metavar="FILE", help="the pen file (.npz)")
    pens.add_argument("--others", action="store_true", help="take signs that are no digits instead")
    pens.add_argument("--signs", metavar="CHARACTERS", help="which signs --others takes")
    pens.add_argument(
        "--include",
        type=Path,
        nargs="+",
        default=[],
        metavar="DIR",
        help="folders that included files are looked for in, after the file's own",
    )
    pens.add_argument(
        "--source", metavar="NAME", help="a short name of the collection (default: the file's folder)"
    )
    pens.add_argument("--y-down", action="store_true", help="y grows downward in these files")


def _add_models(commands: Commands[argparse.ArgumentParser]) -> None:
    imported = _command(
        commands,
        "import",
        "turn a model file of your own into a judge and a contract",
        "Reads .keras and .h5 (Keras 1 to 3), .onnx, and published sCrypt weights. Nothing in it is run.\n"
        "Finds out what its pixels mean, rounds its weights, measures it, and keeps it for --model NAME.",
        _later("importing", "import_model"),
    )
    imported.add_argument("file", type=Path, metavar="FILE", help="the model file")
    imported.add_argument("--name", metavar="NAME", help="what to call it (default: after the file)")
    imported.add_argument(
        "--bits",
        type=whole_number(2, 16),
        metavar="N",
        help="bits of a weight, 2 to 16 (default: as many as are needed)",
    )
    imported.add_argument(
        "--pixels",
        metavar="MEANING",
        help="what a pixel means: 0..1, 0..255, -1..1 or standardised; with -white behind it for dark ink on "
        "white paper (default: found out by trying)",
    )
    imported.add_argument(
        "--scrypt", action="store_true", help="FILE holds the weights of the published sCrypt contract"
    )
    imported.add_argument(
        "--data",
        type=Path,
        metavar="FILE",
        help="MNIST in Keras's layout, to measure with (default: INKPROOF_MNIST)",
    )
    imported.add_argument(
        "--no-node",
        action="store_true",
        help="do not measure the contract's time in a node, which takes seconds",
    )
    listed = commands.add_parser("models", help="list, show or remove models")
    listed.set_defaults(run=_later("importing", "list_models"), json=False, quiet=False)
    actions = listed.add_subparsers(title="actions", metavar="ACTION")
    _command(
        actions,
        "list",
        "list every model",
        "Those that ship, then those of your own.",
        _later("importing", "list_models"),
    )
    for name, summary, detail in (
        ("show", "show what was measured of a model", "The table that `import` prints."),
        (
            "remove",
            "delete a model of your own",
            "Contracts that were deployed with it stay on their chains.",
        ),
    ):
        action = _command(actions, name, summary, detail, _later("importing", f"{name}_model"))
        action.add_argument("name", metavar="NAME")


def _add_contract(commands: Commands[argparse.ArgumentParser]) -> None:
    contract = commands.add_parser("contract", help="build, describe or export the contract")
    actions = contract.add_subparsers(title="actions", metavar="ACTION", required=True)
    _command(
        actions,
        "build",
        "compile the sCrypt source into the committed description",
        "Needs Node.js; the compiler comes through npm the first time.",
        _from_source("contract", "build"),
    )
    _command(
        actions,
        "info",
        "print size, lanes, fees, identity, and how near each limit of a node is",
        "All but the time in a node is computed from the model.",
        _later("contract", "info"),
        [model_option(), kind_option()],
        ["inkproof contract info --model cnn", "inkproof contract info --kind unrolled --json"],
    )
    export = _command(
        actions,
        "export",
        "write the locking script as hex",
        "Without --owner the contract belongs to the key of this Inkproof.",
        _later("contract", "export"),
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


_MODEL_FILE = "integers (.npz) of a model that is not installed here"


def _add_chain(commands: Commands[argparse.ArgumentParser]) -> None:
    chain, kind, model = node_options(), kind_option(), model_option()
    _command(
        commands,
        "deploy",
        "deploy the contract, so that the next verification need not wait",
        "If an unspent deployment is there already, it is shown instead.",
        _later("chain", "deploy"),
        [model, kind, chain],
    )
    history = _command(
        commands,
        "history",
        "list past verifications, or export them",
        "Newest first. --json and --csv print every record with all that is known of it: image, readings,\n"
        "claim, contract, transaction, block.",
        _later("history"),
        examples=["inkproof history --limit 5", "inkproof history --csv > verifications.csv"],
    )
    history.add_argument("--csv", action="store_true", help="print a table for spreadsheets (RFC 4180)")
    history.add_argument(
        "--limit", type=_COUNT, metavar="N", help="how many (default: 20; all with --json or --csv)"
    )
    inspect = _command(
        commands,
        "inspect",
        "check a verification from its transaction alone",
        "Fetches the transaction and the one it spends, rebuilds the contract from the models known here,\n"
        "shows the image and the claim, and runs the whole Script again on this machine. The exit status is\n"
        "0 only if a known contract accepts the claim.",
        _later("inspecting"),
        [model, kind, chain],
    )
    inspect.add_argument("txid", metavar="TXID")
    inspect.add_argument("--model-file", type=Path, metavar="FILE", help=_MODEL_FILE)
    proof = _command(
        commands,
        "proof",
        "write the proof of a verification as a file that anyone can check",
        "The file is Atomic BEEF (BRC-95): the claim, the deployment that it spends, and their Merkle paths\n"
        "(BRC-74). A file made before a block held the claim is completed by naming it instead of TXID.",
        _later("proof", "make"),
        [chain],
    )
    proof.add_argument("verification", metavar="TXID", help="a txid, or a proof file to complete")
    proof.add_argument("-o", "--output", type=Path, metavar="FILE", required=True, help="file to write")
    proof.add_argument(
        "--headers", type=Path, metavar="FILE", help="write block headers, too, from the claim's on"
    )
    check = _command(
        commands,
        "check",
        "check a proof file, without a chain",
        "Holds the file to its txids and Merkle paths, rebuilds the contract from the models known here\n"
        "and runs it. Whether the block is on the chain with most work is looked up where a chain is named\n"
        "or an embedded node runs; else it is said to be open. Exit status 0 only if the claim is proved.",
        _later("proof", "run_check"),
        [chain],
    )
    check.add_argument("file", type=Path, metavar="FILE", help="the proof file; - for standard input")
    check.add_argument(
        "--headers", type=Path, metavar="FILE", help="block headers, 80 bytes each, oldest first"
    )
    check.add_argument("--model-file", type=Path, metavar="FILE", help=_MODEL_FILE)
    repair = _command(
        commands,
        "repair",
        "check the ledger and the embedded node, and replace what is damaged",
        "What is damaged is moved aside after a yes, and a new one begins. Nothing is deleted, and the\n"
        "wallet's key is not touched.",
        _later("repair"),
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
        _command(actions, name, summary, detail, _later("node", name), [kind])


def _add_wallet(commands: Commands[argparse.ArgumentParser]) -> None:
    wallet = commands.add_parser(
        "wallet", help="the wallet: address, balance, export, import, sweep, encrypt, decrypt"
    )
    actions = wallet.add_subparsers(title="actions", metavar="ACTION", required=True)
    network, chain = network_options(), node_options()
    _command(
        actions,
        "address",
        "show where to send coins to",
        "On a terminal with a QR code. Each network has a wallet of its own.",
        _later("wallet", "address"),
        [network],
    )
    _command(
        actions,
        "balance",
        "show what the wallet holds",
        "In satoshis; a hundred million are one BSV.",
        _later("wallet", "balance"),
        [chain],
    )
    export = _command(
        actions,
        "export",
        "show the key, in wallet import format",
        "Whoever has it has the coins. Asks first.",
        _later("wallet", "export"),
        [network],
    )
    export.add_argument("--reveal", action="store_true", help="do not ask (needed with --json)")
    _command(
        actions,
        "import",
        "use another key from now on",
        "The key (wallet import format) is asked for, or read as one line where there is no terminal; it is\n"
        "never an option. The key before is kept beside it.",
        _later("wallet", "import_key"),
        [network],
    )
    sweep = _command(
        actions,
        "sweep",
        "send all coins to another wallet",
        "Shows amount and fee, and asks first (not on the private chain). What deployed contracts hold\n"
        "comes back with a verification only.",
        _later("wallet", "sweep"),
        [chain],
    )
    sweep.add_argument("address", metavar="ADDRESS", help="where the coins go")
    for name, summary, detail in (
        (
            "encrypt",
            "encrypt the key file with a passphrase",
            "It is asked for by every command that uses the chain or the key, or read from the file\n"
            "(mode 0600) that INKPROOF_PASSPHRASE_FILE names. If it is lost, so are the coins.",
        ),
        ("decrypt", "store the key without encryption again", "The file stays readable by you alone."),
    ):
        _command(actions, name, summary, detail, _later("wallet", name), [network])


def _add_completion(commands: Commands[argparse.ArgumentParser]) -> None:
    completion = commands.add_parser(
        "completion",
        help="print a script that completes commands and options with Tab",
        description=_COMPLETION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    completion.set_defaults(run=_later("completion"))
    completion.add_argument(
        "shell", choices=["bash", "zsh", "fish"], metavar="SHELL", help="bash, zsh or fish"
    )
