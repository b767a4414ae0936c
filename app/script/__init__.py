"""The model as Bitcoin Script: an assembler, four generators, and a way to run what they make."""

from app.script.forms import fits_default_node, packed_program
from app.script.mapped import mapped
from app.script.needs import Needs, needs_of
from app.script.packed import packed
from app.script.planes import planes
from app.script.program import LOGIT_BYTES, Kind, Lanes, Program
from app.script.run import ScriptReading, logits_from_bytes, run_program
from app.script.unrolled import unrolled

__all__ = [
    "LOGIT_BYTES",
    "Kind",
    "Lanes",
    "Needs",
    "Program",
    "ScriptReading",
    "fits_default_node",
    "logits_from_bytes",
    "mapped",
    "needs_of",
    "packed",
    "packed_program",
    "planes",
    "run_program",
    "unrolled",
]
