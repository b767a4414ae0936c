from hypothesis import given
from hypothesis import strategies as st

from app.drawing import Stroke
from app.window.model.document import Content, Document, Place, Wipe

strokes = st.builds(
    Stroke,
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=3).map(tuple),
    st.just(0.05),
    st.booleans(),
)
actions = st.one_of(strokes, st.builds(Wipe), st.builds(Place, st.just(bytes(784))))


def made_of(actions):
    document = Document()
    for action in actions:
        document = document.do(action)
    return document


@given(st.lists(actions, max_size=8))
def test_undoing_and_redoing_everything_comes_back(actions):
    document = made_of(actions)
    back = document
    for _ in actions:
        back = back.undo()
    assert back.content == Content()
    for _ in actions:
        back = back.redo()
    assert back == document


@given(st.lists(actions, max_size=8), actions)
def test_an_undone_action_leaves_what_was_there(before, action):
    document = made_of(before)
    assert document.do(action).undo().content == document.content


@given(st.lists(actions, min_size=1, max_size=8), actions)
def test_drawing_on_forgets_undone_actions(before, action):
    document = made_of(before).undo().do(action)
    assert document.redo() == document


def test_a_wipe_leaves_nothing_and_a_picture_itself():
    stroke = Stroke(((0.1, 0.1),), 0.05)
    picture = Place(bytes(784))
    assert made_of([stroke, Wipe()]).content.empty
    assert made_of([stroke, picture]).content == Content(picture, ())
    assert made_of([picture, stroke]).content == Content(picture, (stroke,))
    assert made_of([stroke, Place(bytes(784), (stroke, stroke))]).content == Content(None, (stroke, stroke))


def test_there_is_nothing_to_undo_or_redo_at_the_ends():
    assert Document().undo() == Document()
    assert Document().redo() == Document()
