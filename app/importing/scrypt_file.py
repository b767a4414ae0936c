"""The weights that the first source published with its contract: a text, `modelParams.scrypt`.

    static bytes WEIGHTS_0 = b'57ee750080...';   inputs x hidden numbers, WEIGHTS_1 hidden x 10
    static bytes BIASES_0 = b'...';              hidden numbers, BIASES_1 ten

A number is five bytes, written as hex: magnitude, lowest byte first, and the sign as the topmost bit. It
stands for number / 10**8. The weight from input j to neuron i of a layer of n neurons begins at byte (j*n +
i) * 5. The pixels it reads are p/255 on black paper; ReLU follows the first layer.
(https://github.com/sCrypt-Inc/scrypt-ml, predict-onchain/nn/mnist/train)
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from app.fixedpoint import SCALE
from app.importing.chain import Chain
from app.importing.kernels import Numbers
from app.importing.refusing import refuse
from app.picture import CLASSES, PIXELS

__all__ = ["looks_like_scrypt", "read_scrypt"]

BYTES = 5

_MOST_BYTES = 20_000_000
_NEEDED = ("WEIGHTS_0", "BIASES_0", "WEIGHTS_1", "BIASES_1")
_CONSTANT = re.compile(r"static\s+bytes\s+(\w+)\s*=\s*b'([0-9a-fA-F]*)'")
_HINT = "It is the file modelParams.scrypt of the published contract, or one written in the same way."


def looks_like_scrypt(beginning: bytes) -> bool:
    """Whether a file that begins like this is such a text."""
    return b"library ModelParams" in beginning or b"static bytes WEIGHTS_0" in beginning


def read_scrypt(path: Path) -> Chain:
    """The model whose weights the text holds. Raises ModelError."""
    with path.open("rb") as source:
        data = source.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        refuse(f"It has more than {_MOST_BYTES:,} bytes.", _HINT)
    found = dict(_CONSTANT.findall(data.decode("ascii", "replace")))
    missing = [name for name in _NEEDED if name not in found]
    if missing:
        refuse(f"It has no constant {missing[0]}.", _HINT)
    weights0, biases0, weights1, biases1 = (_numbers(name, found[name]) for name in _NEEDED)
    hidden = len(biases0)
    if (
        not hidden
        or len(weights0) != PIXELS * hidden
        or len(weights1) != hidden * CLASSES
        or len(biases1) != CLASSES
    ):
        refuse(
            f"Its {len(weights0):,}, {hidden}, {len(weights1):,} and {len(biases1)} numbers do not make "
            f"a model of {PIXELS} inputs, one hidden layer and {CLASSES} outputs.",
            _HINT,
        )
    chain = Chain([PIXELS])
    chain.dense("WEIGHTS_0", weights0.reshape(PIXELS, hidden), biases0)
    chain.activation("relu", "relu")
    chain.dense("WEIGHTS_1", weights1.reshape(hidden, CLASSES), biases1)
    chain.finish()
    return chain


def _numbers(name: str, digits: str) -> Numbers:
    """Numbers of five bytes, as real numbers."""
    if len(digits) % (2 * BYTES):
        refuse(f"Its constant {name} is not made of numbers of {BYTES} bytes.", _HINT)
    rows = np.frombuffer(bytes.fromhex(digits), np.uint8).reshape(-1, BYTES).astype(np.int64)
    negative = rows[:, -1] >= 128
    rows[:, -1] &= 127
    magnitudes = rows @ (256 ** np.arange(BYTES, dtype=np.int64))
    return np.asarray(np.where(negative, -magnitudes, magnitudes) / SCALE, np.float64)
