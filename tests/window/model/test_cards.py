"""What opens over the panels: the wallet's card and the list of models, by key, mouse and finger."""

import pygame
import pytest

from app.models import MODELS
from app.window.model import cards, protocol, update, words
from app.window.model.effects import Copy, Send, UseModel
from app.window.model.hear import hear
from app.window.model.state import Card, Hover, Phase, Question, State, Who
from app.window.view.layout import arrange
from app.window.view.paint import Painter
from app.window.view.panels import models as model_panel
from tests.window.person import LAYOUT, Person
from tests.window.states import (
    ADDRESS,
    CONFIRMED,
    ERROR,
    HISTORY,
    PICTURE,
    TXID,
    drawn,
    reading,
    submission,
)

NAMES = list(MODELS)

# --- the wallet's card ---


def test_the_facts_in_the_status_line_and_a_key_open_the_wallet():
    assert Person(drawn()).click(LAYOUT.wallet).state.card is Card.WALLET
    person = Person(drawn()).key(pygame.K_w, "w")
    assert person.state.card is Card.WALLET
    assert person.key(pygame.K_w, "w").state.card is None
    assert Person(drawn()).ctrl(pygame.K_w).state.card is None


def test_escape_or_a_click_beside_the_card_closes_it_and_draws_nothing():
    assert Person(drawn(card=Card.WALLET)).key(pygame.K_ESCAPE).state.card is None
    for beside in (LAYOUT.agreement, LAYOUT.status, LAYOUT.help, LAYOUT.history):
        person = Person(drawn(card=Card.WALLET)).click(beside._replace(w=8, h=8))
        assert person.state == drawn(hover=Hover("beside"), hovered=100.0)
    corner = LAYOUT.canvas._replace(w=8, h=8)
    assert Person(drawn(card=Card.WALLET)).click(corner).state.document == drawn().document
    assert Person(drawn(card=Card.WALLET)).click(corner).state.card is None


def test_what_lies_under_the_card_cannot_be_reached():
    for place in (LAYOUT.code.centre, (LAYOUT.card.x + 8, LAYOUT.card.y + 8)):
        person = Person(drawn(card=Card.WALLET)).move(place).down(place).up(place)
        assert person.state.card is Card.WALLET
        assert person.state.document == drawn().document
        assert person.effects == []
        assert person.state.pointer is None


def test_a_finger_opens_the_wallet_and_copies_the_address():
    person = Person(drawn())
    for box in (LAYOUT.wallet, LAYOUT.address):
        x, y = box.centre[0] / LAYOUT.size[0], box.centre[1] / LAYOUT.size[1]
        for kind in (pygame.FINGERDOWN, pygame.FINGERUP):
            person.event(kind, x=x, y=y, finger_id=4, touch_id=1)
    assert person.effects == [Copy(ADDRESS)]


def test_a_click_on_the_address_copies_it_and_says_so():
    person = Person(drawn(card=Card.WALLET)).click(LAYOUT.address)
    assert person.effects == [Copy(ADDRESS)]
    assert person.state.card is Card.WALLET
    assert person.state.notice.what == "The address is on the clipboard."
    assert person.state.notice.until < 200


def test_there_is_nothing_to_copy_before_the_address_is_known():
    person = Person(State(card=Card.WALLET)).click(LAYOUT.address)
    assert person.effects == []
    assert person.state.notice is None
    status = protocol.ChainStatus("regtest", "Bitcoin SV", 1, 5, "fa5a", address=ADDRESS)
    person.state = hear(person.state, status)
    assert person.click(LAYOUT.address).effects == [Copy(ADDRESS)]


def test_help_and_wallet_take_each_other_s_place():
    person = Person(State(card=Card.HELP)).key(pygame.K_w, "w")
    assert person.state.card is Card.WALLET
    person.key(pygame.K_F1)
    assert person.state.card is Card.HELP


def test_a_question_about_coins_comes_before_the_wallet():
    asked = drawn(card=Card.WALLET, question=Question(61_000, "deploy the contract"))
    person = Person(asked).click(LAYOUT.address).click(LAYOUT.help)
    assert person.effects == []
    assert person.state.card is Card.WALLET
    assert person.key(pygame.K_n, "n").key(pygame.K_ESCAPE).state.card is None


# --- the list of models ---


def test_the_name_in_the_header_and_a_key_open_the_list_at_the_model_that_reads():
    person = Person(drawn(model="source")).click(LAYOUT.model)
    assert (person.state.card, person.state.highlighted) == (Card.MODELS, NAMES.index("source"))
    person = Person(drawn()).key(pygame.K_n, "n")
    assert (person.state.card, person.state.highlighted) == (Card.MODELS, 0)
    assert person.key(pygame.K_n, "n").state.card is None
    assert Person(drawn(card=Card.MODELS)).key(pygame.K_ESCAPE).state.card is None


@pytest.mark.parametrize("index", range(1, len(MODELS)))
def test_a_click_on_a_model_employs_it(index):
    person = Person(drawn(card=Card.MODELS)).click(LAYOUT.choices[index])
    assert person.effects == [UseModel(NAMES[index])]
    assert (person.state.model, person.state.card) == (NAMES[index], None)


@pytest.mark.parametrize(("size", "density"), [((900, 600), 1.0), ((1280, 800), 1.0), ((1800, 1200), 2.0)])
def test_a_model_s_name_summary_and_figures_are_never_cut_short(screen, monkeypatch, size, density):
    surface, cut = screen(size), []
    fitted = Painter.fitted

    def watched(painter, text, *rest):
        shown = fitted(painter, text, *rest)
        if shown != text:
            cut.append(text)
        return shown

    monkeypatch.setattr(Painter, "fitted", watched)
    layout = arrange(size, density)
    model_panel.draw(Painter(surface, layout.theme), layout, drawn(card=Card.MODELS))
    assert cut == []


def test_figures_that_were_measured_stand_beside_every_model():
    for model in MODELS.values():
        accuracy, size = cards.model_figures(model)
        assert accuracy.endswith(" % of MNIST")
        assert size.endswith(" bytes")


@pytest.mark.parametrize("enter", [pygame.K_RETURN, pygame.K_KP_ENTER, pygame.K_SPACE])
def test_arrows_point_at_a_model_and_enter_employs_it(enter):
    person = Person(drawn(card=Card.MODELS)).key(pygame.K_DOWN).key(pygame.K_DOWN).key(enter)
    assert person.effects == [UseModel(NAMES[2])]
    person = Person(drawn(card=Card.MODELS)).key(pygame.K_UP).key(enter)
    assert person.effects == [UseModel(NAMES[-1])]


def test_what_the_mouse_points_at_is_what_the_arrows_go_on_from():
    person = Person(drawn(card=Card.MODELS)).move(LAYOUT.choices[3].centre).key(pygame.K_DOWN)
    assert person.state.highlighted == 4


def test_the_model_that_reads_already_is_not_employed_again():
    person = Person(drawn(card=Card.MODELS)).click(LAYOUT.choices[0])
    assert person.effects == []
    assert person.state == drawn(hover=Hover("choice", 0), hovered=100.0)


def test_a_click_beside_the_list_closes_it_and_draws_nothing():
    corner = LAYOUT.canvas._replace(w=8, h=8)
    person = Person(drawn(card=Card.MODELS)).click(corner)
    assert person.state == drawn(hover=Hover("beside"), hovered=100.0)


def employed(**changes):
    return Person(drawn(card=Card.MODELS, **changes)).click(LAYOUT.choices[1]).state


def test_the_drawing_stays_and_nothing_that_was_read_of_it_counts_any_more():
    state = employed(submission=CONFIRMED, judged=((2, 7),))
    assert state.document == drawn().document
    assert all(state.reading(who) is None for who in state.judges)
    assert all(judge.phase is Phase.STARTING for judge in state.judges.values())
    assert state.chain.phase is Phase.STARTING
    assert (state.revision, 7) not in state.judged


def test_what_the_model_before_says_late_is_not_taken_for_the_new_one_s_word():
    state = employed()
    late = protocol.Read(Who.FLOAT, reading(3, 2)), protocol.Looked(2, PICTURE, "", reading(3, 2))
    for message in late:
        assert hear(state, message) == state
    state = hear(state, protocol.Looked(state.revision, PICTURE, "", reading(7, state.revision)))
    assert state.reading(Who.FIXED).digit == 7


def test_a_judge_that_is_up_before_the_new_picture_waits_for_it():
    state, effects = update.tick(hear(employed(), protocol.Ready(Who.FLOAT)), 101.0)
    assert not any(isinstance(effect.request, protocol.ReadPicture) for effect in effects)
    state = hear(state, protocol.Looked(state.revision, PICTURE, "", reading(7, state.revision)))
    _, effects = update.tick(state, 101.1)
    assert Send(Who.FLOAT, protocol.ReadPicture(state.revision, PICTURE)) in effects


def test_what_was_said_of_the_model_before_is_wiped_from_the_status_line():
    state = employed(notice=ERROR)
    assert state.notice is None
    assert state.chain.contract == ""


def test_a_verdict_that_was_under_way_is_told_as_the_model_s_before():
    state = employed(submission=submission())
    state = hear(state, protocol.ClaimJudged(1, True, TXID, "", 104, 50, 982))
    assert "model before" in state.notice.what


def test_auto_verify_submits_drawings_and_no_choices():
    state = employed(auto_verify=True)
    for message in (
        *(protocol.Ready(who) for who in Who),
        protocol.Looked(state.revision, PICTURE, "", reading(7, state.revision)),
        protocol.Read(Who.FLOAT, reading(7, state.revision)),
        protocol.Read(Who.SCRIPT, reading(7, state.revision)),
    ):
        state = hear(state, message)
    assert words.missing(state) == ""
    assert update.tick(state, 200.0)[0].submission is None


@pytest.mark.parametrize("card", list(Card))
def test_no_key_and_no_wheel_reaches_the_paper_under_a_card(card):
    person = Person(drawn(card=card, history=HISTORY * 9, hover=Hover("row", 1)))
    for key, letter in ((pygame.K_c, "c"), (pygame.K_5, "5"), (pygame.K_v, "v"), (pygame.K_PLUS, "+")):
        person.key(key, letter)
    person.ctrl(pygame.K_z).event(pygame.MOUSEWHEEL, y=-1, flipped=False)
    assert person.effects == []
    assert person.state == drawn(card=card, history=HISTORY * 9, hover=Hover("row", 1))


@pytest.mark.parametrize("card", [Card.HELP, Card.WALLET])
def test_enter_submits_nothing_from_under_a_card(card):
    assert Person(drawn(card=card)).key(pygame.K_RETURN).effects == []


def test_a_claim_that_waits_is_taken_back_when_another_model_is_chosen():
    assert not employed(wanted=True).wanted
