from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.errors import DataError
from app.floats.judge import dense_weights
from app.training import architecture
from app.training.augment import Augmentation
from app.training.corpus import Corpus
from app.training.data import Mnist
from app.training.distil import Teacher
from app.training.fitting import TrainingProgress
from app.training.recipes import DEFAULT, RECIPES
from app.training.train import Training, copy_of, train

pytestmark = pytest.mark.slow

SMALL = replace(
    RECIPES["handwriting"],
    epochs=4,
    batch=32,
    copies=2,
    augmentation=Augmentation(untouched=0.5),
    teacher=Teacher("compact", epochs=3, batch=32),
    rarest_inked=0.05,
)
PLAIN = replace(RECIPES["source"], batch=32)


@pytest.fixture(scope="module")
def plain(strokes: Mnist) -> Training:
    """A training by the source's recipe."""
    return train(PLAIN, Corpus(strokes), seed=1, epochs=3)


@pytest.fixture(scope="module")
def followed(strokes: Mnist) -> tuple[Training, list[TrainingProgress]]:
    """A short training of the whole recipe, and the progress that it reported."""
    heard: list[TrainingProgress] = []
    return train(SMALL, Corpus(strokes), seed=1, epochs=2, progress=heard.append), heard


def test_the_source_recipe_is_the_source_s() -> None:
    source = RECIPES["source"]
    assert (source.optimizer, source.epochs, source.batch, source.validation) == ("RMSprop", 50, 469, 0.1)
    assert source.architecture == "784-64-10"
    assert source.augmentation is None and source.teacher is None and source.lane_bits is None


def test_the_mlp_recipe_is_the_second_source_s() -> None:
    mlp = RECIPES["mlp"]
    assert (mlp.optimizer, mlp.epochs, mlp.batch) == ("Adam", 10, 32)
    assert mlp.architecture == "784-128-256-512-10"
    assert mlp.augmentation is None and mlp.teacher is None and mlp.lane_bits is None


def test_the_default_recipe_is_the_one_that_ships() -> None:
    assert DEFAULT == "handwriting" and set(RECIPES) == {"handwriting", "source", "compact", "mlp", "cnn"}
    assert all(name == recipe.name for name, recipe in RECIPES.items())


def learned_alike(once: Training, again: Training) -> None:
    """Two trainings from one seed have learned something, and the same."""
    assert once.test_accuracy > 0.6
    assert once.test_accuracy == again.test_accuracy and once.history == again.history
    for one, same in zip(*(dense_weights(run.model) for run in (once, again)), strict=True):
        assert np.array_equal(one[0], same[0]) and np.array_equal(one[1], same[1])


def test_the_source_recipe_learns_and_its_seed_decides_the_weights(plain: Training, strokes: Mnist) -> None:
    learned_alike(plain, train(PLAIN, Corpus(strokes), seed=1, epochs=3))


@pytest.mark.exhaustive
def test_the_handwriting_recipe_learns_and_its_seed_decides_the_weights(
    followed: tuple[Training, list[TrainingProgress]], strokes: Mnist
) -> None:
    learned_alike(followed[0], train(SMALL, Corpus(strokes), seed=1, epochs=2))


def test_another_seed_gives_another_model_and_training_prints_nothing(
    plain: Training, strokes: Mnist, capfd: pytest.CaptureFixture[str]
) -> None:
    other = train(PLAIN, Corpus(strokes), seed=2, epochs=3)
    assert capfd.readouterr().out == ""
    assert not np.array_equal(dense_weights(plain.model)[0][0], dense_weights(other.model)[0][0])


def test_the_result_is_measured_on_the_test_images(plain: Training, strokes: Mnist) -> None:
    read = np.asarray(plain.model(strokes.x_test.astype(np.float32) / 255.0)).argmax(axis=1)
    assert plain.test_accuracy == pytest.approx((read == strokes.y_test).mean())
    assert plain.confusion.sum(axis=1).tolist() == np.bincount(strokes.y_test, minlength=10).tolist()
    assert plain.confusion[3, 3] == ((read == 3) & (strokes.y_test == 3)).sum()
    assert plain.epochs == 3 and all(len(curve) == 3 for curve in plain.history.values())
    assert set(plain.history) == {"train_loss", "train_accuracy", "val_loss", "val_accuracy"}


def test_the_handwriting_recipe_learns_and_shapes_its_weights_for_script(
    followed: tuple[Training, list[TrainingProgress]],
) -> None:
    assert followed[0].test_accuracy > 0.6
    kernel, bias = dense_weights(followed[0].model)[0]
    assert SMALL.lane_bits is not None
    bound = architecture.largest_l1(SMALL.lane_bits)
    assert architecture.l1_norms(kernel, bias) == pytest.approx(bound, rel=1e-5)
    # A corner is inked in none of the bars, however they are deformed.
    assert not kernel.reshape(28, 28, -1)[[0, 0, -1, -1], [0, -1, 0, -1]].any()


def test_progress_names_every_stage_and_never_runs_backwards(
    followed: tuple[Training, list[TrainingProgress]],
) -> None:
    heard = followed[1]
    assert list(dict.fromkeys(tick.stage for tick in heard)) == [
        "augmenting",
        "teacher",
        "teaching",
        "model",
    ]
    for stage in ("augmenting", "teacher", "teaching", "model"):
        done = [tick.share for tick in heard if tick.stage == stage]
        assert done == sorted(done) and done[0] >= 0 and done[-1] == 1.0
    assert heard[-1].metrics["val_accuracy"] >= 0


def test_epochs_take_the_copies_in_turn_and_the_plain_pictures_after_so_many() -> None:
    assert [copy_of(epoch, copies=3, plain=0) for epoch in range(7)] == [0, 1, 2, 0, 1, 2, 0]
    assert [copy_of(epoch, copies=3, plain=2) for epoch in range(9)] == [0, 1, 3, 2, 0, 3, 1, 2, 3]


def test_no_epochs_at_all_is_refused(strokes: Mnist) -> None:
    with pytest.raises(DataError, match="at least one epoch"):
        train(PLAIN, Corpus(strokes), epochs=0)
