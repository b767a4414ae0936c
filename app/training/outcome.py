"""What a training leaves behind in a folder: float model, integers, report, and from where it is sure."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.errors import DataError
from app.fixedpoint import IntegerModel, convolutional, quantise, rounded_to_bits, save, save_sureness
from app.floats.judge import FloatJudge
from app.training import report
from app.training.cache import Cache
from app.training.calibration import calibrate
from app.training.corpus import Corpus, held_out
from app.training.fitting import ProgressCallback, no_progress
from app.training.quantised import train_quantised
from app.training.train import NO_CACHE, Training

__all__ = ["Outcome", "leave"]

INTEGERS, FEW_BITS, SURENESS = "integers.npz", "integers-8bit.npz", "sureness.json"
_MLP_BITS = 8


@dataclass(frozen=True)
class Outcome:
    """The integers that a training led to, the share of MNIST's test images that they read (0 to 1), and the
    figures of the report."""

    integers: IntegerModel
    accuracy: float
    figures: dict[str, Any]


def leave(
    training: Training,
    corpus: Corpus,
    folder: Path,
    cache: Cache = NO_CACHE,
    progress: ProgressCallback = no_progress,
) -> Outcome:
    """Make integers of a trained model and write everything into `folder`.

    The integers come first: weights that cannot be integers must not replace a good model. DataError where
    the folder cannot be written to.
    """
    integers = _integers(training, progress)
    data = corpus.mnist
    accuracy = float((integers.classify(data.x_test) == data.y_test).mean())
    figures = report.write(training, folder, accuracy)
    save(integers, folder / INTEGERS)
    if training.recipe.name == "mlp":
        save(rounded_to_bits(FloatJudge(training.model).weights(), _MLP_BITS), folder / FEW_BITS)
    _calibrate(integers, corpus, training.recipe.validation, cache, folder / SURENESS)
    return Outcome(integers, accuracy, figures)


def _integers(training: Training, progress: ProgressCallback) -> IntegerModel:
    """The integer model of a trained one: its weights rounded, or few-bit weights trained as such."""
    recipe = training.recipe.quantised
    if recipe is None:
        return quantise(FloatJudge(training.model).weights())
    found = train_quantised(
        training.model,
        training.epoch_data,
        recipe,
        temperature=training.recipe.temperature,
        seed=training.seed,
        progress=progress,
    )
    return convolutional(found.parameters, found.steps, lane_bits=recipe.lane_bits)


def _calibrate(integers: IntegerModel, corpus: Corpus, validation: float, cache: Cache, path: Path) -> None:
    """Write from where readings are sure, on the pens held out, if there are digits and other signs."""
    path.unlink(missing_ok=True)
    kept = held_out(corpus, validation, cache)
    if len(kept.pens) and len(kept.signs):
        about = {"on": "pens of the writers held out of training"}
        # A model that reads no digit rightly, as after a very short training, is left without.
        with contextlib.suppress(DataError):
            save_sureness(calibrate(integers, kept.pens, kept.pen_labels, kept.signs, about), path)
