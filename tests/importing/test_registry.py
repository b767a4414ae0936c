"""The registry: a model appears whole or not at all, and a damaged one disturbs no other."""

import json
from pathlib import Path

import numpy as np
import pytest

from app import models
from app.cli.contract import margins_json
from app.contract import contract_for
from app.errors import ModelError
from app.fixedpoint import load, quantise
from app.importing.registry import add, free_name

META = {
    "file": "my_model.h5",
    "file_sha256": "ab" * 32,
    "summary": "784-3-10, imported from my_model.h5",
    "pixels": "0..1",
    "accuracy": 0.5,
    "script_bytes": 1234,
    "raised": False,
    "unrolled": True,
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("INKPROOF_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "models"


def integers(seed=1):
    random = np.random.default_rng(seed)
    return quantise(
        [(random.normal(size=(784, 3)), np.zeros(3)), (random.normal(size=(3, 10)), np.zeros(10))]
    )


def rest(target: Path) -> None:
    (target / "model.keras").write_bytes(b"a model")


def kept(name="mine", seed=1, **changes):
    return add(name, integers(seed), META | changes, rest)


def test_what_is_added_is_listed_with_what_was_measured(folder):
    model = kept()
    assert models.imported() == {"mine": model} and models.named("mine") == model
    assert list(models.available()) == [*models.MODELS, "mine"]
    assert load(model.integers_path).sha256 == integers().sha256 == model.root.name
    assert (model.kinds, model.raised, model.meta["pixels"]) == (("packed", "unrolled"), False, "0..1")
    known = models.figures()["mine"]
    assert (known.sha256, known.accuracy, known.script_bytes) == (integers().sha256, 0.5, 1234)
    assert models.name_of(integers().sha256) == "mine"
    assert model.float_path.read_bytes() == b"a model"


def test_the_margins_of_an_imported_model_hold_the_time_that_was_measured(folder):
    for seed, time in enumerate((None, 4.5), 1):
        model = kept(f"mine-{seed}", seed=seed, node_milliseconds=time)
        told = margins_json(contract_for(integers(seed), bytes(20)), model)
        assert [margin["taken"] for margin in told if margin["what"] == "time in a node, ms"] == [time]


def test_a_name_or_the_same_integers_are_there_once(folder):
    kept()
    with pytest.raises(ModelError, match="called 'mine' already"):
        kept(seed=2)
    with pytest.raises(ModelError, match="same model is here already, as 'mine'"):
        kept("other")
    assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == [integers().sha256]


@pytest.mark.parametrize("name", ["", "a/b", "../x", "-x", "a b", "x" * 41, "handwriting", "é"])
def test_names_that_cannot_be_are_refused_before_anything_is_written(name, folder):
    with pytest.raises(ModelError):
        kept(name)
    assert not folder.exists()


def test_a_name_is_made_from_the_file_s(folder):
    assert free_name(Path("my model (1).h5")) == "my-model-1"
    assert free_name(Path("日本.keras")) == "model"
    assert free_name(Path("cnn.h5")) == "cnn-2"
    kept("mine")
    assert free_name(Path("mine.onnx")) == "mine-2"


def test_an_interrupted_import_leaves_nothing(folder):
    def failing(target):
        raise OSError(28, "No space left on device")

    with pytest.raises(ModelError, match="cannot be kept"):
        add("mine", integers(), META, failing)
    assert models.imported() == {} and models.damaged() == {}
    assert [path for path in folder.iterdir() if path.is_dir()] == []


DAMAGE = {
    "no description": lambda root: (root / "meta.json").unlink(),
    "not JSON": lambda root: (root / "meta.json").write_text("{"),
    "nested without end": lambda root: (root / "meta.json").write_text("[" * 100_000),
    "a list": lambda root: (root / "meta.json").write_text("[]"),
    "huge": lambda root: (root / "meta.json").write_text(" " * 2_000_000),
    "another format": lambda root: change(root, format="2"),
    "no float model": lambda root: (root / "model.keras").unlink(),
    "no integers": lambda root: (root / "integers.npz").unlink(),
    "a name that ships": lambda root: change(root, name="cnn"),
    "a name that is a path": lambda root: change(root, name="../../etc"),
    "no accuracy": lambda root: change(root, accuracy="much"),
    "an invalid time": lambda root: change(root, node_milliseconds=[4.5]),
    "other integers": lambda root: change(root, sha256="00" * 32),
}


def change(root, **values):
    meta = json.loads((root / "meta.json").read_text())
    (root / "meta.json").write_text(json.dumps(meta | values))


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_model_is_reported_and_left_out(damage, folder):
    broken, sound = kept("broken"), kept("sound", seed=2)
    damage(broken.root)
    assert models.imported() == {"sound": sound}
    ((path, why),) = models.damaged().items()
    assert path == broken.root and why.endswith(".")
    # The same model imported again takes its place.
    again = kept("broken")
    assert models.imported() == {"broken": again, "sound": sound} and models.damaged() == {}


def test_two_of_one_name_are_not_both_listed(folder):
    kept("one"), kept("two", seed=2)
    change(models.named("two").root, name="one")
    assert list(models.imported()) == ["one"] and len(models.damaged()) == 1


def test_a_removed_model_is_gone(folder):
    root = kept().root
    assert models.remove("mine").name == "mine"
    assert not root.exists() and models.imported() == {}
    with pytest.raises(ModelError, match="no imported model called 'mine'"):
        models.remove("mine")
    with pytest.raises(ModelError, match="ships with Inkproof"):
        models.remove("cnn")


def test_a_file_is_known_by_its_bytes(folder, tmp_path):
    file = tmp_path / "renamed.h5"
    file.write_bytes(b"the same bytes")
    with pytest.raises(ModelError, match="no model called") as caught:
        models.named(str(file))
    assert f"inkproof import {file}" in caught.value.hint
    model = kept(file_sha256=models.file_sha256(file))
    assert models.named(str(file)) == model
