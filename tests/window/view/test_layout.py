from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from app.window.model.values import ZOOMS, Card, Hover
from app.window.view.arrange import TALL, arrange, density_for
from app.window.view.layout import Box
from app.window.view.panels import covers, wallet
from app.window.view.theme import CAPTION
from tests.sizes import examples
from tests.window.states import HISTORY, OVER

sizes = st.tuples(st.integers(300, 4000), st.integers(300, 3000))
densities = st.sampled_from([1.0, 1.25, 1.5, 2.0, 3.0])


@examples(60)
@given(sizes, densities)
def test_nothing_overlaps_at_any_size(size, density):
    layout = arrange((round(size[0] * density), round(size[1] * density)), density)
    parts = list(layout.parts())
    for index, (name, box) in enumerate(parts):
        for other_name, other in parts[index + 1 :]:
            assert not box.meets(other), (name, other_name)


@examples(60)
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


@examples(30)
@given(st.integers(200, 899), st.integers(150, 599))
def test_a_window_below_the_smallest_is_scaled_down_whole(width, height):
    layout = arrange((width, height))
    window = Box(0, 0, width, height)
    parts = [box for _, box in layout.parts()]
    assert all(_within(box, window) for box in parts)
    assert not any(a.meets(b) for i, a in enumerate(parts) for b in parts[i + 1 :])


@examples(30)
@given(sizes)
def test_the_canvas_is_square_and_the_largest_part(size):
    layout = arrange(size)
    assert layout.canvas.w == layout.canvas.h
    if size[0] >= TALL * size[1]:
        assert layout.theme.density < 1 or layout.canvas.w >= 390
        assert all(layout.canvas.w > box.w for box in layout.judges.values()) or size[0] > 2 * size[1]
    else:
        assert layout.canvas.bottom <= min(box.y for box in layout.judges.values())


def test_the_three_judges_are_equally_large():
    for size in ((900, 600), (1280, 800), (1920, 1080)):
        widths = {box.w for box in arrange(size).judges.values()}
        assert max(widths) - min(widths) <= 1


@given(sizes)
def test_a_point_finds_what_is_drawn_there(size):
    layout = arrange(size)
    for hover, box in layout.targets():
        found = layout.at(box.centre)
        assert found == hover or area(layout.box_of(found)) < area(box)
    assert layout.at((0, layout.size[1] // 2)) is None
    assert layout.at(layout.claims[3].centre) == Hover("claim", 3)


@examples(30)
@given(st.tuples(st.integers(300, 4000), st.integers(400, 3000)), densities, st.sampled_from(list(Card)))
def test_everything_on_a_card_is_within_it_and_nothing_overlaps(size, density, card):
    layout = arrange((round(size[0] * density), round(size[1] * density)), density)
    state = replace(OVER["models"], card=card, history=HISTORY * 4)
    found = covers.targets(layout, state)
    for index, (hover, box) in enumerate(found.items()):
        assert _within(box, Box(0, 0, *layout.size)), hover
        assert covers.at(layout, state, box.centre) == hover
        assert not any(box.meets(other) for other in list(found.values())[:index]), hover
    assert covers.at(layout, state, (0, 0)) == Hover("beside")


@examples(30)
@given(sizes, densities)
def test_the_wallet_s_code_is_square_and_beside_the_address_or_above_it(size, density):
    layout = arrange((round(size[0] * density), round(size[1] * density)), density)
    at = wallet.places(layout)
    assert _within(at.code, at.card)
    assert _within(at.address, at.card)
    assert not at.code.meets(at.address)
    assert at.code.w == at.code.h


def test_a_list_that_does_not_fit_shows_the_row_that_is_pointed_at():
    layout = arrange((900, 600))
    for selected in range(4 * len(HISTORY)):
        state = replace(OVER["history"], history=HISTORY * 4, selected=selected)
        shown = covers.targets(layout, state)
        assert Hover("entry", selected) in shown
        assert sum(hover.name == "entry" for hover in shown) < len(state.history)


@given(sizes, st.sampled_from(ZOOMS))
def test_text_grows_with_the_zoom_as_far_as_the_window_has_room(size, zoom):
    plain, zoomed = density_for(size, 1.0), density_for(size, 1.0, zoom)
    assert zoomed <= plain * max(zoom, 1.0) + 1e-9
    if zoom >= 1:
        assert zoomed >= plain


def test_text_on_a_screen_of_many_pixels_is_not_tiny():
    assert arrange((3840, 2160)).theme.px(CAPTION) >= 18
    assert arrange((1920, 1080)).theme.px(CAPTION) == CAPTION


def test_the_middle_of_the_canvas_is_half_way_in_canvas_units():
    layout = arrange((1280, 800))
    x, y = layout.on_canvas(layout.canvas.centre)
    assert abs(x - 0.5) < 0.01
    assert abs(y - 0.5) < 0.01


def area(box):
    return box.w * box.h


def _within(box, outer):
    return outer.x <= box.x and outer.y <= box.y and box.right <= outer.right and box.bottom <= outer.bottom
