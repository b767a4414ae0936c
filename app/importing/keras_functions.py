"""The functions after a Keras layer, and operations with one constant in a functional model."""

from __future__ import annotations

import numpy as np

from app.importing.chain import Chain
from app.importing.keras_config import Entry
from app.importing.refusing import refuse_layer, shown

__all__ = ["activate", "add_arithmetic", "add_leaky", "add_operation", "add_relu", "add_softmax"]

_LEAKY_IN_ACTIVATION = 0.2
PROGRAM = "a program in the file, and nothing in a file is run."
WITHOUT_PROGRAMS = "Write it with Keras's own layers (Rescaling for a change of scale) and train again."


def activate(chain: Chain, entry: Entry, named: object = None) -> None:
    """The function after a layer: a name, or an object around a name or a layer."""
    plain = named or entry.config.get("activation") or "linear"
    if isinstance(plain, dict):
        inner = plain.get("config")
        if isinstance(inner, dict) and plain.get("class_name") in ("ReLU", "LeakyReLU", "Softmax"):
            kind = str(plain["class_name"])
            _INNER[kind](chain, Entry(kind, entry.name, inner, entry.path))
            return
        plain = inner if isinstance(inner, str) else plain.get("class_name")
    name = str(plain).lower()
    if name in ("leaky_relu", "leakyrelu"):
        chain.activation(entry.name, "relu", slope=_LEAKY_IN_ACTIVATION)
    elif name == "relu6":
        chain.activation(entry.name, "relu", ceiling=6.0)
    else:
        chain.activation(entry.name, shown(name))


def add_relu(chain: Chain, entry: Entry) -> None:
    if entry.number("threshold", 0.0):
        refuse_layer(entry.name, "has a threshold other than zero.", "Use relu or leaky_relu without one.")
    ceiling = entry.config.get("max_value")
    chain.activation(
        entry.name,
        "relu",
        slope=entry.number("negative_slope", 0.0),
        ceiling=None if ceiling is None else entry.number("max_value", 0.0),
    )


def add_leaky(chain: Chain, entry: Entry) -> None:
    key = "negative_slope" if "negative_slope" in entry.config else "alpha"
    chain.activation(entry.name, "relu", slope=entry.number(key, 0.3))


def add_operation(chain: Chain, entry: Entry) -> None:
    name = str(entry.config.get("function", "")).rpartition(".")[2]
    if name in ("relu", "relu6", "softmax"):
        activate(chain, entry, name)
    elif name in ("truediv", "divide", "multiply", "add", "subtract", "div"):
        add_arithmetic(chain, entry)
    else:
        refuse_layer(
            entry.name,
            f"is a {entry.kind}: {PROGRAM}",
            WITHOUT_PROGRAMS,
        )


def add_arithmetic(chain: Chain, entry: Entry) -> None:
    """x / 255 and the like, written into a functional model as an operation with one constant."""
    constant = entry.call.get("y", entry.call.get("x2"))
    if isinstance(constant, bool) or not isinstance(constant, int | float):
        refuse_layer(entry.name, "computes with something else than one number.", "Use a Rescaling layer.")
    name = str(entry.config.get("function", entry.kind)).rpartition(".")[2].lower()
    backwards = bool(entry.call.get("swapped"))
    if name in ("truediv", "true_divide", "truedivide", "divide", "div") and constant and not backwards:
        scale, offset = 1.0 / constant, 0.0
    elif name in ("multiply", "mul"):
        scale, offset = float(constant), 0.0
    elif name in ("add", "__operators__add"):
        scale, offset = 1.0, float(constant)
    elif name in ("subtract", "sub"):
        scale, offset = (-1.0, float(constant)) if backwards else (1.0, -float(constant))
    else:
        refuse_layer(
            entry.name,
            f"is the operation {shown(name)}.",
            "Write it with Keras's own layers (Rescaling for a change of scale).",
        )
    chain.affine(entry.name, np.array(scale), np.array(offset))


def add_softmax(chain: Chain, entry: Entry) -> None:
    chain.activation(entry.name, "softmax")


_INNER = {"LeakyReLU": add_leaky, "ReLU": add_relu, "Softmax": add_softmax}
