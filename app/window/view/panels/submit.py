"""The claim, the button that submits it, its four steps, and what can be done afterwards."""

from __future__ import annotations

from collections.abc import Hashable

from app.window.model import decide, words
from app.window.model.decide import Act
from app.window.model.state import State
from app.window.model.values import Hover, StepMark
from app.window.view import theme as look
from app.window.view import widgets
from app.window.view.layout import ACTIONS, Box, Layout
from app.window.view.paint import Painter
from app.window.view.panels import steps

_PARTS = ("claim", "button", "auto", "txid", *ACTIONS)
_ACTIONS = {
    "cheat": ("mask", "Cheat"),
    "check": ("repeat", "Check"),
    "share": ("share", "Share"),
    "details": ("info", "Details"),
}


def key(state: State) -> Hashable:
    """What the panel shows."""
    hover = state.hover if state.hover and state.hover.name in _PARTS else None
    pressed = state.pressed if state.pressed and state.pressed.name in _PARTS else None
    moving = state.submission is not None and state.submission.running
    return (
        (hover, pressed, state.claim, decide.claim_of(state), state.auto_verify, decide.act(state)),
        (words.button(state), words.submission_detail(state), state.chain.explorer, decide.is_judged(state)),
        (decide.shown_submission(state), words.spinner(state) if moving else ""),
    )


def draw(painter: Painter, layout: Layout, state: State) -> None:
    """From top to bottom: claim, button and switch, steps, what can be done, transaction."""
    widgets.surface(painter, layout.submit)
    _claim(painter, layout, state)
    _button(painter, layout.button, state)
    widgets.switch(
        painter, layout.auto, "Auto-verify", on=state.auto_verify, hover=state.hover == Hover("auto")
    )
    shown = decide.shown_submission(state)
    caught = decide.stand(state).standing is decide.Standing.CAUGHT
    labels, marks = words.step_labels(shown), words.steps_of(shown)
    steps.draw(painter, layout.stages, labels, marks, words.spinner(state), caught=caught)
    if decide.is_judged(state):
        _actions(painter, layout, state)
    else:
        _detail(painter, layout, state)
    _txid(painter, layout.txid, state)


def _claim(painter: Painter, layout: Layout, state: State) -> None:
    px, first = painter.theme.px, layout.claims[0]
    digit = decide.claim_of(state)
    named = "" if state.claim is not None or digit is None else f": {digit}, as the engine reads"
    title = Box(first.x, first.y - px(18), layout.claims[-1].right - first.x, px(16))
    widgets.caption(painter, f"Claim put to the contract{named}", title)
    row = first._replace(w=layout.claims[-1].right - first.x)
    painter.framed(row, painter.colours.well, painter.colours.line, look.RADIUS)
    for index, box in enumerate(layout.claims):
        label = "Auto" if index == 0 else str(index - 1)
        chosen = state.claim is None if index == 0 else state.claim == index - 1
        widgets.cell(painter, box, label, chosen=chosen, hover=state.hover == Hover("claim", index))


def _button(painter: Painter, box: Box, state: State) -> None:
    act, label = decide.act(state), words.button(state)
    hover, down = state.hover == Hover("button"), state.pressed == Hover("button")
    if act is Act.CHEAT:
        widgets.outlined(painter, box, label, "Enter", hover=hover, down=down)
    elif act is Act.NEW:
        widgets.outlined(painter, box, label, "C", hover=hover, down=down)
    else:
        widgets.primary(painter, box, label, "Enter", enabled=act is Act.SUBMIT, hover=hover, down=down)


def _detail(painter: Painter, layout: Layout, state: State) -> None:
    first = layout.actions[ACTIONS[0]]
    box = Box(layout.stages.x, first.y, layout.stages.w, layout.stages.bottom - first.y)
    failed = any(step is StepMark.FAILED for step in words.steps_of(decide.shown_submission(state)))
    colour = painter.colours.alert if failed else painter.colours.quiet
    painter.paragraph(words.submission_detail(state), box, look.SANS, look.CAPTION, colour)


def _actions(painter: Painter, layout: Layout, state: State) -> None:
    for name, (icon, label) in _ACTIONS.items():
        widgets.ghost(
            painter,
            layout.actions[name],
            icon,
            label,
            enabled=True,
            hover=state.hover == Hover(name),
            down=state.pressed == Hover(name),
        )


def _txid(painter: Painter, box: Box, state: State) -> None:
    txid = words.txid_line(state)
    px = painter.theme.px
    if not txid:
        return
    colour = painter.colours.accent if state.hover == Hover("txid") else painter.colours.quiet
    painter.icon("open" if state.chain.explorer else "copy", (box.x + px(6), box.y + box.h // 2), 13, colour)
    place = Box(box.x + px(20), box.y, box.w - px(20), box.h)
    painter.text(middle_out(painter, txid, place.w), place, look.MONO, look.CAPTION, colour)


def middle_out(painter: Painter, txid: str, width: int) -> str:
    """Both ends of a txid, as much as fits: people compare the ends."""
    fits = width // max(1, painter.width("0", look.MONO, look.CAPTION))
    if len(txid) <= fits:
        return txid
    head = max(4, (fits - 1) // 2)
    return f"{txid[:head]}…{txid[-head:]}"
