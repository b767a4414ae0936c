"""The person's files: drawings that are kept, pictures that are saved, chosen in a dialog or pasted."""

from __future__ import annotations

import contextlib
import io
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import InkproofError
from app.paths import home
from app.window.model.document import Content
from app.window.model.protocol import BringBack, DeleteDrawing, Keep, Message, NoDialog, Placed, Said
from app.window.model.values import Notice

if TYPE_CHECKING:
    from app.drawing import Stroke

__all__ = ["bring_back", "choose", "delete", "free_name", "keep", "pasted", "save"]

SAVED_SIDE = 1120


def keep(request: Keep) -> None:
    """Keep the strokes of a drawing that was submitted. InkproofError if they cannot be written."""
    from app.drawing import strokes_to_json

    if request.content.base is not None:
        return
    path = _kept(request.txid)
    try:
        path.parent.mkdir(exist_ok=True, mode=0o700)
        path.write_text(strokes_to_json(request.content.strokes), encoding="ascii")
    except OSError as error:
        raise InkproofError(
            "The strokes of this drawing could not be kept.",
            why=f"{error.strerror or error}.",
            hint="Its picture is in the ledger all the same.",
        ) from error


def bring_back(request: BringBack) -> Message:
    """The drawing of a past verification, ready to be put down."""
    from app.drawing import rasterise, strokes_from_json, to_mnist

    strokes: tuple[Stroke, ...] = ()
    # Only strokes that reproduce exactly this picture are used, whatever the file holds.
    with contextlib.suppress(OSError, InkproofError):
        found = strokes_from_json(_kept(request.txid).read_bytes())
        if to_mnist(rasterise(found)).tobytes() == request.picture:
            strokes = found
    return Placed(request.picture, strokes=strokes, txid=request.txid)


def delete(request: DeleteDrawing) -> Message:
    """Delete the strokes that are kept of a drawing. The transaction holds its 28x28 pixels for good."""
    path = _kept(request.txid)
    stays = "Its 28x28 pixels stay in the ledger and in the transaction."
    try:
        path.unlink()
    except FileNotFoundError:
        return Said(Notice("No strokes of this drawing are kept.", hint=stays, error=False))
    except OSError as error:
        return Said(Notice("The strokes could not be deleted.", f"{error.strerror or error}."))
    return Said(Notice("The strokes of this drawing are deleted.", hint=stays, error=False))


def save(content: Content) -> Message:
    """Write a drawing as PNG. InkproofError if it cannot be written."""
    from PIL import Image

    from app.window.model.sheet import Sheet

    sheet = Sheet(SAVED_SIDE)
    sheet.show(content, None)
    path = free_name("digit")
    try:
        Image.fromarray(255 - sheet.canvas.pixels).save(path)
    except OSError as error:
        raise InkproofError(
            f"The drawing could not be saved in {path.parent}.",
            why=f"{error.strerror or error}.",
            hint="Free some space, or set INKPROOF_HOME to a folder you can write to.",
        ) from error
    return Said(Notice(f"Saved as {path}", error=False))


def free_name(kind: str, suffix: str = ".png") -> Path:
    """A name in the person's folder of pictures that is free. InkproofError without a folder."""
    folder = home() / "pictures"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InkproofError(
            f"The folder {folder} cannot be made.",
            why=f"{error.strerror or error}.",
            hint="Free some space, or set INKPROOF_HOME to a folder you can write to.",
        ) from error
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    path = folder / f"{kind}-{stamp}{suffix}"
    number = 2
    while path.exists():
        path = folder / f"{kind}-{stamp}-{number}{suffix}"
        number += 1
    return path


def _kept(txid: str) -> Path:
    """Where the strokes of a submitted drawing are kept."""
    return home() / "drawings" / f"{txid}.json"


# --- choosing a file ---

_TITLE = "Open a picture of a digit"


def pasted() -> bytes:
    """The picture on the clipboard as a PNG file. InkproofError if there is none, or none can be reached."""
    from PIL import Image, ImageGrab

    try:
        found = ImageGrab.grabclipboard()
    except NotImplementedError as error:
        raise InkproofError(
            "The clipboard's pictures cannot be reached here.",
            hint="Install xclip (X11) or wl-clipboard (Wayland), or drop a file on the window.",
        ) from error
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise InkproofError("The picture on the clipboard cannot be read.", why=f"{error}.") from error
    if not isinstance(found, Image.Image):
        raise InkproofError("There is no picture on the clipboard.", hint="Copy one, or drop a file here.")
    file = io.BytesIO()
    found.save(file, "PNG")
    return file.getvalue()


def choose() -> str | NoDialog:
    """The path that a person chooses in the platform's dialog; empty if none was; NoDialog without one.

    The dialog is a separate program, so it can neither block nor crash the window.
    """
    command = _dialog()
    if command is None:
        return NoDialog()
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return NoDialog()
    if done.returncode > 1:  # 1 is "cancelled"; more, that it could not be opened
        return NoDialog()
    return done.stdout.rstrip("\n")


def _dialog() -> list[str] | None:
    if sys.platform == "darwin":
        return ["osascript", "-e", f'POSIX path of (choose file with prompt "{_TITLE}")']
    if sys.platform == "win32":
        script = (
            "Add-Type -AssemblyName System.Windows.Forms;"
            "$d = New-Object System.Windows.Forms.OpenFileDialog;"
            f"$d.Title = '{_TITLE}';"
            "if ($d.ShowDialog() -eq 'OK') { [Console]::Out.Write($d.FileName) }"
        )
        return ["powershell", "-NoProfile", "-STA", "-Command", script]
    if shutil.which("zenity"):
        return ["zenity", "--file-selection", f"--title={_TITLE}"]
    if shutil.which("kdialog"):
        return ["kdialog", "--title", _TITLE, "--getopenfilename", "."]
    return None
