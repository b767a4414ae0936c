"""The list of models: names, figures, and the error for an unknown one."""

import pytest

from app import models
from app.errors import ModelError


def test_without_measured_figures_the_models_are_there_all_the_same(monkeypatch, tmp_path):
    monkeypatch.setattr(models.paths, "assets", lambda: tmp_path)
    models.shipped_figures.cache_clear()
    assert models.shipped_figures() == {}
    assert models.name_of("00" * 32) == ""
    models.shipped_figures.cache_clear()


def test_every_model_is_found_by_its_name():
    assert all(models.named(name) is model for name, model in models.MODELS.items())


def test_an_unknown_model_is_named_with_those_there_are():
    with pytest.raises(ModelError, match="no model called 'lenet'") as caught:
        models.named("lenet")
    assert "handwriting" in str(caught.value.hint)


def test_no_smaller_contract_is_suggested_where_none_has_half_the_size():
    sizes = {name: models.named(name).figures.script_bytes for name in ("compact", "cnn")}
    assert models.smaller(206_742) == sizes
    assert models.smaller(2 * sizes["cnn"] - 1) == {"compact": sizes["compact"]}
    assert models.smaller(sizes["compact"]) == {}
