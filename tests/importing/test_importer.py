"""From a file that Keras wrote to a digit that a node has verified."""

import json

import numpy as np
import pytest

from app import models
from app.chain.connection import NodeChoice
from app.chain.inspect import inspect
from app.chain.known import known_contracts
from app.chain.service import Readings, open_service
from app.contract import contract_for
from app.errors import ModelError
from app.fixedpoint import load
from app.floats.judge import FloatJudge
from app.importing.digits import load_digits
from app.importing.importer import import_file
from app.script import Kind
from tests.conftest import quiet
from tests.importing.kinds import KINDS, filled
from tests.importing.trained import TRAINED, trained


@pytest.fixture
def shipped():
    return load_digits()


@pytest.fixture(scope="module")
def dense(keras, tmp_path_factory):
    """A file of dense layers that Keras has trained."""
    return trained(keras, "dense", load_digits(), tmp_path_factory.mktemp("dense"))


def verified(model, digits, service):
    """Put a digit that the model reads right, and then a wrong claim of it, to a node with default policy."""
    integers, judge = load(model.integers_path), FloatJudge.load(model.float_path)
    place = int(np.argmax(integers.classify(digits.images) == digits.labels))
    picture, label = digits.images[place], int(digits.labels[place])
    floating, fixed = judge.read(picture), integers.read(picture)
    assert (floating.digit, fixed.digit) == (label, label)
    readings = Readings(floating.digit, floating.probabilities, fixed.digit, fixed.logits)
    right = service.submit(picture.tobytes(), label, readings, progress=quiet)
    wrong = service.submit(picture.tobytes(), (label + 1) % 10, readings, progress=quiet)
    assert right.accepted and right.block_height is not None
    assert not wrong.accepted
    return right


def imported_and_verified(keras, kind, tmp_path, shipped):
    path = trained(keras, kind, shipped, tmp_path)
    model = import_file(path)
    assert models.named(path.stem) == model and models.named(str(path)) == model
    assert not model.raised
    measured = model.meta["measured"]["digits"]
    assert measured["agreement"] >= 0.98 and measured["integer_accuracy"] > 0.5
    integers = load(model.integers_path)
    with open_service(integers, Kind.PACKED, NodeChoice(), quiet) as service:
        assert service.connection.network.name == "regtest"
        right = verified(model, shipped, service)
        found = inspect(service.connection.backend, right.txid, known_contracts)
    assert found.examination is not None and found.examination.held is not None
    assert found.examination.held.candidate.name == model.name
    return model


def test_a_model_of_ones_own_is_verified_by_a_default_node(keras, home, bitcoind, tmp_path, shipped):
    model = imported_and_verified(keras, "convolution_on_white_paper", tmp_path, shipped)
    meta = model.meta
    # How far its values were scaled cannot be told of a model trained so shortly; ink from paper can.
    assert meta["pixels"].endswith("-white") and 2 <= meta["bits"] <= 16
    assert any("class on" in note for note in meta["notes"])
    size = len(contract_for(load(model.integers_path), bytes(20)).locking_script)
    assert size == meta["script_bytes"] == model.figures.script_bytes == meta["margins"][0]["taken"]
    for name in ("report.json", "report.md", "confusion.png", "meta.json"):
        assert (model.root / name).stat().st_size > 500
    report = json.loads((model.root / "report.json").read_text(encoding="utf-8"))
    assert report["measured"] == meta["measured"]


@pytest.mark.exhaustive
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", TRAINED)
def test_five_kinds_are_verified_by_a_default_node(keras, kind, home, bitcoind, tmp_path, shipped):
    imported_and_verified(keras, kind, tmp_path, shipped)


@pytest.mark.slow
def test_a_dense_model_keeps_full_precision_unless_bits_are_named(dense, home):
    full = import_file(dense, "full")
    assert full.meta["bits"] is None and full.kinds == ("packed", "unrolled")
    assert full.meta["measured"]["digits"]["agreement"] == 1.0
    with pytest.raises(ModelError, match="is imported already, as 'full'"):
        import_file(dense, "again")
    models.remove("full")
    few = import_file(dense, "few", bits=8)
    assert few.meta["bits"] == 8 and few.figures.script_bytes < full.figures.script_bytes


@pytest.mark.slow
def test_a_named_meaning_is_used_and_a_better_one_is_reported(dense, home):
    model = import_file(dense, pixels="-1..1-white")
    assert model.meta["pixels"] == "-1..1-white"
    assert any("as 0..1 it would read" in note for note in model.meta["notes"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": "a/b"}, "cannot be called"),
        ({"bits": 1}, "cannot have 1 bits"),
        ({"pixels": "grey"}, "no meaning of pixels"),
    ],
)
def test_options_are_refused_before_anything_is_read(options, words, tmp_path, home):
    with pytest.raises(ModelError, match=words):
        import_file(tmp_path / "nothing.h5", **options)


def test_a_model_that_was_never_trained_is_refused(keras, home, tmp_path):
    filled(KINDS["dense"](keras)).save(tmp_path / "dense.keras")
    with pytest.raises(ModelError, match="of the digits that ship; a guess reads 10%"):
        import_file(tmp_path / "dense.keras")
    assert models.imported() == {}
