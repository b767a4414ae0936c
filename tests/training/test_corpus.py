"""What is learned from: every label beside its picture, and nothing of the writers held out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.training.augment import Augmentation
from app.training.cache import Cache
from app.training.corpus import NO_DIGIT, Corpus, Lesson, PenRecipe, held_out, lesson, load_corpus, one_hot
from app.training.data import Mnist
from app.training.distil import believable
from app.training.fitting import no_progress
from app.training.pens import chosen, save_pens
from app.training.penwork import AS_WRITTEN, draw
from tests.training.pens import straight

RECIPE = PenRecipe(hand=AS_WRITTEN, augmentation=Augmentation(untouched=1.0))


@pytest.fixture(scope="module")
def corpus(strokes: Mnist) -> Corpus:
    return Corpus(strokes, straight(160), straight(80, digits=False))


def made(corpus: Corpus, cache: Cache, pens: PenRecipe | None = RECIPE) -> Lesson:
    return lesson(
        corpus,
        validation=0.1,
        augmentation=Augmentation(untouched=1.0),
        pens=pens,
        copies=2,
        seed=np.random.SeedSequence(1),
        cache=cache,
        progress=no_progress,
    )


@pytest.fixture(scope="module")
def found(corpus: Corpus) -> Lesson:
    return made(corpus, Cache())


def test_a_lesson_is_mnist_then_every_drawing_then_the_signs(corpus: Corpus, found: Lesson) -> None:
    assert corpus.digits is not None and corpus.others is not None
    digits = chosen(corpus.digits, ~corpus.digits.held_out())
    signs = chosen(corpus.others, ~corpus.others.held_out())
    drawn = draw(digits, AS_WRITTEN, np.random.SeedSequence(0))
    expected = [
        corpus.mnist.x_train[:360],
        *[drawn] * 2,
        draw(signs, AS_WRITTEN, np.random.SeedSequence(0)),
    ]
    for copy in (*found.copies, found.plain):
        assert np.array_equal(copy, np.concatenate(expected))
    labels = [*corpus.mnist.y_train[:360], *digits.labels, *digits.labels, *[NO_DIGIT] * len(signs)]
    assert found.labels.tolist() == labels
    who = [*[-1] * 360, *range(len(digits)), *range(len(digits)), *[-1] * len(signs)]
    assert found.character.tolist() == who


def test_an_epoch_learns_every_digit_and_each_sign_in_turn(found: Lesson) -> None:
    kept = np.arange(3, len(found.labels))
    digits, signs = (kept[(found.labels[kept] == NO_DIGIT) == sign] for sign in (False, True))
    assert np.array_equal(found.rows_of(5, kept, signs=1), kept)
    epochs = [found.rows_of(epoch, kept, signs=4) for epoch in range(4)]
    for rows in epochs:
        assert np.isin(digits, rows).all() and len(rows) - len(digits) in {
            len(signs) // 4,
            len(signs) // 4 + 1,
        }
    assert sorted(np.concatenate([rows[np.isin(rows, signs)] for rows in epochs])) == sorted(signs)


def test_what_is_held_out_is_in_no_lesson(corpus: Corpus, found: Lesson) -> None:
    kept = held_out(corpus, 0.1, Cache())
    assert corpus.digits is not None and corpus.others is not None
    assert len(kept.mnist) == 40 and 0 < len(kept.pens) == corpus.digits.held_out().sum() < 160
    assert 0 < len(kept.signs) == corpus.others.held_out().sum() < 80
    assert np.array_equal(kept.mnist, corpus.mnist.x_train[360:])
    assert len(found.labels) == 360 + 2 * (160 - len(kept.pens)) + 80 - len(kept.signs)


def test_without_pens_there_is_mnist_alone(strokes: Mnist) -> None:
    alone = Corpus(strokes)
    assert "--pens" in alone.lacking and "--others" in Corpus(strokes, straight(10)).lacking
    assert not Corpus(strokes, straight(10), straight(10, digits=False)).lacking
    assert len(made(alone, Cache()).labels) == 360 and not len(held_out(alone, 0.1, Cache()).pens)


def test_a_sign_that_is_no_digit_is_all_ten_alike() -> None:
    targets = one_hot(np.array([3, NO_DIGIT], np.uint8))
    assert targets[0].tolist() == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    assert targets[1] == pytest.approx(0.1)


@pytest.mark.slow
def test_a_cache_gives_what_would_be_made_and_nothing_of_other_data(corpus: Corpus, tmp_path: Path) -> None:
    small = Corpus(corpus.mnist, straight(40), straight(20, digits=False))
    cache = Cache(tmp_path / "cache")
    first = made(small, cache)
    files = sorted(path.name for path in (tmp_path / "cache").iterdir())
    again = made(small, cache)
    assert files == sorted(path.name for path in (tmp_path / "cache").iterdir()) and len(files) == 4
    assert all(np.array_equal(one, same) for one, same in zip(first.copies, again.copies, strict=True))
    other = Corpus(small.mnist, straight(30), small.others)
    assert len(made(other, cache).labels) != len(first.labels)


def test_pen_files_of_several_collections_are_one_set(strokes: Mnist, tmp_path: Path) -> None:
    for name, count in (("a", 20), ("b", 30)):
        save_pens(straight(count), tmp_path / f"{name}.npz")
    save_pens(straight(10, digits=False), tmp_path / "signs.npz")
    found = load_corpus(strokes, [tmp_path / "a.npz", tmp_path / "b.npz"], [tmp_path / "signs.npz"])
    assert found.digits is not None and len(found.digits) == 50
    assert found.others is not None and len(found.others) == 10
    assert found.digest != load_corpus(strokes, [tmp_path / "a.npz"]).digest


def test_only_pen_characters_whose_label_nobody_believes_are_left_out() -> None:
    labels = np.array([1, 2, 3, 2, 3, NO_DIGIT], np.uint8)
    found = Lesson([], np.zeros((6, 28, 28), np.uint8), labels, np.array([-1, 0, 1, 0, 1, -1]))
    probabilities = np.full((6, 10), 0.001, np.float32)
    probabilities[1, 2], probabilities[3, 2] = 0.001, 0.5  # one drawing of character 0 is believed
    assert believable(probabilities, found, 0.02).tolist() == [True, True, False, True, False, True]
