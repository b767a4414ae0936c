"""What pixels mean is found out by reading known digits, and said when it is not certain."""

import numpy as np
import pytest

from app.errors import DataError, ModelError
from app.importing.digits import load_digits
from app.importing.meaning import MEANINGS, Trial, chosen, named, try_all


@pytest.fixture(scope="module")
def digits():
    return load_digits()


def by_template(digits, meaning):
    """A classifier that learnt the digits that ship under one meaning: how near each mean picture is."""
    values = digits.images * meaning.scale + meaning.offset
    means = np.stack([values[digits.labels == digit].mean(axis=0).ravel() for digit in range(10)])
    spread = values.var() * 10

    def model(pictures, training):
        assert not training
        flat = pictures.reshape(len(pictures), -1).astype(np.float64)
        return -((flat[:, None] - means) ** 2).sum(axis=2) / spread

    return model


@pytest.mark.parametrize("name", MEANINGS)
def test_the_meaning_that_a_model_learnt_wins(name, digits):
    trials = try_all(by_template(digits, named(name)), digits.images, digits.labels)
    assert len(trials) == len(MEANINGS) == 8
    assert chosen(trials)[0] == name


def test_uncertainty_is_reported():
    name, notes = chosen([Trial("0..1", 0.969, 0.1), Trial("0..255", 0.971, 9.0)])
    assert name == "0..1"
    assert "not certain" in notes[0] and "0..255 (97.1%)" in notes[0] and "--pixels" in notes[0]


def test_a_clear_winner_is_chosen_without_a_notice():
    assert chosen([Trial("-1..1", 0.97, 0.1), Trial("0..1", 0.5, 3.0)]) == ("-1..1", [])


def test_a_model_that_reads_no_digits_is_refused():
    def guesses(pictures, training):
        return np.zeros((len(pictures), 10))

    digits = load_digits()
    with pytest.raises(ModelError, match="at most 10% of the digits that ship"):
        chosen(try_all(guesses, digits.images, digits.labels))
    with pytest.raises(ModelError, match="no meaning of pixels called 'inverted'"):
        named("inverted")


def test_a_result_that_is_not_a_number_never_wins(digits):
    def broken(pictures, training):
        return np.full((len(pictures), 10), np.nan)

    with pytest.raises(ModelError):
        chosen(try_all(broken, digits.images, digits.labels))


def test_the_digits_that_ship_are_as_many_of_each(digits, tmp_path):
    assert np.bincount(digits.labels).tolist() == [48] * 10
    assert digits.images.max() == 255 and digits.images[:, 0].max() == 0
    (tmp_path / "damaged.npz").write_bytes(b"PK")
    with pytest.raises(DataError, match="digits that ship"):
        load_digits(tmp_path / "damaged.npz")
    np.savez(tmp_path / "other.npz", images=digits.images, labels=digits.labels[1:])
    with pytest.raises(DataError, match="labelled digits"):
        load_digits(tmp_path / "other.npz")
