"""The unrolled generator: the published contract's arithmetic, taken literally.

One OP_MUL, OP_DIV and OP_ADD per weight, each product rescaled before it is added. It is the
yardstick for the packed form, and too big for a node with default policy.
"""

from __future__ import annotations

from app.errors import ScriptError
from app.fixedpoint import SCALE, IntegerNetwork, Rescale
from app.fixedpoint.arithmetic import PIXEL_MAX
from app.script.assembler import Assembler
from app.script.program import (
    LOGIT_BYTES,
    Kind,
    Program,
    Stage,
    as_number,
    check_logits_fit,
    opening,
    stages,
)


def unrolled(network: IntegerNetwork) -> Program:
    """Generate the unrolled program of a per-product network of dense layers, of any depth.

    Raises ScriptError if the network rescales per sum or has other layers.
    """
    if network.rule is not Rescale.PER_PRODUCT:
        raise ScriptError("The unrolled form rescales each product; the packed form rescales per sum.")
    check_logits_fit(network)
    out = Assembler()
    opening(out, network.pixels)
    _inputs(out, network.pixels)
    for stage in stages(network):
        _layer(out, stage)
    _logits(out, network.classes)
    return Program(Kind.UNROLLED, out.code, out.opcodes, network.classes, rows=network.pixels)


def _inputs(out: Assembler, pixels: int) -> None:
    """(image -- x_last ... x_0): every pixel as x = (2*S*p + 255) div 510, the first on top."""
    for _ in range(pixels):
        out.number(1).op("SPLIT", "SWAP")
        as_number(out)
        out.number(2 * SCALE).op("MUL").number(PIXEL_MAX).op("ADD").number(2 * PIXEL_MAX).op("DIV")
        out.op("TOALTSTACK")
    out.op("DROP")
    out.op(*["FROMALTSTACK"] * pixels)


def _layer(out: Assembler, stage: Stage) -> None:
    """(x_last ... x_0 -- y_last ... y_0), through the alt stack, which reverses nothing in the end."""
    dense = stage.dense
    for j in range(dense.outputs):
        out.number(int(dense.biases[j]))
        for i in range(dense.inputs):
            weight = int(dense.weights[i, j])
            if weight:  # the sum is on top of the inputs: x_i lies i + 1 deep
                out.number(i + 1).op("PICK").number(weight).op("MUL").number(SCALE).op("DIV", "ADD")
        if stage.relu:
            out.number(0).op("MAX")
        out.op("TOALTSTACK")
    out.op(*["2DROP"] * (dense.inputs // 2), *["DROP"] * (dense.inputs % 2))
    out.op(*["FROMALTSTACK"] * dense.outputs)


def _logits(out: Assembler, classes: int) -> None:
    """(y_last ... y_0 -- logits): LOGIT_BYTES signed bytes each, joined from the lowest class up."""
    out.number(LOGIT_BYTES).op("NUM2BIN")
    for _ in range(classes - 1):
        out.op("SWAP").number(LOGIT_BYTES).op("NUM2BIN", "CAT")
