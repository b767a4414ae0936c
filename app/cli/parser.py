"""The parser of the whole command line."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Sequence
from typing import NoReturn

from app.cli.syntax import bounty, chain, completion, contract, judging, models, wallet
from app.version import ShowVersion

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
    judging.add_window(commands)
    judging.add_judging(commands)
    judging.add_measuring(commands)
    models.add_training(commands)
    models.add_pens(commands)
    models.add_import(commands)
    models.add_models(commands)
    contract.add_contract(commands)
    chain.add_chain(commands)
    chain.add_checks(commands)
    chain.add_upkeep(commands)
    bounty.add_bounty(commands)
    wallet.add_wallet(commands)
    completion.add_completion(commands)
    return parser


class Parser(argparse.ArgumentParser):
    """Suggests the nearest match for a mistyped command, option or choice."""

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
