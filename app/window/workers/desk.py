"""The worker beside the window, in a thread: ink to picture, the integer engine, evidence, and files.

All its work is short or releases the interpreter, so it does not delay the window.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from app import models
from app.errors import BlankError, InkproofError, SeveralDigitsError
from app.picture import SIDE
from app.window.model import protocol as told
from app.window.model.values import Evidence, Neurons, NoDigit, Notice, Reading, Who, entries
from app.window.workers import files, preferences

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from app.fixedpoint import IntegerModel, Sureness
    from app.window.workers.imports import Imports

__all__ = ["Desk"]


class Desk:
    """One thread, one request after the other. `first` is run in it before anything else."""

    def __init__(self, model: str, post: Callable[[told.Message], None], first: Callable[[], None]) -> None:
        self._model = model
        self._post = post
        self._first = first
        self._requests: queue.SimpleQueue[told.Request] = queue.SimpleQueue()
        self._imports: Imports | None = None
        self._thread = threading.Thread(target=self._run, name="window-desk", daemon=True)

    def start(self) -> None:
        """Begin, without waiting."""
        self._thread.start()

    def send(self, request: told.Request) -> None:
        """Give it something to do."""
        self._requests.put(request)

    def ask_to_stop(self) -> None:
        """Ask it to end, without waiting."""
        if self._imports is not None:
            self._imports.stop()
        self._requests.put(told.Stop())

    def end(self, deadline: float) -> bool:
        """Wait until it has ended, at most until `deadline` (time.monotonic). Whether it has."""
        self._thread.join(max(0.0, deadline - time.monotonic()))
        return not self._thread.is_alive()

    def _run(self) -> None:
        self._first()
        # What follows is imported here, in the thread: the first frame does without.
        from app.window.workers.imports import Imports

        self._imports = Imports(self._post)
        work = _Work(self._model, self._post, self._imports)
        while not isinstance(request := self._requests.get(), told.Stop):
            try:
                work.do(request)
            except InkproofError as error:
                self._post(told.Said(Notice(error.what, error.why, error.hint)))
            except Exception as error:  # a bug here must not end the thread, and must not be hidden
                why = f"{type(error).__name__}: {error}."
                self._post(told.Said(Notice("Something in the window went wrong.", why, "Please report it.")))
                if isinstance(request, told.Look):
                    self._post(told.Looked(request.revision, None, "It could not be read."))


class _Work:
    def __init__(self, model: str, post: Callable[[told.Message], None], imports: Imports) -> None:
        # Numpy, Pillow and the engine are imported here, in the thread: the first frame does without.
        from app.drawing import INK_SIDE
        from app.window.model.sheet import Sheet

        self._post = post
        self._imports = imports
        self._sheet = Sheet(INK_SIDE)
        self._model: IntegerModel | None = None
        self._certainty: Sureness | None = None
        self._load(model)
        self._post(told.Models(entries()))

    def _load(self, model: str) -> None:
        from app import fixedpoint

        self._model = None
        self._post(told.LoadProgress(Who.FIXED, f"loading {model}"))
        try:
            known = models.named(model)
            self._model = fixedpoint.load(known.integers_path)
            self._certainty = fixedpoint.load_sureness(known.sureness_path, self._model.sha256)
            self._post(told.Ready(Who.FIXED))
        except InkproofError as error:
            self._post(told.Failed(Who.FIXED, Notice(error.what, error.why, error.hint)))

    def do(self, request: told.Request) -> None:
        match request:
            case told.Look():
                self._look(request)
            case told.Explain():
                self._explain(request)
            case told.SwitchModel(model):
                self._load(model)
            case told.LookAtFile() | told.LookAtClipboard() | told.ChooseFile():
                self._open(request)
            case told.SaveDrawing(content):
                self._post(files.save(content))
            case told.Keep():
                files.keep(request)
            case told.BringBack():
                self._post(files.bring_back(request))
            case told.DeleteDrawing():
                self._post(files.delete(request))
            case told.MakeCard():
                from app.window.workers.proofcard import make_card

                self._post(make_card(request))
            case told.Remember(values):
                preferences.write(values)

    def _look(self, look: told.Look) -> None:
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
            several = isinstance(refused, SeveralDigitsError)
            kind = NoDigit.SEVERAL if several else NoDigit.BLANK
            self._post(told.Looked(look.revision, None, said, no_digit=kind))
            return
        self._post(told.Looked(look.revision, image.tobytes(), "", self._read(image, look.revision)))

    def _read(self, image: NDArray[np.uint8], revision: int) -> Reading | None:
        from app.window.workers.judging import exact_reading

        if self._model is None:
            return None
        reading = self._model.read(image)
        return exact_reading(
            revision,
            reading.digit,
            reading.logits,
            reading.denominator,
            reading.milliseconds,
            self._certainty,
        )

    def _explain(self, request: told.Explain) -> None:
        import numpy as np

        from app.fixedpoint.evidence import evidence, hidden_layer

        if self._model is None:
            return
        image = np.frombuffer(request.picture, np.uint8).reshape(SIDE, SIDE)
        found, hidden = evidence(self._model, image, request.digit), hidden_layer(self._model, image)
        self._post(
            told.Explained(
                Evidence(request.revision, request.digit, found.shares, found.exact),
                Neurons(request.revision, hidden.count, hidden.side, hidden.values),
            )
        )

    def _open(self, request: told.LookAtFile | told.LookAtClipboard | told.ChooseFile) -> None:
        from app.drawing import read_picture
        from app.window.workers.imports import SUFFIXES

        if isinstance(request, told.ChooseFile):
            # The dialog may stay open for long: in a thread of its own it holds up no reading.
            threading.Thread(target=self._choose, name="window-dialog", daemon=True).start()
        elif isinstance(request, told.LookAtClipboard):
            # The program that owns the clipboard may take its time.
            threading.Thread(target=self._paste, name="window-clipboard", daemon=True).start()
        else:
            path = Path(request.path).expanduser()
            if path.suffix.lower() in SUFFIXES:
                self._imports.begin(path)
                return
            found = read_picture(path)
            name = f"Frame {found.frame} of {path.name}" if found.frame > 1 else path.name
            self._post(told.Placed(found.pixels.tobytes(), name))

    def _paste(self) -> None:
        from app.drawing import read_digit_bytes

        try:
            picture = read_digit_bytes(files.pasted(), "The picture on the clipboard")
            self._post(told.Placed(picture.tobytes(), "The picture on the clipboard"))
        except InkproofError as error:
            self._post(told.Said(Notice(error.what, error.why, error.hint)))

    def _choose(self) -> None:
        chosen = files.choose()
        if isinstance(chosen, told.NoDialog):
            self._post(chosen)
        elif chosen:
            try:
                self._open(told.LookAtFile(chosen))
            except InkproofError as error:
                self._post(told.Said(Notice(error.what, error.why, error.hint)))
