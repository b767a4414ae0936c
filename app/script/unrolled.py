"""The unrolled generator: the published contract's arithmetic, taken literally.

One OP_MUL, OP_DIV and OP_ADD per weight, each product rescaled before it is added. The packed form is
measured against it; it is too big for a node with default policy.
"""

from __future__ import annotations

from app.errors import ScriptError
from app.fixedpoint import SCALE, IntegerModel, Rescale
from app.fixedpoint.arithmetic import PIXEL_MAX
from app.script.assembler import Assembler
from app.script.program import (
    LOGIT_BYTES,
    DenseStep,
    Kind,
    Program,
    as_number,
    check_logits_fit,
    dense_steps,
    opening,
)


def unrolled(model: IntegerModel) -> Program:
    """Generate the unrolled program of a per-product model of dense layers, of any depth.

    Raises ScriptError if the model rescales per sum or has other layers.
    """
    if model.rule is not Rescale.PER_PRODUCT:
        raise ScriptError("The unrolled form rescales each product; the packed form rescales per sum.")
    check_logits_fit(model)
    out = Assembler()
    opening(out, model.pixels)
    _inputs(out, model.pixels)
    for step in dense_steps(model):
        _layer(out, step)
    _logits(out, model.classes)
    return Program(Kind.UNROLLED, out.code, out.opcodes, model.classes, rows=model.pixels)


def _inputs(out: Assembler, pixels: int) -> None:
    """(image -- x_last ... x_0): every pixel as x = (2*S*p + 255) div 510, the first on top."""
    for _ in range(pixels):
        out.number(1).op("SPLIT", "SWAP")
        as_number(out)
        out.number(2 * SCALE).op("MUL").number(PIXEL_MAX).op("ADD").number(2 * PIXEL_MAX).op("DIV")
        out.op("TOALTSTACK")
    out.op("DROP")
    out.op(*["FROMALTSTACK"] * pixels)


def _layer(out: Assembler, stage: DenseStep) -> None:
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
