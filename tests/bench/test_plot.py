"""The picture of the benchmark says what was measured: both forms, every model, and what a node takes."""

import itertools
import json

import pytest
from PIL import Image

from app import models
from app.bench import plot
from app.bench.measures import margins_in
from app.bench.plot import build, draw
from app.script.run import SCRIPT_LIMIT
from app.window.view import theme
from tests.figures import ROOT


@pytest.fixture
def figures():
    """The figures of docs/bench/bench.json."""
    return json.loads((ROOT / "docs" / "bench" / "bench.json").read_text(encoding="utf-8"))


def measured(script_bytes, milliseconds):
    """What `bench` would have measured of another contract."""
    needs = {"longest_number": 1_234, "memory_bytes": 20_000, "opcodes": 5_000}
    return {"script_bytes": script_bytes, "node_milliseconds": milliseconds, **needs}


def texts_of(figure):
    (axes,) = figure.axes
    return axes.texts


def rows_of(figure):
    """For each text, the rows that it begins, the uppermost first: the texts on one level, from the left."""
    places = [(text.get_position(), text.get_text()) for text in texts_of(figure)]
    written = sorted((-level, left, text) for (left, level), text in places)
    rows = {}
    for _, group in itertools.groupby(written, key=lambda text: text[0]):
        texts = [text for *_, text in group]
        rows.setdefault(texts[0], []).append(texts)
    return rows


def heights_of(figure):
    """Where each text stands; the uppermost of equal ones."""
    texts = sorted(texts_of(figure), key=lambda text: text.get_position()[1])
    return {text.get_text(): text.get_position()[1] for text in texts}


def dots_of(figure):
    """(place from the left, height) of every dot."""
    (axes,) = figure.axes
    marked = [line for line in axes.lines if line.get_marker() == "o"]
    return [(float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in marked]


def test_every_model_that_ships_has_a_row_with_what_was_measured(figures):
    rows = rows_of(build(figures))
    for name in models.MODELS:
        row = figures["models"][name]
        size, time = f"{row['script_bytes']:,}", f"{row['node_milliseconds']:,.1f}"
        assert rows[name][0] == [name, size, time]


def test_every_model_has_a_row_with_its_share_of_each_limit(figures):
    rows = rows_of(build(figures))
    for name in models.MODELS:
        margins = margins_in(figures["models"][name])
        _, *shares = rows[name][1]
        assert len(shares) == len(margins) == 5
        for share, margin in zip(shares, margins, strict=True):
            taken = 100 * margin.taken / margin.limit
            assert float(share.strip("<%")) == pytest.approx(max(taken, 0.1), abs=0.5)


def test_a_share_above_the_limit_is_a_full_bar_in_the_colour_of_alerts(figures):
    (axes,) = build(figures).axes
    alert = tuple(part / 255 for part in theme.LIGHT.alert)
    full = [bar for bar in axes.patches if bar.get_facecolor()[:3] == pytest.approx(alert)]
    raised = [model for model in models.MODELS.values() if model.raised]
    assert len(full) == len(raised)
    assert {round(bar.get_width(), 6) for bar in full} == {plot.LIMIT_BAR}


def test_a_model_more_is_a_row_and_two_dots_more(figures):
    before = build(figures)
    figures["models"]["newcomer"] = measured(912_345, 0.4)
    after = build(figures)
    assert rows_of(after)["newcomer"][0] == ["newcomer", "912,345", "0.4"]
    assert len(dots_of(before)) == 2 * len(models.MODELS)
    assert len(dots_of(after)) == len(dots_of(before)) + 2


def test_the_dots_stand_in_the_order_of_their_values_and_at_their_models(figures):
    figure = build(figures)
    heights = heights_of(figure)
    dots = dots_of(figure)
    for key, column in (
        ("script_bytes", dots[: len(dots) // 2]),
        ("node_milliseconds", dots[len(dots) // 2 :]),
    ):
        ordered = sorted(figures["models"], key=lambda name: figures["models"][name][key])
        assert [height for _, height in sorted(column)] == [heights[name] for name in ordered]


def test_only_a_contract_that_a_default_node_refuses_stands_beyond_its_limit(figures):
    figure = build(figures)
    (axes,) = figure.axes
    assert any(f"{SCRIPT_LIMIT:,}" in text.get_text() for text in axes.texts)
    (limit,) = [line.get_xdata()[0] for line in axes.lines if line.get_gid() == "limit"]
    heights = heights_of(figure)
    sizes = dots_of(figure)[: len(models.MODELS)]
    refused = [model.name for model in models.MODELS.values() if model.raised]
    assert [y for x, y in sizes if x > limit] == [heights[name] for name in refused]


def test_both_forms_are_shown_with_the_times_they_differ(figures):
    written = [text.get_text() for text in texts_of(build(figures))]
    packed, unrolled = figures["contracts"]["packed"], figures["contracts"]["unrolled"]
    assert f"{packed['script_bytes']:,} bytes, packed" in written
    assert f"{unrolled['script_bytes']:,} bytes, unrolled" in written
    for key in ("script_bytes", "opcodes", "node_milliseconds", "bitcoinx_milliseconds"):
        times = f"{1 / figures['packed_over_unrolled'][key]:,.1f} × "
        assert any(text.startswith(times) for text in written)


@pytest.mark.slow
@pytest.mark.parametrize("more", [0, pytest.param(9, marks=pytest.mark.exhaustive)])
def test_nothing_is_cut_off_and_no_text_lies_on_another(figures, more):
    for number in range(more):
        figures["models"][f"model-{number}"] = measured(1_001 * 2**number, 0.4 * 2**number)
    figure = build(figures)
    boxes = {text: text.get_window_extent().extents for text in texts_of(figure)}
    (left, bottom, right, top) = figure.bbox.extents
    for text, (x0, y0, x1, y1) in boxes.items():
        assert left <= x0 <= x1 <= right and bottom <= y0 <= y1 <= top, text
    for (one, (x0, y0, x1, y1)), (other, (u0, v0, u1, v1)) in itertools.combinations(boxes.items(), 2):
        assert x1 < u0 or u1 < x0 or y1 < v0 or v1 < y0, (one, other)


def test_the_picture_is_a_file_as_large_as_the_one_that_is_shown(figures, tmp_path):
    draw(figures, tmp_path / "bench.png")
    with Image.open(tmp_path / "bench.png") as drawn, Image.open(ROOT / "docs/bench/bench.png") as shown:
        assert drawn.format == "PNG"
        assert drawn.size == shown.size
        assert len(drawn.convert("RGB").getcolors(1 << 24)) > 5
