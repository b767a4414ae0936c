"""The models that ship: one entry each. Whatever lets a person choose a model reads this list.

Light on purpose: the command line's help and the window's first frame are made from it.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path

from app import paths
from app.errors import ModelError

DEFAULT = paths.SHIPPED
PACKED, UNROLLED = "packed", "unrolled"


@dataclass(frozen=True)
class Model:
    """One model that ships.

    `folder` holds its integers, `judge` the float model that reads beside it. `kinds`: forms of the
    contract that exist. `raised`: its packed contract, too, needs a node with a raised policy. `claim`: what
    the source it comes from says of it.
    """

    name: str
    summary: str
    folder: str
    judge: str
    integers: str = "integers.npz"
    kinds: tuple[str, ...] = (PACKED,)
    raised: bool = False
    claim: str = ""

    @property
    def float_path(self) -> Path:
        """The Keras model that judges beside it."""
        return paths.model_folder(self.judge) / "model.keras"

    @property
    def integers_path(self) -> Path:
        """The integer model."""
        return paths.model_folder(self.folder) / self.integers


MODELS: dict[str, Model] = {
    model.name: model
    for model in (
        Model(
            "handwriting",
            "784-64-10, trained for what people draw",
            "handwriting",
            "handwriting",
            kinds=(PACKED, UNROLLED),
        ),
        Model(
            "compact",
            "weights of a few bits, trained for the smallest contract",
            "compact",
            "handwriting",
        ),
        Model(
            "source",
            "784-64-10 by the published recipe",
            "source",
            "source",
            kinds=(PACKED, UNROLLED),
            claim="98 %",
        ),
        Model(
            "mlp",
            "784-128-256-512-10 at full precision; needs a node with a raised policy",
            "mlp",
            "mlp",
            raised=True,
            claim="97 %",
        ),
        Model(
            "mlp-8bit",
            "784-128-256-512-10 in weights of 8 bits, which a default node takes",
            "mlp",
            "mlp",
            integers="integers-8bit.npz",
        ),
        Model(
            "cnn",
            "convolutions of 32 and 64 filters, in weights of a few bits",
            "cnn",
            "cnn",
            claim="99.85 % in training, about 98 %",
        ),
    )
}


@dataclass(frozen=True)
class Figures:
    """What a model is, does and costs: the SHA-256 of its integers, the share of MNIST's test images they
    read right (0 to 1), and the bytes of its packed locking script."""

    sha256: str
    accuracy: float
    script_bytes: int


@functools.cache
def figures() -> dict[str, Figures]:
    """By name, as `make models` measured them; empty where the file is missing: no verdict needs it."""
    try:
        rows = json.loads((paths.assets() / "models.json").read_text(encoding="utf-8"))["models"]
    except OSError:
        return {}
    return {
        row["model"]: Figures(row["sha256"], row["integer_accuracy"], row["script_bytes"]) for row in rows
    }


def name_of(sha256: str) -> str:
    """The model whose integers have this SHA-256; empty where none that ships has it."""
    return next((name for name, known in figures().items() if known.sha256 == sha256), "")


def named(name: str) -> Model:
    """The model of that name. ModelError if there is none."""
    try:
        return MODELS[name]
    except KeyError:
        raise ModelError(
            f"There is no model called {name!r}.", hint=f"Choose one of: {', '.join(MODELS)}."
        ) from None
