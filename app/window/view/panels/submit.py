"""The claim, the button that sends it, and what becomes of it."""

from __future__ import annotations

from collections.abc import Hashable

from app.window.model import words
from app.window.model.state import Hover, State, StepMark, Submission
from app.window.view import theme as look
from app.window.view import widgets
from app.window.view.layout import Box, Layout
from app.window.view.paint import Painter

_PARTS = ("claim", "button", "auto", "txid")


def key(state: State) -> Hashable:
    """What the panel shows."""
    hover = state.hover if state.hover and state.hover.name in _PARTS else None
    pressed = state.pressed if state.pressed and state.pressed.name in _PARTS else None
    moving = state.submission is not None and state.submission.running
    return (
        *(
            hover,
            pressed,
            state.claim,
            words.claim_of(state),
            state.auto_verify,
            words.button(state),
            words.submission_detail(state),
        ),
        *(words.shown_submission(state), int(state.clock * 8) % 8 if moving else 0, state.chain.explorer),
    )


def draw(painter: Painter, layout: Layout, state: State) -> None:
    """From top to bottom: claim, button and switch, steps, transaction."""
    widgets.surface(painter, layout.submit)
    px = painter.theme.px
    first = layout.claims[0]
    digit = words.claim_of(state)
    named = "" if state.claim is not None or digit is None else f": {digit}, as the engine reads"
    title = Box(first.x, first.y - px(18), layout.claims[-1].right - first.x, px(16))
    widgets.caption(painter, f"Claim put to the contract{named}", title)
    row = first._replace(w=layout.claims[-1].right - first.x)
    painter.framed(row, look.WELL, look.LINE, look.RADIUS)
    for index, box in enumerate(layout.claims):
        label = "Auto" if index == 0 else str(index - 1)
        chosen = state.claim is None if index == 0 else state.claim == index - 1
        widgets.cell(painter, box, label, chosen=chosen, hover=state.hover == Hover("claim", index))
    label, enabled = words.button(state)
    hover, down = state.hover == Hover("button"), state.pressed == Hover("button")
    widgets.primary(painter, layout.button, label, "Enter", enabled=enabled, hover=hover, down=down)
    widgets.switch(
        painter, layout.auto, "Auto-verify", on=state.auto_verify, hover=state.hover == Hover("auto")
    )
    _steps(painter, layout.stages, state)
    _txid(painter, layout.txid, state)


def _steps(painter: Painter, box: Box, state: State) -> None:
    """Four marks on a line, a word beneath each, and what the node said."""
    px = painter.theme.px
    submission = words.shown_submission(state)
    labels, steps = words.step_labels(submission), words.steps_of(submission)
    column = box.w / 4
    middle = box.y + px(8)
    for number in range(4):
        x = box.x + round(number * column) + px(7)
        if number < 3:
            done = steps[number] is StepMark.DONE and steps[number + 1] is not StepMark.WAITING
            line = Box(x + px(10), middle - px(1), round(column) - px(20), px(2))
            painter.fill(line, look.ACCENT if done else look.LINE)
        _mark(painter, (x, middle), steps[number], state.clock)
        place = Box(box.x + round(number * column), middle + px(9), round(column) - px(4), px(16))
        quiet = steps[number] is StepMark.WAITING
        bad = steps[number] in (StepMark.REFUSED, StepMark.FAILED)
        colour = look.QUIET if quiet else look.ALERT if bad else look.INK
        painter.text(labels[number], place, look.SANS, look.CAPTION, colour)
    top = middle + px(26 if box.h < px(64) else 32)
    detail = Box(box.x, top, box.w, box.bottom - top)
    colour = look.ALERT if _bad(submission) else look.QUIET
    painter.paragraph(words.submission_detail(state), detail, look.SANS, look.CAPTION, colour)


def _bad(submission: Submission | None) -> bool:
    return submission is not None and bool(submission.reason)


def _mark(painter: Painter, middle: tuple[int, int], step: StepMark, clock: float) -> None:
    """Each state has a shape of its own: ring, turning arc, tick, cross."""
    if step is StepMark.WAITING:
        painter.disc(middle, 14, look.EDGE, 1.5)
    elif step is StepMark.ACTIVE:
        painter.icon(f"spin {int(clock * 8) % 8}", middle, 16, look.ACCENT)
    else:
        done = step is StepMark.DONE
        painter.disc(middle, 16, look.ACCENT if done else look.ALERT)
        painter.icon("tick" if done else "cross", middle, 10, look.PAPER)


def _txid(painter: Painter, box: Box, state: State) -> None:
    txid = words.txid_line(state)
    px = painter.theme.px
    if not txid:
        return
    hover = state.hover == Hover("txid")
    colour = look.ACCENT if hover else look.QUIET
    painter.icon("open" if state.chain.explorer else "copy", (box.x + px(6), box.y + box.h // 2), 13, colour)
    place = Box(box.x + px(20), box.y, box.w - px(20), box.h)
    painter.text(_middle_out(painter, txid, place.w), place, look.MONO, look.CAPTION, colour)


def _middle_out(painter: Painter, txid: str, width: int) -> str:
    """Both ends of a txid, as much as fits: the ends are what people compare."""
    fits = width // max(1, painter.width("0", look.MONO, look.CAPTION))
    if len(txid) <= fits:
        return txid
    head = max(4, (fits - 1) // 2)
    return f"{txid[:head]}…{txid[-head:]}"
