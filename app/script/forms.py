"""Which generator writes a model, and whether a default node takes what it writes."""

from __future__ import annotations

from app.errors import ScriptError
from app.fixedpoint import Conv2d, Depthwise, FewBit, IntegerModel, MaxPool, Pad, SumPool
from app.script.limits import SCRIPT_LIMIT
from app.script.mapped import mapped
from app.script.packed import packed
from app.script.planes import planes
from app.script.program import Program

CONTRACT_BYTES = 600
"""What a contract's locking script takes beside the model, and a little more."""


def packed_program(model: IntegerModel) -> Program:
    """The packed program of a per-sum model of any layers. Raises ScriptError where no generator has one."""
    layers = model.layers[:-1]
    if any(isinstance(layer, Conv2d | Depthwise | MaxPool | SumPool | Pad) for layer in layers):
        return mapped(model)
    return planes(model) if any(isinstance(layer, FewBit) for layer in layers) else packed(model)


def fits_default_node(model: IntegerModel) -> bool:
    """Whether a node with default policy takes a contract of this model: its script and its numbers."""
    try:
        return len(packed_program(model).code) + CONTRACT_BYTES <= SCRIPT_LIMIT
    except ScriptError:
        return False
