"""`completion`."""

from __future__ import annotations

import argparse

from app.cli.syntax.base import Commands, later

_COMPLETION = """\
Print a script that lets the Tab key complete commands, options and names of models. To install it:

  bash   echo 'eval "$(inkproof completion bash)"' >> ~/.bashrc
  zsh    echo 'eval "$(inkproof completion zsh)"' >> ~/.zshrc      (after compinit)
  fish   inkproof completion fish > ~/.config/fish/completions/inkproof.fish
"""


def add_completion(commands: Commands[argparse.ArgumentParser]) -> None:
    """The script for the Tab key."""
    completion = commands.add_parser(
        "completion",
        help="print a script that completes commands and options with Tab",
        description=_COMPLETION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    completion.set_defaults(run=later("completion"))
    completion.add_argument(
        "shell", choices=["bash", "zsh", "fish"], metavar="SHELL", help="bash, zsh or fish"
    )
