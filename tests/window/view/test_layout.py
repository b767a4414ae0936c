from hypothesis import given, settings
from hypothesis import strategies as st

from app.models import MODELS
from app.window.model.state import Card, Hover
from app.window.view.layout import Box, arrange

sizes = st.tuples(st.integers(900, 4000), st.integers(600, 3000))
densities = st.sampled_from([1.0, 1.25, 1.5, 2.0, 3.0])


@settings(max_examples=300, deadline=None)
@given(sizes, densities)
def test_nothing_overlaps_at_any_size(size, density):
    layout = arrange((round(size[0] * density), round(size[1] * density)), density)
    parts = list(layout.parts())
    for index, (name, box) in enumerate(parts):
        for other_name, other in parts[index + 1 :]:
            assert not box.meets(other), (name, other_name)


@settings(max_examples=300, deadline=None)
@given(sizes, densities)
def test_everything_is_inside_the_window_and_its_panel(size, density):
    layout = arrange((round(size[0] * density), round(size[1] * density)), density)
    parts = dict(layout.parts())
    window = Box(0, 0, *layout.size)
    for name, box in parts.items():
        assert _within(box, window), name
    inner = list(layout.inner())
    for outer, name, box in inner:
        assert _within(box, parts[outer]), name
        assert not any(box.meets(other) for where, what, other in inner if where == outer and what != name), (
            name
        )


@settings(max_examples=100, deadline=None)
@given(st.integers(200, 899), st.integers(150, 599))
def test_a_window_below_the_smallest_is_scaled_down_whole(width, height):
    layout = arrange((width, height))
    assert layout.theme.density < 1
    window = Box(0, 0, width, height)
    parts = [box for _, box in layout.parts()]
    assert all(_within(box, window) for box in parts)
    assert not any(a.meets(b) for i, a in enumerate(parts) for b in parts[i + 1 :])


@settings(max_examples=100, deadline=None)
@given(sizes)
def test_the_canvas_is_square_and_the_largest_part(size):
    layout = arrange(size)
    assert layout.canvas.w == layout.canvas.h
    assert layout.canvas.w >= 390
    assert all(layout.canvas.w > box.w for box in layout.judges.values()) or size[0] > 2 * size[1]


def test_the_three_judges_are_equally_large():
    for size in ((900, 600), (1280, 800), (1920, 1080)):
        widths = {box.w for box in arrange(size).judges.values()}
        assert max(widths) - min(widths) <= 1


@given(sizes)
def test_a_point_finds_what_is_drawn_there(size):
    layout = arrange(size)
    for hover, box in layout.targets():
        found = layout.at(box.centre)
        assert found == hover or layout.box_of(found).w < box.w
    assert layout.at((0, layout.size[1] // 2)) is None
    assert layout.at(layout.claims[3].centre) == Hover("claim", 3)


@settings(max_examples=200, deadline=None)
@given(sizes, densities)
def test_the_wallet_s_card_holds_code_and_address_side_by_side(size, density):
    layout = arrange((round(size[0] * density), round(size[1] * density)), density)
    assert _within(layout.card, Box(0, 0, *layout.size))
    assert _within(layout.code, layout.card)
    assert _within(layout.address, layout.card)
    assert not layout.code.meets(layout.address)
    assert layout.code.w == layout.code.h
    assert layout.on_card(layout.address.centre, Card.WALLET) == Hover("address")
    assert layout.on_card(layout.code.centre, Card.WALLET) == Hover("card")
    assert layout.on_card((0, 0), Card.WALLET) == Hover("beside")


@settings(max_examples=200, deadline=None)
@given(sizes, densities)
def test_the_list_of_models_has_a_row_for_each_of_them(size, density):
    layout = arrange((round(size[0] * density), round(size[1] * density)), density)
    assert _within(layout.model_list, Box(0, 0, *layout.size))
    assert len(layout.choices) == len(MODELS)
    for index, box in enumerate(layout.choices):
        assert _within(box, layout.model_list)
        assert not any(box.meets(other) for other in layout.choices[:index])
        assert layout.on_card(box.centre, Card.MODELS) == Hover("choice", index)
    assert layout.on_card((0, 0), Card.MODELS) == Hover("beside")


def test_the_middle_of_the_canvas_is_half_way_in_canvas_units():
    layout = arrange((1280, 800))
    x, y = layout.on_canvas(layout.canvas.centre)
    assert abs(x - 0.5) < 0.01
    assert abs(y - 0.5) < 0.01


def _within(box, outer):
    return outer.x <= box.x and outer.y <= box.y and box.right <= outer.right and box.bottom <= outer.bottom
