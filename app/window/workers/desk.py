"""The worker beside the window, in a thread: ink to picture, the integer engine, and files.

All it does is short or releases the interpreter, so the window does not feel it.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from app import models
from app.errors import BlankError, InkproofError, SeveralDigitsError
from app.paths import home
from app.picture import SIDE
from app.window.model.protocol import (
    BringBack,
    Failed,
    Keep,
    LoadProgress,
    Look,
    LookAtFile,
    Looked,
    Message,
    Placed,
    Ready,
    Request,
    Said,
    SaveDrawing,
    Stop,
    SwitchModel,
)
from app.window.model.state import Notice, Reading, Who

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from app.drawing import Stroke
    from app.fixedpoint import IntegerModel

__all__ = ["Desk", "free_name"]

SAVED_SIDE = 1120


class Desk:
    """One thread, one request after the other. `first` is run in it before anything else."""

    def __init__(self, model: str, post: Callable[[Message], None], first: Callable[[], None]) -> None:
        self._model = model
        self._post = post
        self._first = first
        self._requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="window-desk", daemon=True)

    def start(self) -> None:
        """Begin, without waiting."""
        self._thread.start()

    def send(self, request: Request) -> None:
        """Give it something to do."""
        self._requests.put(request)

    def ask_to_stop(self) -> None:
        """Ask it to end, without waiting."""
        self._requests.put(Stop())

    def end(self, deadline: float) -> bool:
        """Wait until it has ended, at most until `deadline` (time.monotonic). Whether it has."""
        self._thread.join(max(0.0, deadline - time.monotonic()))
        return not self._thread.is_alive()

    def _run(self) -> None:
        self._first()
        work = _Work(self._model, self._post)
        while not isinstance(request := self._requests.get(), Stop):
            try:
                work.do(request)
            except InkproofError as error:
                self._post(Said(Notice(error.what, error.why, error.hint)))
            except Exception as error:  # a bug here must not end the thread, and must not be hidden
                why = f"{type(error).__name__}: {error}."
                self._post(Said(Notice("Something in the window went wrong.", why, "Please report it.")))
                if isinstance(request, Look):
                    self._post(Looked(request.revision, None, "It could not be read."))


class _Work:
    def __init__(self, model: str, post: Callable[[Message], None]) -> None:
        # Numpy, Pillow and the engine are imported here, in the thread: the first frame does without.
        from app.drawing import INK_SIDE
        from app.window.model.sheet import Sheet

        self._post = post
        self._sheet = Sheet(INK_SIDE)
        self._model: IntegerModel | None = None
        self._employ(model)

    def _employ(self, model: str) -> None:
        from app import fixedpoint

        self._model = None
        self._post(LoadProgress(Who.FIXED, f"loading {model}"))
        try:
            self._model = fixedpoint.load(models.named(model).integers_path)
            self._post(Ready(Who.FIXED))
        except InkproofError as error:
            self._post(Failed(Who.FIXED, Notice(error.what, error.why, error.hint)))

    def do(self, request: Request) -> None:
        if isinstance(request, Look):
            self._look(request)
        elif isinstance(request, LookAtFile):
            from app.drawing import read_digit

            picture = read_digit(request.path)
            self._post(Placed(picture.tobytes(), Path(request.path).name))
        elif isinstance(request, SaveDrawing):
            self._save(request)
        elif isinstance(request, Keep):
            self._keep(request)
        elif isinstance(request, BringBack):
            self._bring_back(request)
        elif isinstance(request, SwitchModel):
            self._employ(request.model)

    def _look(self, look: Look) -> None:
        import numpy as np

        from app.drawing import one_digit

        content = look.content
        try:
            if content.base is not None and not content.strokes and look.trace is None:
                # A picture that was put down whole is read as it is: no ink was added to it.
                image = np.frombuffer(content.base.picture, np.uint8).reshape(SIDE, SIDE)
            else:
                self._sheet.show(content, look.trace)
                image = one_digit(self._sheet.canvas.pixels)
        except (BlankError, SeveralDigitsError) as refused:
            said = " ".join(part for part in (refused.what, refused.hint) if part)
            self._post(Looked(look.revision, None, said))
            return
        self._post(Looked(look.revision, image.tobytes(), "", self._read(image, look.revision)))

    def _read(self, image: NDArray[np.uint8], revision: int) -> Reading | None:
        from app.window.workers.judging import softmax

        if self._model is None:
            return None
        reading = self._model.read(image)
        shares = softmax(reading.logits, reading.denominator)
        return Reading(revision, reading.digit, shares, reading.milliseconds, reading.logits)

    def _keep(self, keep: Keep) -> None:
        from app.drawing import strokes_to_json

        if keep.content.base is None:
            path = _kept(keep.txid)
            try:
                path.parent.mkdir(exist_ok=True, mode=0o700)
                path.write_text(strokes_to_json(keep.content.strokes), encoding="ascii")
            except OSError as error:
                raise InkproofError(
                    "The strokes of this drawing could not be kept.",
                    why=f"{error.strerror or error}.",
                    hint="Its picture is in the ledger all the same.",
                ) from error

    def _bring_back(self, wish: BringBack) -> None:
        from app.drawing import rasterise, strokes_from_json, to_mnist

        strokes: tuple[Stroke, ...] = ()
        # Whatever the file holds, only strokes that make this very picture are taken for it.
        with contextlib.suppress(OSError, InkproofError):
            found = strokes_from_json(_kept(wish.txid).read_bytes())
            if to_mnist(rasterise(found)).tobytes() == wish.picture:
                strokes = found
        self._post(Placed(wish.picture, strokes=strokes, txid=wish.txid))

    def _save(self, save: SaveDrawing) -> None:
        from PIL import Image

        from app.window.model.sheet import Sheet

        sheet = Sheet(SAVED_SIDE)
        sheet.show(save.content, None)
        path = free_name("digit")
        try:
            Image.fromarray(255 - sheet.canvas.pixels).save(path)
        except OSError as error:
            raise InkproofError(
                f"The drawing could not be saved in {path.parent}.",
                why=f"{error.strerror or error}.",
                hint="Free some space, or set INKPROOF_HOME to a folder you can write to.",
            ) from error
        self._post(Said(Notice(f"Saved as {path}", error=False)))


def _kept(txid: str) -> Path:
    """Where the strokes of a submitted drawing are kept."""
    return home() / "drawings" / f"{txid}.json"


def free_name(kind: str) -> Path:
    """A name in the person's folder of pictures that is not taken."""
    folder = home() / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    path = folder / f"{kind}-{stamp}.png"
    number = 2
    while path.exists():
        path = folder / f"{kind}-{stamp}-{number}.png"
        number += 1
    return path
