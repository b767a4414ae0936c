"""The contracts that are known are generated in the order of their likelihood: each takes up to a second."""

import pytest

from app import models
from app.chain.known import known_contracts


@pytest.mark.parametrize("name", ["compact", "cnn"])
def test_the_contract_that_is_as_long_as_the_script_comes_first(name):
    script_bytes = models.figures()[name].script_bytes
    assert next(known_contracts(script_bytes)).name == name
    assert next(known_contracts(script_bytes, first="source")).name == name


def test_a_model_that_is_named_comes_first_where_the_length_says_nothing():
    assert next(known_contracts(1, first="compact")).name == "compact"


def test_a_file_of_integers_comes_before_all_others():
    file = models.named("compact").integers_path
    found = next(known_contracts(models.figures()["cnn"].script_bytes, model_file=file))
    assert (found.name, found.sha256) == (file.name, models.figures()["compact"].sha256)
