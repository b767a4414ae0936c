"""Show that a person's own models can be imported: `python -m tools.importing` writes `docs/importing.json`.

Five models of different kinds are made with Keras alone, trained on the digits that ship or on MNIST,
imported, and a digit is verified with each by the embedded node under its default policy. Then a file is
refused for each reason there is. `docs/importing.md` quotes the figures. Nothing of the person's own data
folder is used.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from app.bench.measures import temporary_home
from app.chain.connection import NodeChoice
from app.chain.service import Readings, open_service
from app.errors import ModelError
from app.fixedpoint import load
from app.floats.judge import FloatJudge
from app.floats.runtime import import_for_training
from app.importing.digits import Digits, load_digits
from app.importing.importer import import_file
from app.importing.sandbox import read_apart
from app.models import Model
from app.picture import SIDE
from app.script import Kind
from app.training.data import load_mnist

ROOT = Path(__file__).resolve().parents[1]
FIGURES = ROOT / "docs" / "importing.json"
PAGE = ROOT / "docs" / "importing.md"

Layers = Callable[[Any], list[Any]]


def _dense(keras: Any) -> list[Any]:
    made = keras.layers
    return [
        made.Input((SIDE, SIDE)),
        made.Flatten(),
        made.Dense(48, activation="relu"),
        made.Dropout(0.2),
        made.Dense(10, activation="softmax"),
    ]


def _lenet(keras: Any) -> list[Any]:
    made = keras.layers
    return [
        made.Input((SIDE, SIDE, 1)),
        made.Conv2D(6, 5, padding="same", activation="relu"),
        made.AveragePooling2D(2),
        made.Conv2D(16, 5, activation="relu"),
        made.AveragePooling2D(2),
        made.Flatten(),
        made.Dense(84, activation="relu"),
        made.Dense(10, activation="softmax"),
    ]


def _normalised(keras: Any) -> list[Any]:
    made = keras.layers
    return [
        made.Input((SIDE, SIDE, 1)),
        made.Rescaling(1 / 255),
        made.RandomRotation(0.03),
        made.Conv2D(8, 3, activation="relu"),
        made.BatchNormalization(momentum=0.9),
        made.MaxPooling2D(2),
        made.Conv2D(12, 3, padding="same", activation="relu"),
        made.BatchNormalization(momentum=0.9),
        made.MaxPooling2D(2),
        made.Flatten(),
        made.Dense(10),
    ]


def _separable(keras: Any) -> list[Any]:
    made = keras.layers
    return [
        made.Input((SIDE, SIDE, 1)),
        made.Conv2D(8, 3, strides=2, padding="same"),
        made.LeakyReLU(),
        made.SeparableConv2D(16, 3, padding="same"),
        made.LeakyReLU(),
        made.MaxPooling2D(2),
        made.SeparableConv2D(24, 3),
        made.ReLU(max_value=6),
        made.Flatten(),
        made.Dense(10),
    ]


def _averaged(keras: Any) -> list[Any]:
    made = keras.layers
    return [
        made.Input((SIDE, SIDE, 1)),
        made.Conv2D(12, 3, activation="relu"),
        made.Conv2D(12, 3, strides=2, activation="relu"),
        made.Conv2D(16, 3, activation="relu"),
        made.GlobalAveragePooling2D(),
        made.Dense(10),
    ]


KINDS: dict[str, tuple[str, Layers, Callable[[Any], Any]]] = {
    "dense.h5": ("dense layers", _dense, lambda pixels: pixels / 255),
    "lenet.keras": ("LeNet, average pooling, white paper", _lenet, lambda pixels: 1 - pixels / 255),
    "normalised.keras": ("batch normalisation, augmentation", _normalised, lambda pixels: pixels),
    "separable.h5": ("separable, leaky and clipped ReLU", _separable, lambda pixels: pixels / 127.5 - 1),
    "averaged.keras": ("three convolutions, global average", _averaged, lambda pixels: pixels / 255),
}
"""By the file's name: what kind it is, its layers, and what its pixels mean."""


def main() -> int:
    """Make, import, verify; write the figures and the page."""
    if len(sys.argv) > 1:
        mnist = load_mnist(Path(sys.argv[1]))
        digits = Digits(mnist.x_train, mnist.y_train)
    else:
        digits = load_digits()
    with tempfile.TemporaryDirectory() as folder, temporary_home():
        rows = [_row(name, Path(folder), digits) for name in KINDS]
        refusals = [_refusal(name, layers, Path(folder)) for name, layers in _refused().items()]
    FIGURES.write_text(json.dumps({"models": rows, "refusals": refusals}, indent=1) + "\n", encoding="utf-8")
    text = PAGE.read_text(encoding="utf-8")
    for mark, table in (("models", _table(rows)), ("refusals", _refusal_table(refusals))):
        before, rest = text.split(f"<!-- begin {mark} -->\n", 1)
        after = rest.split(f"<!-- end {mark} -->", 1)[1]
        text = f"{before}<!-- begin {mark} -->\n{table}<!-- end {mark} -->{after}"
    PAGE.write_text(text, encoding="utf-8")
    return 0


def _row(name: str, folder: Path, digits: Digits) -> dict[str, Any]:
    """Train one kind, import its file, and have a digit verified."""
    print(name, file=sys.stderr)
    kind, layers, meaning = KINDS[name]
    keras = import_for_training(1)
    model = keras.Sequential(layers(keras))
    pixels = meaning(digits.images.astype(np.float32)).reshape(len(digits.labels), *model.input_shape[1:])
    last = str(model.layers[-1].get_config()["activation"])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=last != "softmax")
    model.compile("adam", loss)
    model.fit(
        pixels, digits.labels, batch_size=64, epochs=1 if len(digits.labels) > 10_000 else 40, verbose=0
    )
    model.save(folder / name)
    made = import_file(folder / name)
    txid, block = _verified(made)
    measured = made.meta["measured"]["digits"]
    return {
        "file": name,
        "kind": kind,
        "architecture": made.meta["architecture"],
        "pixels": made.meta["pixels"],
        "bits": made.meta["bits"],
        "float_accuracy": measured["float_accuracy"],
        "integer_accuracy": measured["integer_accuracy"],
        "agreement": measured["agreement"],
        "script_bytes": made.meta["script_bytes"],
        "margins": made.meta["margins"],
        "txid": txid,
        "block": block,
    }


def _verified(model: Model) -> tuple[str, int]:
    """The transaction and the block in which the embedded node, with default policy, verified a digit."""
    digits, integers = load_digits(), load(model.integers_path)
    place = int(np.argmax(integers.classify(digits.images) == digits.labels))
    picture, digit = digits.images[place], int(digits.labels[place])
    floating, fixed = FloatJudge.load(model.float_path).read(picture), integers.read(picture)
    readings = Readings(floating.digit, floating.probabilities, fixed.digit, fixed.logits)
    with open_service(integers, Kind.PACKED, NodeChoice(), _silent) as service:
        verdict = service.submit(picture.tobytes(), digit, readings, progress=_silent)
    if not verdict.accepted or verdict.block_height is None:
        raise ModelError(f"The node did not verify a digit with {model.name}.", why=str(verdict.reason))
    return verdict.txid, verdict.block_height


def _refused() -> dict[str, Layers]:
    """Models that are refused, one for each reason that a person may meet."""

    def ends(keras: Any, *first: Any, outputs: int = 10) -> list[Any]:
        return [*first, keras.layers.Flatten(), keras.layers.Dense(outputs)]

    picture = (SIDE, SIDE, 1)
    return {
        "a colour picture": lambda k: ends(k, k.layers.Input((32, 32, 3))),
        "eleven outputs": lambda k: ends(k, k.layers.Input(picture), outputs=11),
        "an LSTM": lambda k: ends(k, k.layers.Input((SIDE, SIDE)), k.layers.LSTM(8)),
        "tanh within": lambda k: ends(k, k.layers.Input(picture), k.layers.Conv2D(2, 3, activation="tanh")),
        "swish": lambda k: ends(k, k.layers.Input(picture), k.layers.Conv2D(2, 3, activation="swish")),
        "layer normalisation": lambda k: ends(k, k.layers.Input(picture), k.layers.LayerNormalization()),
        "a Lambda": lambda k: ends(
            k, k.layers.Input(picture), k.layers.Lambda(lambda values: values / 255, output_shape=picture)
        ),
        "no Flatten": lambda k: [k.layers.Input(picture), k.layers.Dense(10)],
        "never trained": lambda k: ends(k, k.layers.Input(picture)),
    }


def _refusal(name: str, layers: Layers, folder: Path) -> dict[str, str]:
    """The words with which a model is refused."""
    keras = import_for_training(1)
    path = folder / "refused.keras"
    keras.Sequential(layers(keras)).save(path)
    try:
        read_apart(path)
        import_file(path)
    except ModelError as error:
        return {"file": name, "why": error.why, "hint": error.hint}
    raise ModelError(f"The model with {name} was not refused.")


def _table(rows: list[dict[str, Any]]) -> str:
    lines = [
        "| file | kind | pixels | bits | float | integer | agree | script, bytes | number | block |",
        "|---|---|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        margins = {margin["what"]: margin["left"] for margin in row["margins"]}
        script, number = (f"{margins[what]:.0%}" for what in ("script, bytes", "longest number, bytes"))
        shares = (f"{row[key]:.1%}" for key in ("float_accuracy", "integer_accuracy", "agreement"))
        cells = [row["file"], row["kind"], row["pixels"], str(row["bits"] or "10^8"), *shares]
        cells += [f"{row['script_bytes']:,} ({script})", number, str(row["block"])]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _refusal_table(rows: list[dict[str, str]]) -> str:
    lines = ["| a model with | is refused: | what to do |", "|---|---|---|"]
    lines += [f"| {row['file']} | {row['why']} | {row['hint']} |" for row in rows]
    return "\n".join(lines) + "\n"


def _silent(_text: str, _fraction: float | None = None) -> None:
    """Discard progress."""


if __name__ == "__main__":
    sys.exit(main())
