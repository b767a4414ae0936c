"""The committed description is what the compiler makes of the committed source."""

import json

import pytest

from app import paths
from app.contract import description
from app.contract.compiler import compile_source
from app.errors import ContractError


def test_compiling_the_source_afresh_gives_the_committed_description():
    assert description.build(paths.contract_source()) == json.loads(
        description.description_path().read_text()
    )


def test_a_source_that_does_not_compile_is_reported_in_the_compilers_words(tmp_path):
    source = tmp_path / "broken.scrypt"
    source.write_text(paths.contract_source().read_text().replace("loop (9)", "while (true)"))
    with pytest.raises(ContractError, match=r"unexpected|Syntax error"):
        compile_source(source)


def test_a_damaged_description_is_named(tmp_path, monkeypatch):
    path = tmp_path / "digit_classifier.json"
    path.write_text("{")
    monkeypatch.setattr(description, "description_path", lambda: path)
    description.load.cache_clear()
    try:
        with pytest.raises(ContractError, match="missing or damaged"):
            description.load()
    finally:
        monkeypatch.undo()
        description.load.cache_clear()


def test_writing_and_reading_a_description(tmp_path):
    path = tmp_path / "d.json"
    description.write({"version": 3}, path)
    assert json.loads(path.read_text()) == {"version": 3}
    assert list(tmp_path.iterdir()) == [path]
