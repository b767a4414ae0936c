"""The list of models, and what is promised of `compact` and `mlp`: accuracy, size, and equal engines."""

import functools
import json
from pathlib import Path

import numpy as np
import pytest

from app import models
from app.chain.connection import NodeChoice
from app.chain.inspect import inspect
from app.chain.service import Readings, open_service
from app.contract import contract_for
from app.contract.classifier import program_for
from app.contract.rules import needs_raised_policy
from app.drawing import load_drawings, pictures_of
from app.errors import ModelError
from app.fixedpoint import load, quantise, rounded_to_bits
from app.floats.judge import FloatJudge
from app.script import Kind
from app.script.run import SCRIPT_LIMIT
from app.training.train import RECIPES
from tests import oracle
from tests.conftest import quiet
from tests.interpreted import differing
from tests.strategies import few_bit_parameters, parameters

DRAWN = Path(__file__).parent / "data" / "drawn.json"
NEW = ["compact", "mlp-8bit", "mlp"]


@pytest.fixture(scope="module")
def integers():
    return {name: load(models.named(name).integers_path) for name in NEW}


@pytest.fixture(scope="module")
def programs(integers):
    return {name: program_for(model, Kind.PACKED) for name, model in integers.items()}


@pytest.fixture(scope="module")
def digits(mnist):
    """What a model reads in MNIST's test images, by its name; read once."""
    return functools.cache(lambda name: load(models.named(name).integers_path).classify(mnist.x_test))


@pytest.fixture(scope="module")
def drawn():
    return pictures_of(load_drawings(DRAWN))


@pytest.mark.parametrize("model", models.MODELS.values(), ids=lambda model: model.name)
def test_every_model_is_there_with_the_forms_it_names(model):
    assert models.named(model.name) is model
    assert model.float_path.is_file()
    assert set(model.kinds) <= {kind.value for kind in Kind}
    integers = load(model.integers_path)
    assert (integers.pixels, integers.classes) == (784, 10)
    assert needs_raised_policy(program_for(integers, Kind.PACKED)) is model.raised


@pytest.mark.parametrize("model", models.MODELS.values(), ids=lambda model: model.name)
def test_the_figures_beside_a_model_are_its_own(model, mnist, digits):
    integers, figures = load(model.integers_path), models.figures()[model.name]
    assert models.name_of(integers.sha256) == model.name
    assert figures.script_bytes == len(contract_for(integers, bytes(20)).locking_script)
    assert figures.accuracy == pytest.approx((digits(model.name) == mnist.y_test).mean(), abs=1e-9)


def test_without_measured_figures_the_models_are_there_all_the_same(monkeypatch, tmp_path):
    monkeypatch.setattr(models.paths, "assets", lambda: tmp_path)
    models.figures.cache_clear()
    assert models.figures() == {}
    assert models.name_of("00" * 32) == ""
    models.figures.cache_clear()


def test_an_unknown_model_is_named_with_those_there_are():
    with pytest.raises(ModelError, match="no model called 'lenet'") as caught:
        models.named("lenet")
    assert "handwriting" in str(caught.value.hint)


def test_compact_reads_980_of_1000_test_images(mnist, digits):
    assert (digits("compact") == mnist.y_test).mean() >= 0.980


def test_compact_loses_at_most_a_point_of_drawn_digits_to_the_default(integers, drawn):
    pictures, digits = drawn
    default = load(models.named(models.DEFAULT).integers_path)
    both = (default, integers["compact"])
    by_default, by_compact = ((model.classify(pictures) == digits).mean() for model in both)
    assert by_compact >= by_default - 0.01


def test_mlp_reads_970_of_1000_test_images_at_full_precision_and_in_8_bits(mnist, digits):
    """The second source says 97 %."""
    judge = FloatJudge.load(models.named("mlp").float_path)
    floating = judge.read_batch(mnist.x_test).argmax(axis=1)
    full, rounded = digits("mlp"), digits("mlp-8bit")
    for read in (floating, full, rounded):
        assert (read == mnist.y_test).mean() >= 0.97
    assert (full == floating).mean() >= 0.9999
    assert (rounded == floating).mean() >= 0.99


def test_mlp_s_integers_are_those_of_its_float_model(integers):
    weights = FloatJudge.load(models.named("mlp").float_path).weights()
    assert quantise(weights).sha256 == integers["mlp"].sha256
    assert rounded_to_bits(weights, 8).sha256 == integers["mlp-8bit"].sha256


def test_the_logits_of_compact_are_worth_what_they_say(integers):
    """A logit's real worth is the product of the trained steps, at pixels' means of 2x2."""
    report = json.loads((models.named("compact").integers_path.parent / "report.json").read_text("utf-8"))
    wanted = 255 * 2 * 2 / np.prod(report["weights"]["steps"])
    assert integers["compact"].logit_range.denominator == pytest.approx(wanted, rel=0.001)


@pytest.mark.parametrize("name", ["compact", "mlp"])
def test_the_report_belongs_to_its_recipe(name, mnist, digits):
    report = json.loads((models.named(name).integers_path.parent / "report.json").read_text(encoding="utf-8"))
    recipe = RECIPES[name]
    assert (report["recipe"], report["epochs"]) == (name, recipe.epochs)
    assert report["architecture"] == recipe.architecture
    measured = (digits(name) == mnist.y_test).mean()
    assert measured == pytest.approx(report["test_accuracy"], abs=5e-4)


@pytest.mark.parametrize(("name", "most"), [("compact", 7_000), ("mlp-8bit", 310_000), ("mlp", 2_000_000)])
def test_the_contract_keeps_its_size(name, most, integers):
    size = len(contract_for(integers[name], bytes(20)).locking_script)
    assert size <= most
    assert (size > SCRIPT_LIMIT) is models.named(name).raised


def test_the_engines_equal_the_oracle_on_real_images(mnist, integers):
    compact, rounded, full = (integers[name] for name in NEW)
    pool = compact.layers[0]
    numbers = few_bit_parameters(compact), few_bit_parameters(rounded), parameters(full)
    for picture in mnist.x_test[:2]:
        pixels = picture.ravel().tolist()
        means = oracle.block_means(pixels, pool.side, pool.margin, pool.block)
        assert list(compact.read(picture).logits) == oracle.few_bit(numbers[0], means)
        assert list(rounded.read(picture).logits) == oracle.few_bit(numbers[1], pixels)
        assert list(full.read(picture).logits) == oracle.per_sum(numbers[2], pixels)


@pytest.mark.parametrize(("name", "count"), [("compact", 500), ("mlp-8bit", 5), ("mlp", 5)])
def test_script_and_engine_agree_on_test_images(name, count, mnist):
    assert differing(name, Kind.PACKED, mnist.x_test[:count]) == []


@pytest.mark.parametrize("name", NEW)
def test_script_and_engine_agree_on_extreme_images(name, integers):
    flat = [np.full((28, 28), value, np.uint8) for value in (0, 127, 128, 255)]
    if name == "compact":
        single = [np.where(np.arange(784) == at, 255, 0).reshape(28, 28) for at in range(0, 784, 29)]
        signs = np.kron(integers[name].layers[1].weights.T.reshape(-1, 12, 12), np.ones((1, 2, 2)))
        worst = np.pad(signs, ((0, 0), (2, 2), (2, 2)))
        flat = [*flat, *single, *np.where(worst > 0, 255, 0), *np.where(worst < 0, 255, 0)]
    assert differing(name, Kind.PACKED, np.stack(flat).astype(np.uint8)) == []


@pytest.mark.exhaustive
@pytest.mark.timeout(4 * 3600)
@pytest.mark.parametrize(("name", "count"), [("compact", 10_000), ("mlp-8bit", 500), ("mlp", 500)])
def test_script_and_engine_agree_on_many_test_images(name, count, mnist):
    assert differing(name, Kind.PACKED, mnist.x_test[:count]) == []


@pytest.mark.parametrize("name", NEW)
def test_a_node_verifies_right_claims_and_refuses_wrong_ones(name, home, bitcoind, mnist, integers, programs):
    """With default policy, and a raised one for what a default node refuses."""
    model, entry = integers[name], models.named(name)
    with open_service(model, Kind.PACKED, NodeChoice(), quiet) as service:
        assert service.connection.network.name == ("regtest-raised" if entry.raised else "regtest")
        for picture in mnist.x_test[:2]:
            fixed = model.read(picture)
            readings = Readings(fixed.digit, [0.1] * 10, fixed.digit, fixed.logits)
            right = service.submit(picture.tobytes(), fixed.digit, readings, progress=quiet)
            assert right.accepted and right.block_height is not None
        wrong = service.submit(picture.tobytes(), (fixed.digit + 1) % 10, readings, progress=quiet)
        assert not wrong.accepted
        found = inspect(service.connection.backend, right.txid, iter([programs[name]]))
        assert found.program is programs[name] and found.judgement.accepted
