"""The loop that fits a Keras model, one batch after another, and reports its progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.floats.runtime import import_keras, on_tensorflow

BATCHES_PER_TICK = 10

# For an epoch, counted from 0: images uint8 (N, 28, 28), targets float32 (N, 10) and the rows to learn (n,).
EpochData = Callable[[int], tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.int64]]]


@dataclass(frozen=True)
class TrainingProgress:
    """How far training is: in `stage`, `fraction` (0 to 1) of epoch `epoch` (from 1) of `epochs` is done."""

    stage: str
    epoch: int
    epochs: int
    fraction: float
    metrics: dict[str, float] = field(default_factory=dict)

    @property
    def share(self) -> float:
        """What is done of the stage, 0 to 1."""
        return (self.epoch - 1 + self.fraction) / self.epochs


ProgressCallback = Callable[[TrainingProgress], None]


def no_progress(_: TrainingProgress) -> None:
    """A callback that ignores progress."""


def as_input(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Images uint8 0..255 as the models take them: float32, pixel/255."""
    scaled: NDArray[np.float32] = images.astype(np.float32) / np.float32(255.0)
    return scaled


def cosine_schedule(peak: float, steps: int) -> Any:
    """A learning rate that rises to `peak` over the first twentieth of `steps`, then falls as a cosine."""
    schedules = import_keras().optimizers.schedules
    rise = max(1, steps // 20)
    return schedules.CosineDecay(0.0, max(1, steps - rise), warmup_target=peak, warmup_steps=rise)


def batches(rows: int, batch: int) -> int:
    """How many whole batches an epoch of so many rows has, one at least."""
    return max(1, rows // batch)


def compile_model(model: Any, optimizer: Any, loss: Any) -> None:
    """Make a model ready to be fitted. JAX is slow without XLA; TensorFlow on a CPU gains nothing from it."""
    model.compile(optimizer, loss, metrics=["accuracy"], jit_compile=not on_tensorflow())


def fit(
    model: Any,
    data: EpochData,
    *,
    stage: str,
    epochs: int,
    batch: int,
    rng: np.random.Generator,
    progress: ProgressCallback,
    after_epoch: Callable[[], dict[str, float]] = dict,
    whole: bool = True,
) -> None:
    """Fit a compiled model. `after_epoch` measures it; `progress` gets the figures at the end of each epoch.

    `whole`: the rows that do not fill a batch are left out, others in each epoch. JAX compiles a model again
    for every size of a batch.
    """
    for epoch in range(epochs):
        images, targets, rows = data(epoch)
        order = rng.permutation(rows)
        model.reset_metrics()
        if whole:
            order = order[: batches(len(order), batch) * batch]
        starts = range(0, len(order), batch)
        for number, start in enumerate(starts):
            chosen = order[start : start + batch]
            metrics = model.train_on_batch(as_input(images[chosen]), targets[chosen], return_dict=True)
            if number % BATCHES_PER_TICK == 0:
                progress(TrainingProgress(stage, epoch + 1, epochs, number / len(starts), dict(metrics)))
        progress(TrainingProgress(stage, epoch + 1, epochs, 1.0, {**metrics, **after_epoch()}))
