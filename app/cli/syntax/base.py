"""How a command is added, and texts that several share."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable, Sequence

from app import models
from app.cli.arguments import whole_number
from app.errors import InkproofError
from app.version import frozen

IMAGE_HELP = "a picture of one digit (JPEG, PNG, HEIC and others); - is standard input"
COUNT = whole_number(1, 1_000_000_000)
DATA_HELP = "MNIST in Keras's mnist.npz layout (default: INKPROOF_MNIST, or else Keras's download)"

Commands = argparse._SubParsersAction  # argparse has no public name for it
"""What `add_subparsers` returns: commands are added to it."""


def later(module: str, function: str = "run") -> Callable[[argparse.Namespace], int]:
    """Import a command's module only when the command runs, so that `--help` is instant."""

    def call(options: argparse.Namespace) -> int:
        chosen = getattr(options, "model", None)
        if chosen is not None and chosen not in models.MODELS and models.is_path(chosen):
            options.model = importlib.import_module("app.cli.importing").imported_name(options)
        return int(getattr(importlib.import_module(f"app.cli.{module}"), function)(options))

    return call


def from_source(module: str, function: str = "run") -> Callable[[argparse.Namespace], int]:
    """The same for a command that needs the source; InkproofError in a frozen program, which has none."""

    def call(options: argparse.Namespace) -> int:
        if frozen():
            raise InkproofError(
                "This command is not in the frozen program.",
                why="It needs Python and the project's source.",
                hint="Get the source, and run it there.",
            )
        return later(module, function)(options)

    return call


def command(
    commands: Commands[argparse.ArgumentParser],
    name: str,
    summary: str,
    detail: str,
    run: Callable[[argparse.Namespace], int],
    parents: Sequence[argparse.ArgumentParser] = (),
    examples: Sequence[str] = (),
) -> argparse.ArgumentParser:
    """Add a command that takes --json and --quiet; its own options are added to the result."""
    added = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.\n\n{detail}",
        epilog="\n  ".join(("examples:", *examples)) if examples else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=list(parents),
    )
    added.set_defaults(run=run)
    added.add_argument("--json", action="store_true", help="print JSON, for programs")
    added.add_argument("-q", "--quiet", action="store_true", help="print no progress")
    return added
