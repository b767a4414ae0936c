"""The proof card: what stands on it, and where it is saved."""

import numpy as np
import pytest
import segno
from PIL import Image

from app.window.model.document import Content
from app.window.model.protocol import MakeCard
from app.window.view import theme as look
from app.window.workers.proofcard import SIZE, make_card, painted
from tests.window.states import PICTURE, SEVEN, TXID


def request(**changes):
    facts = {
        "txid": TXID,
        "picture": PICTURE,
        "content": Content(None, SEVEN),
        "claim": 7,
        "digit": 7,
        "accepted": True,
        "model": "handwriting",
        "network": "regtest",
        "block": 103,
        "contract": "fa5a4003966a" + "0" * 52,
    }
    return MakeCard(**(facts | changes))


def test_the_card_is_saved_in_the_folder_of_pictures_and_its_path_is_shown(home):
    said = make_card(request()).notice
    (path,) = (home / "pictures").glob("proof-*.png")
    assert str(path) in said.what
    assert Image.open(path).size == SIZE


def test_a_folder_that_cannot_be_written_to_is_an_error_in_words(home):
    from app.errors import InkproofError

    (home / "pictures").write_text("not a folder")
    with pytest.raises(InkproofError) as error:
        make_card(request())
    assert error.value.hint


def test_the_code_on_the_card_is_that_of_the_whole_txid():
    card = np.asarray(painted(request()))
    code = np.array(list(segno.make(TXID, error="m", micro=False).matrix_iter(border=0)), bool)
    dark = (card[:, 900:] < 60).all(axis=2)
    rows, columns = np.nonzero(dark[430:630])
    top, left = rows.min() + 430, columns.min() + 900
    module = (columns.max() - columns.min() + 1) // len(code)
    assert module >= 3
    found = card[top : top + module * len(code) : module, left : left + module * len(code) : module, 0] < 128
    assert (found == code).all()


@pytest.mark.parametrize("content", [None, Content(), Content(None, SEVEN)])
def test_the_drawing_is_on_the_card_or_else_its_pixels(content):
    card = np.asarray(painted(request(content=content)))
    drawing = card[57:475, 57:475]
    ink = (np.abs(drawing.astype(int) - look.LIGHT.ink) < 12).all(axis=2)
    assert 0.01 < ink.mean() < 0.3


def test_a_cheat_and_a_proof_and_an_unknown_model_make_cards_that_differ():
    made = [
        painted(request()),
        painted(request(claim=3, accepted=False, block=None)),
        painted(request(model="", network="testnet", explorer="https://x.example/{}", block=None)),
        painted(request(digit=None, accepted=False)),
    ]
    assert len({picture.tobytes() for picture in made}) == len(made)
