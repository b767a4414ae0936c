"""The integer engine: the same model in exact fixed-point arithmetic, no floats that round.

The arithmetic is that of the contract, bit for bit; `docs/arithmetic.md` derives it.
"""

from app.fixedpoint.arithmetic import SCALE, Range, Rescale
from app.fixedpoint.convolution import Conv2d, Depthwise, Requantise
from app.fixedpoint.fewbit import FewBit
from app.fixedpoint.layers import Argmax, Dense, Layer, LeakyRelu, Relu
from app.fixedpoint.model import FixedReading, IntegerModel
from app.fixedpoint.pooling import MaxPool, Pad, SumPool
from app.fixedpoint.quantise import convolutional, few_bit_model, quantise, rounded_to_bits
from app.fixedpoint.storage import load, save
from app.fixedpoint.sureness import Sureness, load_sureness, save_sureness

__all__ = [
    "SCALE",
    "Argmax",
    "Conv2d",
    "Dense",
    "Depthwise",
    "FewBit",
    "FixedReading",
    "IntegerModel",
    "Layer",
    "LeakyRelu",
    "MaxPool",
    "Pad",
    "Range",
    "Relu",
    "Requantise",
    "Rescale",
    "SumPool",
    "Sureness",
    "convolutional",
    "few_bit_model",
    "load",
    "load_sureness",
    "quantise",
    "rounded_to_bits",
    "save",
    "save_sureness",
]
