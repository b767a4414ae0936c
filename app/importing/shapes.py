"""Shapes and numbers as files give them: filled in, turned, and named in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.fixedpoint.folded import Shape
from app.importing.kernels import Numbers
from app.importing.refusing import refuse_layer

__all__ = ["bias_of", "filled", "one_if_alike", "shape_text", "turned"]


def filled(dims: Sequence[int | None], shape: Shape) -> Shape:
    """`dims` with the sizes of `shape`, of the same length, where a size is None."""
    return tuple(known if size is None else size for size, known in zip(dims, shape, strict=True))


def turned(dims: Shape, first: bool) -> Shape:
    """A map's shape with its channels at the other end; `first` says that they come first in `dims`."""
    return (dims[1], dims[2], dims[0]) if first else (dims[2], dims[0], dims[1])


def shape_text(dims: Sequence[int | None]) -> str:
    """As a sentence gives a shape: 28x28x1, with ? for a size that is open."""
    return "x".join("?" if size is None else str(size) for size in dims) or "nothing"


def bias_of(name: str, bias: Numbers | None, count: int) -> Numbers:
    """`count` numbers: the layer's biases, or zeros. ModelError if there are more or fewer."""
    if bias is None:
        return np.zeros(count)
    if bias.size != count:
        refuse_layer(name, f"has {bias.size} biases for {count} outputs.", "The file is damaged.")
    return bias.reshape(count)


def one_if_alike(values: Numbers) -> Numbers:
    """One number if all are alike, else the values without axes of one."""
    values = np.asarray(values, np.float64)
    if values.size and (values == values.flat[0]).all():
        return values.reshape(-1)[:1]
    return np.squeeze(values)
