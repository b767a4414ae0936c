"""The proof card: one picture with the drawing, what the judges saw, the verdict, and how to check it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app import models
from app.errors import InkproofError
from app.paths import assets
from app.picture import SIDE
from app.window.model import words
from app.window.model.document import Content
from app.window.model.protocol import MakeCard, Message, Said
from app.window.model.values import Notice
from app.window.view import theme as look
from app.window.workers.files import free_name

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["make_card", "painted"]

SIZE = 1200, 675
"""Width and height: social networks show pictures of this size uncropped."""
_MARGIN = 56
_PAPER = 420
"""Side of the drawing."""


def make_card(request: MakeCard) -> Message:
    """Paint the card and save it in the folder of pictures."""
    path = free_name("proof")
    try:
        # Whole under its name, or not there at all.
        fresh = path.with_suffix(".new")
        painted(request).save(fresh, format="PNG", optimize=True)
        fresh.replace(path)
    except OSError as error:
        raise InkproofError(
            f"The proof card could not be saved in {path.parent}.",
            why=f"{error.strerror or error}.",
            hint="Free some space, or set INKPROOF_HOME to a folder you can write to.",
        ) from error
    return Said(Notice(f"The proof card is {path}", error=False))


def painted(request: MakeCard) -> Image:
    """The card as a picture of SIZE, in the colours of the light theme."""
    from PIL import Image

    card = Image.new("RGB", SIZE, look.LIGHT.panel)
    painter = _Painter(card)
    painter.frame(_MARGIN, _MARGIN, _PAPER, _drawing(request))
    painter.frame(_MARGIN, SIZE[1] - _MARGIN - 84, 84, _pixels(request.picture, 84))
    painter.text(
        (_MARGIN + 104, SIZE[1] - _MARGIN - 84), "What the three machines read:", 19, look.LIGHT.quiet
    )
    painter.text((_MARGIN + 104, SIZE[1] - _MARGIN - 58), "28 x 28 pixels, 784 bytes", 19, look.LIGHT.quiet)
    painter.text((_MARGIN + 104, SIZE[1] - _MARGIN - 32), "inkproof", 22, look.LIGHT.accent, bold=True)
    _facts(painter, request)
    return card


def _facts(painter: _Painter, request: MakeCard) -> None:
    left, colours = _MARGIN + _PAPER + 48, look.LIGHT
    headline, detail = _verdict(request)
    painter.text((left, 52), headline, 46, colours.accent_deep, bold=True)
    painter.text((left, 112), detail, 22, colours.ink)
    top = 168
    for name, value in _rows(request):
        painter.text((left, top), name, 20, colours.quiet)
        painter.text((left + 130, top), value, 20, colours.ink)
        top += 33
    painter.text((left, top + 10), "Transaction", 20, colours.quiet)
    half = len(request.txid) // 2
    painter.text((left + 130, top + 12), request.txid[:half], 19, colours.ink, mono=True)
    painter.text((left + 130, top + 38), request.txid[half:], 19, colours.ink, mono=True)
    side = 176
    code = _code(_address(request), side)
    painter.frame(SIZE[0] - _MARGIN - side, SIZE[1] - _MARGIN - side, side, code)
    base = SIZE[1] - _MARGIN - side
    painter.text((left, base + 22), "Check it yourself", 22, colours.ink, bold=True)
    room = SIZE[0] - _MARGIN - side - 24 - left
    for number, line in enumerate(_how(request)):
        painter.text(
            (left, base + 56 + 28 * number), line, 17, colours.quiet, mono="inspect" in line, width=room
        )


def _verdict(request: MakeCard) -> tuple[str, str]:
    if request.accepted:
        return (
            f"Proved: the model reads {request.claim}",
            "A node ran it inside a Bitcoin contract, and accepted.",
        )
    read = "another digit" if request.digit is None else f"a {request.digit}"
    return "Cheat caught", f"The claim was {request.claim}. A node ran the model, read {read}, and refused."


def _rows(request: MakeCard) -> list[tuple[str, str]]:
    model = request.model or "unknown"
    known = models.figures().get(model)
    size = f", a contract of {known.script_bytes:,} bytes" if known else ""
    block = "not in a block yet" if request.block is None else f"{request.block:,}"
    if not request.accepted:
        block = "none: a refused claim reaches no block"
    rows = [
        ("Model", f"{model}{size}"),
        ("Network", f"{words.network_words(request.network)} ({request.network})"),
        ("Block", block),
    ]
    if request.contract:
        rows.append(("Contract", f"{request.contract[:32]}…"))
    return rows


def _how(request: MakeCard) -> tuple[str, str, str]:
    if not request.accepted:
        return (
            "Draw it, claim it, submit it:",
            "the node refuses it again.",
            "A refused claim is on no chain.",
        )
    where = "on the machine that made it:" if request.network in words.PRACTICE else "on any machine:"
    return (
        f"It can be run again {where}",
        "inkproof inspect TXID",
        "takes it from the chain and runs the Script.",
    )


def _address(request: MakeCard) -> str:
    """What the code says: where the transaction is shown, or its txid."""
    if request.explorer and request.accepted and request.network not in words.PRACTICE:
        return request.explorer.format(request.txid)
    return request.txid


# --- pictures ---


def _drawing(request: MakeCard) -> Image:
    content = request.content
    if content is None or content.empty:
        return _pixels(request.picture, _PAPER)
    return _ink(content)


def _ink(content: Content) -> Image:
    from PIL import Image, ImageOps

    from app.window.model.sheet import Sheet

    sheet = Sheet(_PAPER)
    sheet.show(content, None)
    grey = Image.fromarray(255 - sheet.canvas.pixels)
    return ImageOps.colorize(grey, look.LIGHT.ink, look.LIGHT.paper)


def _pixels(picture: bytes, side: int) -> Image:
    from PIL import Image, ImageOps

    grey = ImageOps.invert(Image.frombytes("L", (SIDE, SIDE), picture))
    small = ImageOps.colorize(grey, look.LIGHT.ink, look.LIGHT.paper)
    return small.resize((side, side), Image.Resampling.NEAREST)


def _code(text: str, side: int) -> Image:
    """A QR code of whole pixels for each module, on paper of `side` pixels."""
    from PIL import Image

    from app.chain.wallet.qr import qr_code

    code, file = qr_code(text), io.BytesIO()
    modules = code.symbol_size(border=2)[0]
    code.save(file, kind="png", scale=max(1, side // modules), border=2)
    paper = Image.new("RGB", (side, side), look.LIGHT.paper)
    found = Image.open(file).convert("RGB")
    start = (side - found.width) // 2
    paper.paste(found, (start, start))
    return paper


@dataclass(frozen=True)
class _Painter:
    """Text and framed pictures on a card."""

    card: Image

    def frame(self, x: int, y: int, side: int, picture: Image) -> None:
        from PIL import ImageDraw

        ImageDraw.Draw(self.card).rectangle((x - 1, y - 1, x + side, y + side), outline=look.LIGHT.line)
        self.card.paste(picture, (x, y))

    def text(
        self,
        place: tuple[int, int],
        words_: str,
        size: int,
        colour: look.Colour,
        *,
        bold: bool = False,
        mono: bool = False,
        width: int = 0,
    ) -> None:
        from PIL import ImageDraw, ImageFont

        face = look.MONO if mono else look.BOLD if bold else look.SANS
        room = width or SIZE[0] - _MARGIN - place[0]
        while size > 10:
            font = ImageFont.truetype(str(assets() / "fonts" / f"{face}.woff"), size)
            if font.getlength(words_) <= room:
                break
            size -= 1
        ImageDraw.Draw(self.card).text(place, words_, font=font, fill=colour)
