"""Somebody at the window: keys, mouse and fingers become intents, and these are carried out."""

import pygame

from app.window.inputs import Inputs
from app.window.model import update
from app.window.model.state import State
from app.window.model.values import Hover
from app.window.view.arrange import arrange
from app.window.view.panels import covers

LAYOUT = arrange((1280, 800))


class Person:
    """Acts on a window and remembers the resulting effects."""

    def __init__(self, state=None):
        self.state = state or State()
        self.inputs = Inputs()
        self.effects = []

    def event(self, kind, **values):
        event = pygame.event.Event(kind, **values)
        for intent in self.inputs.intents(event, LAYOUT, self.state):
            self.state, effects = update.apply(self.state, intent)
            self.effects += effects
        return self

    def down(self, place, button=1):
        return self.event(pygame.MOUSEBUTTONDOWN, pos=place, button=button, touch=False)

    def move(self, place):
        return self.event(pygame.MOUSEMOTION, pos=place, rel=(0, 0), buttons=(1, 0, 0), touch=False)

    def up(self, place, button=1):
        return self.event(pygame.MOUSEBUTTONUP, pos=place, button=button, touch=False)

    def click(self, box):
        return self.move(box.centre).down(box.centre).up(box.centre)

    def press(self, name, index=0):
        """Click on something of the card that lies over the panels."""
        return self.click(covers.targets(LAYOUT, self.state)[Hover(name, index)])

    def tab(self, times=1, back=False):
        for _ in range(times):
            self.key(pygame.K_TAB, mod=pygame.KMOD_LSHIFT if back else 0)
        return self

    def key(self, key, unicode="", mod=0):
        return self.event(pygame.KEYDOWN, key=key, unicode=unicode, mod=mod)

    def ctrl(self, key, shift=False):
        return self.key(key, mod=pygame.KMOD_LCTRL | (pygame.KMOD_LSHIFT if shift else 0))

    def line(self, *places, button=1):
        self.down(on_canvas(*places[0]), button)
        for place in places[1:]:
            self.move(on_canvas(*place))
        return self.up(on_canvas(*places[-1]), button)


def on_canvas(x, y):
    box = LAYOUT.canvas
    return round(box.x + x * box.w), round(box.y + y * box.h)
