"""The keyboard's focus: what Tab visits, in order, and what arrows do there."""

from __future__ import annotations

from dataclasses import replace

from app.window.model import decide
from app.window.model.state import State
from app.window.model.values import Hover, Tab, Who

__all__ = ["moved", "order", "stepped"]


def order(state: State, rows: int) -> tuple[Hover, ...]:
    """What can have the focus, in the order of Tab. `rows`: entries that the strip of the history shows."""
    if state.covered:
        return ()
    names = ["canvas", "undo", "redo", "clear", "eraser", "thinner", "thicker"]
    stops = [Hover(name) for name in names]
    stops.append(Hover("agreement"))
    stops += [Hover(who.value) for who in (Who.FLOAT, Who.FIXED, Who.SCRIPT)]
    stops += [
        Hover("tab", list(Tab).index(state.tab)),
        Hover("claim", 0 if state.claim is None else state.claim + 1),
    ]
    stops += [Hover("button"), Hover("auto")]
    if decide.verdict_of(state) is not None:
        stops += [Hover(name) for name in ("cheat", "check", "share", "details")]
    if (shown := decide.shown_submission(state)) and shown.txid:
        stops.append(Hover("txid"))
    if state.history:
        stops += [Hover("ledger"), *(Hover("row", i) for i in range(min(rows, len(state.history))))]
    stops.append(Hover("wallet"))
    if state.notice is not None:
        stops.append(Hover("dismiss"))
    stops += [Hover("bounties"), Hover("model"), Hover("dark"), Hover("help")]
    return tuple(stops)


def stepped(state: State, step: int, rows: int) -> State:
    """The focus on the next stop, or the previous one; the first if there was none."""
    stops = order(state, rows)
    if not stops:
        return state
    here = state.focus
    at = next((i for i, stop in enumerate(stops) if here is not None and stop == here), None)
    if at is None and here is not None:
        # A list's stop is the row that its arrows reached last.
        at = next((i for i, stop in enumerate(stops) if stop.name == here.name), None)
    chosen = stops[0 if step > 0 else -1] if at is None else stops[(at + step) % len(stops)]
    pointer = (0.5, 0.5) if chosen == Hover("canvas") else None
    return replace(state, focus=chosen, pointer=pointer)


def moved(state: State, across: int, down: int) -> State:
    """The focus within its group, by an arrow; unchanged where there is no group."""
    here = state.focus
    if here is None:
        return state
    step = across or down
    sizes = {"claim": 11, "tab": len(Tab), "row": len(state.history)}
    if here.name not in sizes:
        return state
    index = min(max(here.index + step, 0), max(0, sizes[here.name] - 1))
    return replace(state, focus=Hover(here.name, index))
