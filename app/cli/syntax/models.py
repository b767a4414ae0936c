"""`train`, `pens`, `import` and `models`."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.cli.arguments import whole_number
from app.cli.syntax.base import DATA_HELP, Commands, command, from_source, later


def add_training(commands: Commands[argparse.ArgumentParser]) -> None:
    """Training by a recipe."""
    train = command(
        commands,
        "train",
        "train a model and write model, integers and report",
        "Recipes: handwriting (what ships: augmented, tuned), source and mlp (the published recipes,\n"
        "literally), compact (weights of a few bits, trained for the smallest contract) and cnn (a full\n"
        "convolutional model, and few-bit integers trained from it).",
        from_source("measuring", "train"),
    )
    train.add_argument(
        "--recipe", choices=["handwriting", "source", "compact", "mlp", "cnn"], default="handwriting"
    )
    train.add_argument(
        "--layers", metavar="784-32-10", help="instead of a recipe: dense layers, kept as a model of your own"
    )
    train.add_argument(
        "--conv",
        metavar="16,32",
        help="the same with 3x3 convolutions of so many filters, each followed by pooling",
    )
    train.add_argument("--name", metavar="NAME", help="what to call a model of your own layers")
    train.add_argument(
        "--seed", type=whole_number(0, 2**32 - 1), default=1, help="same seed, same model (default: 1)"
    )
    train.add_argument(
        "--epochs",
        type=whole_number(1, 100_000),
        metavar="N",
        help="of the model itself, instead of the recipe's own number; a recipe's teacher keeps its own",
    )
    _add_data(train)
    train.add_argument("--output", type=Path, metavar="DIR", help="folder to write to")
    train.add_argument(
        "--replace-shipped",
        action="store_true",
        help="write over the model of this name that ships, instead of --output",
    )


def _add_data(train: argparse.ArgumentParser) -> None:
    """What a training learns from."""
    train.add_argument("--data", type=Path, metavar="FILE", help=DATA_HELP)
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


def add_pens(commands: Commands[argparse.ArgumentParser]) -> None:
    """Pen files."""
    pens = command(
        commands,
        "pens",
        "make a pen file, which `train` takes, of a public collection",
        "Reads UNIPEN files (with what they include) and UCI's raw pen digits (pendigits-orig.tra, .tes).\n"
        "Digits are taken, or with --others letters and signs that nobody takes for a digit.",
        from_source("pens", "convert"),
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


def add_import(commands: Commands[argparse.ArgumentParser]) -> None:
    """A model file of the person's own."""
    imported = command(
        commands,
        "import",
        "turn a model file of your own into a judge and a contract",
        "Reads .keras and .h5 (Keras 1 to 3), .onnx, and published sCrypt weights. Nothing in it is run.\n"
        "Finds out what its pixels mean, rounds its weights, measures it, and keeps it for --model NAME.",
        later("importing", "import_model"),
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


def add_models(commands: Commands[argparse.ArgumentParser]) -> None:
    """The list of models."""
    listed = commands.add_parser("models", help="list, show or remove models")
    listed.set_defaults(run=later("importing", "list_models"), json=False, quiet=False)
    actions = listed.add_subparsers(title="actions", metavar="ACTION")
    command(
        actions,
        "list",
        "list every model",
        "Those that ship, then those of your own.",
        later("importing", "list_models"),
    )
    for name, summary, detail in (
        ("show", "show what was measured of a model", "The table that `import` prints."),
        (
            "remove",
            "delete a model of your own",
            "Contracts that were deployed with it stay on their chains.",
        ),
    ):
        action = command(actions, name, summary, detail, later("importing", f"{name}_model"))
        action.add_argument("name", metavar="NAME")
