"""A drawing as a list of actions: strokes, wipes and placed pictures, each of which can be undone."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from app.drawing.strokes import Stroke

__all__ = ["Action", "Content", "Document", "Place", "Wipe"]


@dataclass(frozen=True)
class Wipe:
    """Everything before it is gone."""


@dataclass(frozen=True)
class Place:
    """A 28x28 picture (784 bytes) takes the place of everything before it.

    If its strokes are known, they are what is put down, and the picture is made of them again.
    """

    picture: bytes
    strokes: tuple[Stroke, ...] = ()


Action: TypeAlias = "Stroke | Wipe | Place"


@dataclass(frozen=True)
class Content:
    """What lies on the paper: at the bottom a placed picture, if any, and the strokes over it."""

    base: Place | None = None
    strokes: tuple[Stroke, ...] = ()

    @property
    def empty(self) -> bool:
        """Nothing has been drawn or placed. (All of it may have been erased again: ink decides that.)"""
        return self.base is None and not self.strokes


@dataclass(frozen=True)
class Document:
    """Actions in order, and those that were undone, the latest first."""

    actions: tuple[Action, ...] = ()
    undone: tuple[Action, ...] = ()

    def do(self, action: Action) -> Document:
        """Add an action; undone actions are forgotten."""
        return Document((*self.actions, action))

    def undo(self) -> Document:
        """Undo the last action."""
        if not self.actions:
            return self
        return replace(self, actions=self.actions[:-1], undone=(self.actions[-1], *self.undone))

    def redo(self) -> Document:
        """Redo the action that was undone last."""
        if not self.undone:
            return self
        return replace(self, actions=(*self.actions, self.undone[0]), undone=self.undone[1:])

    @functools.cached_property
    def content(self) -> Content:
        """What the actions leave on the paper."""
        base: Place | None = None
        strokes: list[Stroke] = []
        for action in self.actions:
            if isinstance(action, (Wipe, Place)):
                known = action.strokes if isinstance(action, Place) else ()
                base = action if isinstance(action, Place) and not known else None
                strokes = list(known)
            else:
                strokes.append(action)
        return Content(base, tuple(strokes))
