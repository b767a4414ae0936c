"""`window`, `verify`, `classify`, `evaluate`, `bench` and `selftest`."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.cli.arguments import kind_option, model_option, node_options, whole_number
from app.cli.syntax.base import COUNT, DATA_HELP, IMAGE_HELP, Commands, command, from_source, later


def add_window(commands: Commands[argparse.ArgumentParser]) -> None:
    """The window."""
    command = commands.add_parser(
        "window", help="open the window and draw (the default)", parents=[model_option(None), node_options()]
    )
    command.set_defaults(run=later("window"))


def add_judging(commands: Commands[argparse.ArgumentParser]) -> None:
    """Verdicts on images."""
    verify = command(
        commands,
        "verify",
        "let all three judges read images, the contract on chain",
        "Each image becomes 28x28 as MNIST's were made. The claim is the digit that the integer engine\n"
        "reads, unless --claim names another; the node then has to refuse it. Many images are verified\n"
        "together, many in a second. Of a data set's test images a summary is printed.",
        later("verifying", "verify"),
        [model_option(), kind_option(), node_options()],
        [
            "inkproof verify seven.png              on the private chain, for nothing",
            "inkproof verify seven.png --claim 4    try to cheat: the node refuses",
            "inkproof verify *.png --model compact --json",
            "inkproof verify - < seven.png          from standard input",
            "inkproof verify --data mnist.npz --count 1000 --model compact",
        ],
    )
    verify.add_argument("images", nargs="*", metavar="IMAGE", help=IMAGE_HELP)
    verify.add_argument(
        "--data", type=Path, metavar="FILE", help="the test images of a data set (mnist.npz) instead"
    )
    verify.add_argument("--count", type=COUNT, metavar="N", help="with --data: the first N of them only")
    verify.add_argument(
        "--claim", type=whole_number(0, 9), metavar="D", help="claim this digit (0 to 9) instead"
    )
    classify = command(
        commands,
        "classify",
        "let the two local judges read images",
        "The float model and the integer engine; no node, no coins.",
        later("judging", "classify"),
        [model_option()],
        ["inkproof classify *.png", "inkproof classify seven.png --model cnn --json"],
    )
    classify.add_argument("images", nargs="+", metavar="IMAGE", help=IMAGE_HELP)


def add_measuring(commands: Commands[argparse.ArgumentParser]) -> None:
    """What is measured and tested."""
    evaluate = command(
        commands,
        "evaluate",
        "measure how many digits both engines read right",
        "Accuracy of the float model and of the integer engine on MNIST's test images or on drawn digits,\n"
        "and the share of images on which the two agree.",
        later("measuring", "evaluate"),
        [model_option(None)],
        [
            "inkproof evaluate --model compact --limit 1000",
            "inkproof evaluate --all --output models.md    every model in one table",
        ],
    )
    evaluate.add_argument("--data", type=Path, metavar="FILE", help=DATA_HELP)
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
    evaluate.add_argument("--limit", type=COUNT, metavar="N", help="the first N images only")

    bench = command(
        commands,
        "bench",
        "measure sizes, times and margins",
        "Packed against unrolled contract, how near every contract is to a node's limits, integer engine\n"
        "against Keras, stroke to reading, start of the window, Enter to block. Uses a temporary chain and\n"
        "takes about a minute; with --chain some minutes.",
        from_source("bench"),
        [model_option()],
    )
    bench.add_argument(
        "--chain",
        type=Path,
        metavar="FILE",
        help="also verify all test images of a data set (mnist.npz), and measure a claim after many others",
    )
    bench.add_argument("--count", type=COUNT, metavar="N", help="with --chain: the first N images only")
    bench.add_argument("--output", type=Path, metavar="DIR", help="also write bench.json and bench.png there")
    command(
        commands,
        "selftest",
        "try every part of the program on this machine",
        "Files, window (without a screen), pen, both engines, the contract's Script, the node, a claim that\n"
        "must be verified and one that must be refused. Exit status 0 only if all passed.",
        later("selftest"),
    )
