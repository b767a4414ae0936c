"""What is promised of each model that ships: accuracy, size, figures, and that all engines agree on it."""

import functools
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from app import models, paths
from app.chain.connection import NodeChoice
from app.chain.inspect import inspect
from app.chain.proof.examine import Candidate
from app.chain.service import Readings, open_service
from app.contract import contract_for
from app.contract.classifier import program_for, rule_of
from app.contract.rules import needs_raised_policy
from app.drawing import load_drawings, pictures_of
from app.fixedpoint import Conv2d, FewBit, load, quantise, rounded_to_bits
from app.floats.judge import FloatJudge
from app.picture import SIDE
from app.script import Kind
from app.script.run import SCRIPT_LIMIT
from app.training import architecture
from app.training.recipes import RECIPES
from tests import oracle
from tests.conftest import quiet
from tests.interpreted import differing
from tests.strategies import blocks_of, few_bit_parameters, parameters

pytestmark = pytest.mark.slow

DRAWN = Path(__file__).parent / "data" / "drawn.json"


@dataclass(frozen=True)
class Promise:
    """`mnist` and `drawn`: least share of test images and of drawn digits read rightly by the integers.
    `script_bytes`: at most. `agreement`: least share of test images on which float and integers agree.
    `images`: test images that the packed Script reads in the default run; `all_images`: those that all
    Scripts read in the exhaustive one. `extreme`: every how many-th of the extreme images the packed Script
    reads in the default run; all Scripts read all of them in the exhaustive one.
    """

    mnist: float
    drawn: float
    script_bytes: int
    agreement: float = 0.9999
    images: int = 1
    all_images: int = 500
    extreme: int = 3


PROMISES = {
    "handwriting": Promise(0.985, 0.97, 270_000, images=20, all_images=10_000, extreme=12),
    "compact": Promise(0.985, 0.97, 5_000, agreement=0.98, images=15, all_images=10_000),
    "source": Promise(0.970, 0.80, 300_000, images=6, extreme=12),
    "mlp": Promise(0.970, 0.80, 2_000_000),
    "mlp-8bit": Promise(0.970, 0.80, 310_000, agreement=0.99, extreme=6),
    "cnn": Promise(0.994, 0.97, 50_000, agreement=0.99, images=3, all_images=10_000, extreme=24),
}
NAMES = list(models.MODELS)
ALL_UNROLLED = {"handwriting"}
"""Models whose unrolled Script is held to the engine too: that of `source` has the same form and size."""
FORMS = [
    (name, kind)
    for name in NAMES
    for kind in Kind
    if kind.value in models.named(name).kinds and (kind is Kind.PACKED or name in ALL_UNROLLED)
]

each = pytest.mark.parametrize("name", NAMES)
each_form = pytest.mark.parametrize(("name", "kind"), FORMS, ids=[f"{name}-{k.value}" for name, k in FORMS])


@functools.cache
def integers(name: str):
    return load(models.named(name).integers_path)


@functools.cache
def report(name: str):
    return json.loads((paths.model_folder(name) / "report.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Sample:
    """Every `every`-th test image of MNIST (n, 28, 28), their labels (n,), and how far a share of them may be
    from that of all."""

    every: int
    images: np.ndarray
    labels: np.ndarray
    slack: float


@pytest.fixture(
    scope="module",
    params=[pytest.param(10, id="tenth"), pytest.param(1, id="all", marks=pytest.mark.exhaustive)],
)
def sample(request, mnist):
    """Every tenth test image; all of them where the exhaustive tests run."""
    every = request.param
    return Sample(every, mnist.x_test[::every], mnist.y_test[::every], 0.01 if every > 1 else 1e-9)


@pytest.fixture(scope="module")
def drawn(sample):
    """The pictures (n, 28, 28) of the drawn digits, as large a share of them, and their labels (n,)."""
    drawings = load_drawings(DRAWN)
    return pictures_of(drawings[:: sample.every])


@pytest.fixture(scope="module")
def digits(sample):
    """What a model's integers read in the test images, by its name; read once."""
    return functools.cache(lambda name: integers(name).classify(sample.images))


@pytest.fixture(scope="module")
def float_digits(sample):
    """What the float model beside a model reads in the test images, by its name; read once."""

    def read(folder: str):
        judge = FloatJudge.load(paths.model_folder(folder) / "model.keras")
        return judge.read_batch(sample.images).argmax(axis=1)

    cached = functools.cache(read)
    return lambda name: cached(models.named(name).folder)


@pytest.fixture(scope="module")
def weights():
    """Kernel and bias of each dense layer of a model's float model, by its name; loaded once."""
    return functools.cache(lambda name: FloatJudge.load(models.named(name).float_path).weights())


def test_something_is_promised_of_every_model():
    assert list(PROMISES) == NAMES


@each
def test_the_files_are_there_and_the_forms_are_those_named(name):
    model = models.named(name)
    assert model.float_path.is_file()
    assert set(model.kinds) <= {kind.value for kind in Kind}
    assert (integers(name).pixels, integers(name).classes) == (784, 10)
    assert needs_raised_policy(program_for(integers(name), Kind.PACKED)) is model.raised


@each
def test_the_integers_read_as_many_test_images_as_promised(name, sample, digits):
    assert (digits(name) == sample.labels).mean() >= PROMISES[name].mnist - sample.slack


@each
def test_the_integers_read_as_many_drawn_digits_as_promised(name, drawn):
    pictures, labels = drawn
    assert (integers(name).classify(pictures) == labels).mean() >= PROMISES[name].drawn


@each
def test_the_figures_beside_the_model_are_its_own(name, sample, digits):
    figures = models.figures()[name]
    assert models.name_of(integers(name).sha256) == name
    assert figures.script_bytes == len(contract_for(integers(name), bytes(20)).locking_script)
    assert figures.accuracy == pytest.approx((digits(name) == sample.labels).mean(), abs=sample.slack)


@each
def test_float_and_integers_agree_on_as_many_test_images_as_promised(name, sample, digits, float_digits):
    assert (digits(name) == float_digits(name)).mean() >= PROMISES[name].agreement - sample.slack


@each
def test_the_report_repeats_on_the_test_images_and_names_its_recipe(name, sample, float_digits):
    stored = report(models.named(name).folder)
    recipe = RECIPES[models.named(name).folder]
    share = (float_digits(name) == sample.labels).mean()
    assert share == pytest.approx(stored["test_accuracy"], abs=sample.slack)
    assert stored["recipe"] == recipe.name
    assert stored["architecture"] == recipe.architecture


@pytest.mark.parametrize("name", ["handwriting", "source", "mlp"])
def test_the_integers_are_those_of_the_float_model(name, weights):
    assert quantise(weights(name)).sha256 == integers(name).sha256


def test_mlp_in_8_bits_is_rounded_from_the_same_float_model(weights):
    assert rounded_to_bits(weights("mlp-8bit"), 8).sha256 == integers("mlp-8bit").sha256


@each
def test_the_contract_keeps_its_size(name):
    size = len(contract_for(integers(name), bytes(20)).locking_script)
    assert size <= PROMISES[name].script_bytes
    assert (size > SCRIPT_LIMIT) is models.named(name).raised


def test_handwriting_s_numbers_fit_a_default_node():
    lanes = program_for(integers("handwriting"), Kind.PACKED).lanes
    assert max(each.total for each in lanes) <= 8 * 10_000


def test_handwriting_s_sums_fit_the_lanes_of_its_recipe(weights):
    lane_bits = RECIPES["handwriting"].lane_bits
    assert lane_bits is not None and lane_bits <= 40
    norms = architecture.l1_norms(*weights("handwriting")[0])
    assert norms.max() <= architecture.largest_l1(lane_bits) * (1 + 1e-5)


def test_handwriting_has_no_weights_where_nobody_draws(mnist, weights):
    kernel = weights("handwriting")[0][0]
    zero_rows = (kernel == 0).all(axis=1)
    assert zero_rows.sum() == report("handwriting")["weights"]["zero_rows"]
    # The four corners of the picture are far from any digit.
    assert zero_rows.reshape(SIDE, SIDE)[[0, 0, -1, -1], [0, -1, 0, -1]].all()


def test_cnn_is_a_convolution_of_32_and_64_filters():
    assert integers("cnn").architecture == "784-32c3-p2-64c3-p2-10"


def oracle_logits(name: str, kind: Kind, picture: np.ndarray) -> list[int]:
    """The ten logits by the arithmetic in plain Python integers."""
    model, pixels = integers(name), picture.ravel().tolist()
    if any(isinstance(layer, Conv2d) for layer in model.layers):
        return oracle.convolutional(blocks_of(model), few_bit_parameters(model), pixels)
    if any(isinstance(layer, FewBit) for layer in model.layers):
        return oracle.few_bit(few_bit_parameters(model), pixels)
    formula = oracle.per_sum if kind is Kind.PACKED else oracle.per_product
    return formula(parameters(model), pixels)


@each_form
def test_the_engine_equals_the_oracle_on_real_images(name, kind, mnist):
    ruled = integers(name).with_rule(rule_of(kind))
    for picture in mnist.x_test[: 10 if name == models.DEFAULT else 2]:
        assert list(ruled.read(picture).logits) == oracle_logits(name, kind, picture)


def extremes(name: str) -> np.ndarray:
    """One grey all over, single pixels at full ink, and what drives sums to the ends of their range."""
    model = integers(name)
    flat = [np.full((SIDE, SIDE), value, np.uint8) for value in (0, 1, 127, 128, 254, 255)]
    if name in ("mlp", "mlp-8bit"):
        return np.stack(flat)
    single = [np.where(np.arange(784) == at, 255, 0).reshape(SIDE, SIDE) for at in range(0, 784, 29)]
    return np.stack([*flat, *single, *worst_images(model)]).astype(np.uint8)


def worst_images(model) -> list[np.ndarray]:
    """For hidden neurons or filters of the first layer, their own signs as ink and as paper."""
    first = next(layer for layer in model.layers if hasattr(layer, "weights"))
    if isinstance(first, Conv2d):
        kernels = first.weights[:, :, 0, ::4]
        tiles = [np.tile(kernels[:, :, o], (10, 10))[:SIDE, :SIDE] for o in range(kernels.shape[2])]
    elif isinstance(first, FewBit):
        pool = model.layers[0]
        side = (pool.side - 2 * pool.margin) // pool.block
        blocks = np.kron(first.weights.T.reshape(-1, side, side), np.ones((pool.block, pool.block)))
        tiles = list(np.pad(blocks, ((0, 0), (pool.margin,) * 2, (pool.margin,) * 2)))
    else:
        tiles = list(first.weights.T.reshape(-1, SIDE, SIDE))
    return [np.where(sign * tile > 0, 255, 0) for tile in tiles for sign in (1, -1)]


@each
def test_script_and_engine_agree_on_extreme_images(name):
    assert differing(name, Kind.PACKED, extremes(name)[:: PROMISES[name].extreme]) == []


@each
def test_script_and_engine_agree_on_test_images(name, mnist):
    assert differing(name, Kind.PACKED, mnist.x_test[: PROMISES[name].images]) == []


@pytest.mark.exhaustive
@pytest.mark.timeout(4 * 3600)
@each_form
def test_script_and_engine_agree_on_many_images(name, kind, mnist):
    assert differing(name, kind, extremes(name)) == []
    assert differing(name, kind, mnist.x_test[: PROMISES[name].all_images]) == []


@pytest.mark.parametrize(
    "name",
    ["compact", "cnn", *(pytest.param(name, marks=pytest.mark.exhaustive) for name in ("mlp-8bit", "mlp"))],
)
def test_a_node_verifies_right_claims_and_refuses_wrong_ones(name, home, bitcoind, mnist):
    """With default policy, and a raised one for what a default node refuses."""
    model, program = integers(name), program_for(integers(name), Kind.PACKED)
    with open_service(model, Kind.PACKED, NodeChoice(), quiet) as service:
        wanted = "regtest-raised" if models.named(name).raised else "regtest"
        assert service.connection.network.name == wanted
        for picture in mnist.x_test[500:502]:
            fixed = model.read(picture)
            readings = Readings(fixed.digit, [0.1] * 10, fixed.digit, fixed.logits)
            right = service.submit(picture.tobytes(), fixed.digit, readings, progress=quiet)
            assert right.accepted and right.block_height is not None
        wrong = service.submit(picture.tobytes(), (fixed.digit + 1) % 10, readings, progress=quiet)
        assert not wrong.accepted
        candidate = Candidate(name, model.sha256, program)
        found = inspect(service.connection.backend, right.txid, lambda _size: [candidate])
        assert found.proved and found.examination.held.candidate is candidate


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", ["compact", "cnn"])
def test_a_node_accepts_50_true_claims_and_refuses_false_ones(name, home, bitcoind, mnist):
    model = integers(name)
    with open_service(model, Kind.PACKED, NodeChoice(), quiet) as service:
        for number, picture in enumerate(mnist.x_test[500:550]):
            fixed = model.read(picture)
            readings = Readings(fixed.digit, [0.1] * 10, fixed.digit, fixed.logits)
            if number % 10 == 0:
                false = service.submit(picture.tobytes(), (fixed.digit + 1) % 10, readings, progress=quiet)
                assert not false.accepted
            assert service.submit(picture.tobytes(), fixed.digit, readings, progress=quiet).accepted
