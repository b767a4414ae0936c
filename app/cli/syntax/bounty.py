"""`bounty`."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.cli.arguments import MOST_SATOSHIS, model_option, node_options, whole_number
from app.cli.syntax.base import IMAGE_HELP, Commands, command, later

_WHICH = "number in `inkproof bounty list`, the line that its poster passes on, or TXID:VOUT"


def add_bounty(commands: Commands[argparse.ArgumentParser]) -> None:
    """The actions of a bounty."""
    bounty = commands.add_parser(
        "bounty", help="pay for images that the contract recognises, or earn by drawing them"
    )
    actions = bounty.add_subparsers(title="actions", metavar="ACTION", required=True)
    _add_post(actions)
    _add_list(actions)
    _add_claiming(actions)
    _add_ending(actions)


def _add_post(actions: Commands[argparse.ArgumentParser]) -> None:
    post = command(
        actions,
        "post",
        "lock a reward for an image that a model reads as a digit, clearly",
        "Anybody can earn it: first commit to an image, then reveal it. The last line that is printed is\n"
        "what to pass on. The reward comes back to you only after the last block, and only if nobody's\n"
        "commitment holds the bounty then.",
        later("bounty", "post"),
        [model_option("compact"), node_options()],
        ["inkproof bounty post --digit 7 --reward 5000 --margin 0.9 --until +1000"],
    )
    amount = whole_number(0, MOST_SATOSHIS)
    post.add_argument("--digit", type=whole_number(0, 9), metavar="D", required=True, help="0 to 9")
    post.add_argument("--reward", type=amount, metavar="SATOSHIS", required=True, help="what is paid")
    post.add_argument(
        "--margin",
        type=float,
        metavar="SHARE",
        default=0.9,
        help="how likely the digit has to be against the second likeliest: 0.5 to 1 (default: 0.9)",
    )
    post.add_argument(
        "--until",
        metavar="BLOCK",
        required=True,
        help="last block of the bounty: a height, or +N for N blocks from now",
    )
    post.add_argument(
        "--deposit", type=amount, metavar="SATOSHIS", help="what a commitment adds (default: reward / 10)"
    )
    post.add_argument(
        "--window",
        type=whole_number(1, 100_000),
        metavar="BLOCKS",
        help="how long a commitment lasts (default: 144, a day; 12 on the private chain)",
    )


def _add_list(actions: Commands[argparse.ArgumentParser]) -> None:
    listed = command(
        actions,
        "list",
        "list the bounties that are known here, as they stand now",
        "With --bounty one of somebody else's is looked up first, and remembered. It is believed only if\n"
        "its script is, byte for byte, the bounty of a model that is known here.",
        later("bounty", "show"),
        [node_options()],
    )
    listed.add_argument("--bounty", metavar="WHICH", help=_WHICH)
    command(
        actions,
        "costs",
        "show what each step costs, for every model",
        "Bytes of the largest transaction with one coin that pays for it; fees at 1 and at 100 satoshis per\n"
        "1000 bytes. No chain is asked.",
        later("bounty", "costs"),
    )


def _add_claiming(actions: Commands[argparse.ArgumentParser]) -> None:
    commit = command(
        actions,
        "commit",
        "commit to an image that earns a bounty, without showing it",
        "Adds the deposit. Image and salt are kept in the ledger: only this data folder can reveal them.",
        later("bounty", "commit"),
        [node_options()],
        ["inkproof bounty commit seven.png --bounty 1"],
    )
    commit.add_argument("image", metavar="IMAGE", help=IMAGE_HELP)
    commit.add_argument("--bounty", metavar="WHICH", help=_WHICH)
    reveal = command(
        actions,
        "reveal",
        "show the image that you committed to, and take reward and deposit",
        "Waits for nothing: if the commitment is not deep enough in the chain, it says when it will be.",
        later("bounty", "reveal"),
        [node_options()],
    )
    reveal.add_argument("--bounty", metavar="WHICH", help=_WHICH)
    reveal.add_argument(
        "--depth",
        type=whole_number(1, 1_000),
        metavar="BLOCKS",
        help="blocks that hold or follow the commitment first (default: 3; 1 on the private chain)",
    )
    reveal.add_argument(
        "--late", action="store_true", help="reveal although the commitment expires within some blocks"
    )


def _add_ending(actions: Commands[argparse.ArgumentParser]) -> None:
    for name, summary, detail in (
        ("reopen", "open a bounty whose commitment has expired", "Its deposit stays in the bounty."),
        ("reclaim", "take your open bounty back, after its last block", "Only its poster can."),
    ):
        ending = command(actions, name, summary, detail, later("bounty", name), [node_options()])
        ending.add_argument("--bounty", metavar="WHICH", help=_WHICH)
    collect = command(
        actions,
        "collect",
        "write the images that were paid for as a data set for training",
        "In the layout of Keras's mnist.npz, which `inkproof train --data` takes. Each image once, labelled\n"
        "with the digit it was paid as. Look at them: what a model reads need not be what a person reads.",
        later("bounty", "collect"),
        [node_options()],
        ["inkproof bounty collect -o paid.npz --data mnist.npz"],
    )
    collect.add_argument(
        "-o", "--output", type=Path, metavar="FILE", required=True, help="the .npz file to write"
    )
    collect.add_argument(
        "--data", type=Path, metavar="FILE", help="a data set whose training images they are added to"
    )
    collect.add_argument(
        "--all", action="store_true", help="others' bounties that are known here, too, not only yours"
    )
