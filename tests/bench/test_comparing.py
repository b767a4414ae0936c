"""The comparison of models: what is measured is in the table, in the JSON and on the page."""

from __future__ import annotations

import pytest

from app import models
from app.bench.comparing import compare
from tests.conftest import quiet


@pytest.fixture(scope="module")
def comparison(bitcoind, mnist_file, tmp_path_factory):
    """Two models on 24 images and 24 drawings."""
    entries = [models.MODELS[name] for name in ("handwriting", "compact")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INKPROOF_HOME", str(tmp_path_factory.mktemp("home")))
        return compare(mnist_file, None, None, 24, quiet, entries)


def test_a_row_holds_what_was_measured(comparison):
    table = comparison.as_json()
    assert (table["images"], table["drawings"]) == (24, 24)
    rows = {row["model"]: row for row in table["models"]}
    assert list(rows) == ["handwriting", "compact"]
    for row in rows.values():
        assert row["integer_accuracy"] > 0.9 and row["drawn_accuracy"] > 0.6
        assert row["node_milliseconds"] > 0
        assert row["policy"] == "default"
    assert rows["compact"]["script_bytes"] < rows["handwriting"]["script_bytes"]


def test_the_table_and_the_page_show_every_row(comparison):
    page, lines = comparison.page(), comparison.lines()
    assert len(lines) == 1 + len(comparison.rows)
    for row, line in zip(comparison.rows, lines[1:], strict=True):
        assert line.startswith(row["model"])
        assert f"{row['script_bytes']:,}" in line
        assert f"| {row['model']} " in page and f"{row['script_bytes']:,}" in page
    assert len({len(line) for line in lines}) == 1
