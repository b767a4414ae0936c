"""What is promised of the models on digits of people whom no training has seen, and on what is no digit.

The pen files are no part of the project: they are looked for beside MNIST.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path

import numpy as np
import pytest

from app import models, paths
from app.fixedpoint import load, load_sureness
from app.training.calibration import leads
from app.training.pens import chosen, load_pens
from app.training.penwork import as_written

PROMISES = {"handwriting": 0.975, "compact": 0.975, "cnn": 0.980}
"""The least share of pen digits that the models trained on pens read."""
SIGNS = 0.08
"""The largest share of signs that are sure where 97 of 100 rightly read digits are."""

pytestmark = pytest.mark.slow
ours = pytest.mark.parametrize("name", PROMISES)


@functools.cache
def integers(name: str):
    return load(models.named(name).integers_path)


def zero(name: str) -> bool:
    """Whether 0 is a model's logit of "no digit"."""
    sureness = load_sureness(models.named(name).sureness_path, integers(name).sha256)
    assert sureness is not None
    return sureness.none_is_zero


def _beside(mnist_file: Path, name: str) -> Path:
    path = mnist_file.with_name(name)
    if not path.is_file():
        pytest.skip(f"there is no {name} beside MNIST")
    return path


def drawn(pens, every):
    """Pictures (N, 28, 28) and labels (N,) of every so many-th character."""
    some = chosen(pens, np.arange(len(pens)) % every == 0)
    return as_written(some, workers=1), some.labels


@pytest.fixture(scope="module")
def pens(mnist_file):
    """Digits of people whom no training has seen, as strokes."""
    return load_pens(_beside(mnist_file, "pendigits_test.npz"), digits=True)


@pytest.fixture(
    scope="module",
    params=[pytest.param(6, id="sixth"), pytest.param(1, id="all", marks=pytest.mark.exhaustive)],
)
def every(request):
    """Every how many-th digit is read: all of them where the exhaustive tests run."""
    return request.param


@pytest.fixture(scope="module")
def slack(every):
    """How far a share of these digits may be from that of all."""
    return 0.015 if every > 1 else 1e-9


@pytest.fixture(scope="module")
def digits(pens, every):
    """Pictures (N, 28, 28) of every so many-th of them, and their labels (N,)."""
    return drawn(pens, every)


@pytest.fixture(scope="module")
def readings(digits):
    """What a model reads in these pictures, and each reading's lead, by the model's name; read once."""
    return functools.cache(lambda name: leads(integers(name), digits[0], zero(name)))


@pytest.fixture(scope="module")
def signs(mnist_file, every):
    """Pictures of letters and signs of the writers held out: all of them, or of every third sign."""
    pens = load_pens(_beside(mnist_file, "pen_other.npz"), digits=False)
    return drawn(chosen(pens, pens.held_out()), min(every, 3))[0]


@pytest.mark.parametrize("name", models.MODELS)
def test_the_figure_on_pens_is_the_model_s_own(name, digits, readings, slack):
    figures = json.loads((paths.resources() / "docs" / "figures" / "real-hands.json").read_text())
    assert figures["now"][name]["test"] == models.figures()[name].pens
    share = float((readings(name)[0] == digits[1]).mean())
    assert figures["now"][name]["test"] == pytest.approx(share, abs=slack)


@ours
def test_people_are_read_as_promised(name, digits, readings, slack):
    assert (readings(name)[0] == digits[1]).mean() >= PROMISES[name] - slack


@ours
def test_few_signs_are_sure_where_nearly_all_rightly_read_digits_are(name, digits, signs, readings):
    (_, labels), (read, found) = digits, readings(name)
    right = np.array(found, object)[read == labels]
    threshold = sorted(right)[int(0.03 * len(right))]
    _, of_signs = leads(integers(name), signs, zero(name))
    assert np.mean([lead >= threshold for lead in of_signs]) <= SIGNS


@ours
def test_the_threshold_that_ships_suits_unseen_people(name, digits, readings):
    sureness = load_sureness(models.named(name).sureness_path, integers(name).sha256)
    assert sureness is not None
    (_, labels), (read, found) = digits, readings(name)
    sure = np.array([lead >= sureness.threshold for lead in found])
    assert sure[read == labels].mean() >= 0.93
    assert sure[read != labels].mean() <= 0.6


@pytest.mark.parametrize("name", models.MODELS)
def test_every_model_has_a_threshold_of_its_own(name):
    assert load_sureness(models.named(name).sureness_path, integers(name).sha256) is not None
