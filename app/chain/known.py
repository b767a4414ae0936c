"""The contracts that this installation knows: one for each form of each model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from app import models
from app.chain.proof.examine import Candidate
from app.contract.classifier import program_for
from app.errors import ModelError
from app.fixedpoint import load
from app.script import Kind

__all__ = ["known_contracts"]


def known_contracts(
    script_bytes: int | None = None, *, first: str = "", model_file: Path | None = None
) -> Iterator[Candidate]:
    """Candidates, generated one at a time: the likeliest first.

    `script_bytes`: the length of the locking script that is looked at. `first`: the model to begin with where
    the length says nothing. `model_file`: integers (`integers.npz`) of a model that is not installed; its
    packed form is tried before all others.
    """
    if model_file is not None:
        integers = load(model_file)
        yield Candidate(model_file.name, integers.sha256, program_for(integers, Kind.PACKED))
    figures = models.figures()

    def unlikely(model: models.Model) -> tuple[bool, bool]:
        measured = figures.get(model.name)
        return measured is None or measured.script_bytes != script_bytes, model.name != first

    for model in sorted(models.available().values(), key=unlikely):
        try:
            integers = load(model.integers_path)
        except ModelError:
            # A damaged model of the person's own must not hide the others.
            if model.root is None or model.name == first:
                raise
            continue
        for kind in model.kinds:
            yield Candidate(model.name, integers.sha256, program_for(integers, Kind(kind)))
