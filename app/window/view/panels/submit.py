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
    _steps(painter, layout, state)
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


def _steps(painter: Painter, layout: Layout, state: State) -> None:
    """Four marks on a line, and a word beneath each."""
    box, px, colours = layout.stages, painter.theme.px, painter.colours
    submission = decide.shown_submission(state)
    caught = decide.stand(state).standing is decide.Standing.CAUGHT
    labels, steps = words.step_labels(submission), words.steps_of(submission)
    column = box.w / 4
    middle = box.y + px(8)
    for number in range(4):
        x = box.x + round(number * column) + px(7)
        if number < 3:
            done = steps[number] is StepMark.DONE and steps[number + 1] is not StepMark.WAITING
            line = Box(x + px(10), middle - px(1), round(column) - px(20), px(2))
            painter.fill(line, colours.accent if done else colours.line)
        _mark(painter, (x, middle), steps[number], words.spinner(state), caught=caught)
        place = Box(box.x + round(number * column), middle + px(9), round(column) - px(4), px(16))
        quiet = steps[number] is StepMark.WAITING
        bad = steps[number] is StepMark.FAILED or (steps[number] is StepMark.REFUSED and not caught)
        colour = colours.quiet if quiet else colours.alert if bad else colours.ink
        painter.text(labels[number], place, look.SANS, look.CAPTION, colour)


def _mark(painter: Painter, middle: tuple[int, int], step: StepMark, spinner: str, *, caught: bool) -> None:
    """Each state has a shape of its own: ring, turning arc, tick, cross."""
    colours = painter.colours
    if step is StepMark.WAITING:
        painter.disc(middle, 14, colours.edge, 1.5)
    elif step is StepMark.ACTIVE:
        painter.icon(spinner, middle, 16, colours.accent)
    else:
        done = step is StepMark.DONE or (step is StepMark.REFUSED and caught)
        painter.disc(middle, 16, colours.accent if done else colours.alert)
        painter.icon("tick" if step is StepMark.DONE else "cross", middle, 10, colours.paper)


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
    """Both ends of a txid, as much as fits: the ends are what people compare."""
    fits = width // max(1, painter.width("0", look.MONO, look.CAPTION))
    if len(txid) <= fits:
        return txid
    head = max(4, (fits - 1) // 2)
    return f"{txid[:head]}…{txid[-head:]}"
