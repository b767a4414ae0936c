"""The model as Bitcoin Script: an assembler, four generators, and a way to run what they make."""

from app.script.convolved import convolved
from app.script.packed import packed
from app.script.planes import planes
from app.script.program import LOGIT_BYTES, Kind, Lanes, Program
from app.script.run import ScriptReading, logits_from_bytes, run_program
from app.script.unrolled import unrolled

__all__ = [
    "LOGIT_BYTES",
    "Kind",
    "Lanes",
    "Program",
    "ScriptReading",
    "convolved",
    "logits_from_bytes",
    "packed",
    "planes",
    "run_program",
    "unrolled",
]
