"""The window: shown at once, then updated by events and workers until it is closed."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace

# SDL's accelerated framebuffer loads a driver that can conflict with other libraries; software is fast
# enough.
os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")
os.environ.setdefault("SDL_VIDEO_X11_WMCLASS", "inkproof")
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import pygame

from app.environment import hidden_secrets
from app.errors import InkproofError
from app.paths import assets
from app.window.inputs import Inputs
from app.window.model import bounties, claims, decide, effects, update
from app.window.model import intents as want
from app.window.model.hear import hear, sound_of
from app.window.model.protocol import ClaimJudged, Keep, LookAtClipboard, Message, Remember, Said
from app.window.model.state import State
from app.window.model.values import ChainView, Notice, Phase, Who
from app.window.options import WindowOptions
from app.window.screen import check_screen, no_window
from app.window.view.density import reduced_motion, screen_density
from app.window.view.paint import forget
from app.window.view.theme import LIGHT, Palette
from app.window.view.view import Ink, View
from app.window.workers.clipboard import copy_text, pasted_text
from app.window.workers.crew import PROCESSES, Crew
from app.window.workers.preferences import Preferences, restored
from app.window.workers.sounds import Sounds

__all__ = ["Frames", "Window", "run"]

FRAME = 1 / 62
"""Seconds from frame to frame: a little more than 60 a second, so that none is missed by rounding."""
IDLE = 0.1
"""Seconds the loop sleeps at most while nothing moves; an event or a message wakes it."""
SETTLED = 0.6
"""Seconds after which changed preferences are written: a drag of the window's edge is one change."""
_WAKE = pygame.event.custom_type()


@dataclass
class Frames:
    """How long frames took, for the bench. Times are seconds on the clock of `time.perf_counter`."""

    first: float | None = None
    work: list[tuple[float, float, float]] = field(default_factory=list)
    """When each frame began, how long it took from its first event to the screen, and the processor's time
    in that: what is more was spent waiting, for another thread or for a busy machine."""
    ready: float | None = None
    """When everything was ready."""


class NoInk:
    """The ink before the drawing code is loaded: blank."""

    def show(self, _state: State, _side: int, _colours: Palette = LIGHT) -> None:
        """There is none."""

    def changed(self) -> None:
        """Nothing has."""


class Window:
    """One window, from opening to closing. `driver` is called once a frame, for bench and tests; `workers`
    are the processes that are started behind the window."""

    def __init__(
        self,
        options: WindowOptions,
        driver: Callable[[Window], None] | None = None,
        workers: Collection[Who] = PROCESSES,
    ) -> None:
        chain = ChainView(network=options.network or "")
        state = State(fullscreen=options.fullscreen, model=options.model, chain=chain, still=reduced_motion())
        remembered = Preferences.load() if options.remember else Preferences()
        self.state = restored(state, remembered, model=not options.chosen)
        self._options = options = replace(options, model=self.state.model)
        self._saved, self._settled = remembered, 0.0
        self.frames = Frames()
        self._sounds = Sounds()
        self._driver = driver
        self._inputs = Inputs()
        self._done = False
        self._ink: Ink | None = None
        self._started = time.perf_counter()
        self._density = options.density or screen_density()
        pygame.display.init()
        check_screen()
        pygame.font.init()
        pygame.display.set_caption("Inkproof", "Inkproof")
        with contextlib.suppress(pygame.error, FileNotFoundError):
            pygame.display.set_icon(pygame.image.load(assets() / "icon" / "icon-64.png"))
        width, height = remembered.size or options.size
        self._windowed = round(width * self._density), round(height * self._density)
        self.view = View(self._open(options.fullscreen), self._density, NoInk())
        self.crew = Crew(options, self._wake, self._load_ink, workers)

    def run(self) -> None:
        """Show the first frame, start all workers, and run until the window is closed."""
        self._show()
        self.frames.first = time.perf_counter()
        # Computing threads must release the interpreter quickly, or a frame waits for them.
        sys.setswitchinterval(0.001)
        self.crew.start()
        due = time.perf_counter()
        while not self._done:
            events = self._wait(due)
            began, worked = time.perf_counter(), time.thread_time()
            due = max(due + FRAME, began)
            self._step(events)
            took, worked = time.perf_counter() - began, time.thread_time() - worked
            self.frames.work.append((began, took, worked))

    def close(self) -> None:
        """Close the window at once, then stop all workers."""
        pygame.display.quit()
        if self._options.remember:
            self._preferences().save()
        self.crew.stop()
        forget()
        pygame.quit()

    def quit(self) -> None:
        """Leave the loop after the present frame."""
        self._done = True

    # --- one frame ---

    def _wait(self, due: float) -> list[pygame.event.Event]:
        """Sleep until the next frame is due, or, while nothing moves, until something happens."""
        rest = due - time.perf_counter()
        if self._driver is not None or self._moving():
            if rest > 0:
                time.sleep(rest)
            return pygame.event.get()
        first = pygame.event.wait(round(IDLE * 1000))
        return [event for event in (first, *pygame.event.get()) if event.type != pygame.NOEVENT]

    def _moving(self) -> bool:
        state = self.state
        submitting = state.submission is not None and state.submission.running
        moving = submitting or decide.playing(state) or bounties.moving(state)
        return state.trace is not None or moving or state.clock - state.inked < 1.5 or self.starting

    @property
    def starting(self) -> bool:
        """Whether a judge or the chain is still starting."""
        return self.state.chain.phase is Phase.STARTING or any(
            judge.phase is Phase.STARTING for judge in self.state.judges.values()
        )

    def _step(self, events: list[pygame.event.Event]) -> None:
        if self._driver is not None:
            self._driver(self)
        for event in events:
            self._event(event)
        for message in self.crew.messages():
            self.state = hear(self.state, message)
            self._keep(message)
            if self.state.sound and (sound := sound_of(message)):
                self._sounds.play(sound)
        if self._ink is not None and self.view.ink is not self._ink:
            self.view.ink = self._ink
        self._change(claims.tick(self.state, time.perf_counter() - self._started))
        self._change(bounties.tick(self.state))
        self._remember()
        if self.frames.ready is None and not self.starting:
            self.frames.ready = time.perf_counter()
        self._show()

    def _keep(self, message: Message) -> None:
        """Keep the strokes of what was judged, so that the history can bring the very drawing back."""
        submission = self.state.submission
        if isinstance(message, ClaimJudged) and submission and submission.job == message.job:
            self.crew.send(Who.FIXED, Keep(message.txid, submission.content))

    def _preferences(self) -> Preferences:
        size = round(self._windowed[0] / self._density), round(self._windowed[1] / self._density)
        return Preferences.of(self.state, size)

    def _remember(self) -> None:
        """Write changed preferences, once they have been stable for a while."""
        now = self._preferences()
        if not self._options.remember or now == self._saved:
            self._settled = self.state.clock
        elif self.state.clock - self._settled > SETTLED:
            self._saved = now
            self.crew.send(Who.FIXED, Remember(now.as_json()))

    def _event(self, event: pygame.event.Event) -> None:
        if event.type in (pygame.VIDEORESIZE, pygame.WINDOWSIZECHANGED):
            self._resized()
        elif event.type in (pygame.WINDOWEXPOSED, pygame.WINDOWRESTORED, pygame.VIDEOEXPOSE):
            pygame.display.update()
        for intent in self._inputs.intents(event, self.view.layout, self.state):
            self.do(intent)

    def do(self, intent: want.Intent) -> None:
        """Carry out an intent."""
        self._change(update.apply(self.state, intent))

    def _change(self, change: update.Change) -> None:
        self.state, doings = change
        for doing in doings:
            self.carry_out(doing)

    def _show(self) -> None:
        # Over the canvas the ring of the brush is the pointer.
        pygame.mouse.set_visible(self.state.pointer is None or self.state.covered)
        dirty = self.view.draw(self.state)
        if dirty:
            pygame.display.update(list(dirty))

    # --- effects ---

    def carry_out(self, effect: effects.Effect) -> None:
        """Do what a change of state asks for outside it."""
        match effect:
            case effects.Send(who, request):
                self.crew.send(who, request)
            case effects.UseModel(model):
                self.crew.switch(model)
            case effects.Copy(text):
                self._copy(text)
            case effects.Open(url):
                # A browser may take seconds to start.
                threading.Thread(target=_open_page, args=(url,), daemon=True).start()
            case effects.SaveWindow():
                picture = self.view.screen.copy()
                threading.Thread(target=self._save_window, args=(picture,), daemon=True).start()
            case effects.Fullscreen(on):
                self._fullscreen(on)
            case effects.PasteFromClipboard():
                self.crew.send(Who.FIXED, LookAtClipboard())
            case effects.PasteText():
                self.do(want.Type(pasted_text()))
            case effects.Play(sound):
                self._sounds.play(sound)
            case effects.Close():
                self.quit()

    def _copy(self, text: str) -> None:
        try:
            copy_text(text)
        except pygame.error as error:
            notice = Notice("The clipboard cannot be used.", f"{error}.", f"Copy it by hand: {text}")
            self.state = claims.said(self.state, notice)

    def _save_window(self, picture: pygame.Surface) -> None:
        from app.window.workers.files import free_name

        try:
            path = free_name("window")
            pygame.image.save(picture, str(path))
            self.crew.post(Said(Notice(f"Saved as {path}", error=False)))
        except (InkproofError, OSError, pygame.error) as error:
            self.crew.post(Said(Notice("The picture of the window could not be saved.", f"{error}")))

    # --- the screen ---

    def _open(self, fullscreen: bool) -> pygame.Surface:
        if fullscreen:
            return pygame.display.set_mode((0, 0), pygame.FULLSCREEN)
        screen = pygame.display.set_mode(self._windowed, pygame.RESIZABLE)
        if screen.get_size() != self._windowed:
            # When full screen ends, SDL first keeps the large size; a second call sets the wanted one.
            screen = pygame.display.set_mode(self._windowed, pygame.RESIZABLE)
        return screen

    def _fullscreen(self, on: bool) -> None:
        self.view.resize(self._open(on), self._density)

    def _resized(self) -> None:
        """Take the screen as it is now: the size that an event names may be an earlier one."""
        screen = pygame.display.get_surface()
        if screen is None or screen.get_size() == self.view.layout.size:
            return
        if not self.state.fullscreen:
            self._windowed = screen.get_size()
        self.view.resize(screen, self._density)

    # --- other threads ---

    def _wake(self) -> None:
        # The window may be closed while its workers still send messages.
        with contextlib.suppress(pygame.error):
            pygame.event.post(pygame.event.Event(_WAKE))

    def _load_ink(self) -> None:
        from app.window.view.ink import ScreenInk

        self._ink = ScreenInk()


def _open_page(url: str) -> None:
    import webbrowser

    with hidden_secrets():
        webbrowser.open(url)


def run(options: WindowOptions | None = None, workers: Collection[Who] = PROCESSES) -> int:
    """Open the window and stay until it is closed. The exit status: 0, or 2 where no window can be opened."""
    try:
        window = Window(options or WindowOptions(), workers=workers)
    except pygame.error as error:
        raise no_window(str(error), os.environ) from error
    # SIGTERM and SIGHUP close the window as if by hand, so that the node is stopped. A signal that is ignored
    # already (`nohup`) stays ignored.
    names = ("SIGTERM", "SIGHUP", "SIGBREAK")
    numbers = [number for name in names if (number := getattr(signal, name, None))]
    heard = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    previous = {number: signal.signal(number, lambda *_: window.quit()) for number in heard}
    try:
        with contextlib.suppress(KeyboardInterrupt):
            window.run()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        window.close()
    return 0
