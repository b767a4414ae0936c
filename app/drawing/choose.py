"""Which marks of a picture are the digit, and which are the sheet's edge, a box, a line below, or a hole.

Lengths are parts of the picture's longer side unless said otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.drawing.morphology import Mask, Values, enlarged, grown, pooled
from app.drawing.pieces import Piece, label, pieces_of

__all__ = ["Chosen", "choose", "connected"]

GRID = 320  # longer side of the picture in which pieces are told apart
RIM = 0.012  # a piece that comes nearer to the rim than this touches it
LEAST = 0.05  # a shorter piece is no digit
CUT, CUT_LEVEL = 0.2, 100.0  # least height and level of a digit that touches the rim
SOFT = 0.2  # of its contrast: an edge that falls by less than this over two pixels is a shadow's
EDGE = 0.4  # of a piece, along which the paper is brighter on one side: more is the edge of a sheet
DARKER = 0.4  # of the brightness of the digit's paper: a mark on anything darker lies beside the sheet
PALER = 0.45  # of the digit's level: a piece that is paler is something else
# Parts of the size of another piece:
FOOT = 0.05  # a line below is at least so far away, or longer than the digit is high
SLENDER = 0.5  # a one is narrower than this part of its height
INSIDE = 0.3  # a piece in a box or circle is at least so high
NEAR = 1.1  # what lies farther from the digit than this times its size does not belong to it
CRUMB_NEAR = 0.3  # the same for a piece of less than CRUMB of its size
CRUMB = 0.35


@dataclass(frozen=True)
class Chosen:
    """The pixels of the digit, and whether marks were left out because they touch the rim of the picture."""

    mask: Mask
    at_rim: bool


def choose(mark: Values, low: float, paper: Values | None = None) -> Chosen:
    """The marks (H, W) of at least `low` that are the digit: an empty mask where there are none.

    On a photograph or a scan `paper` is the brightness (H, W) of the paper around each pixel. Then whatever
    runs along the rim, has soft edges or lies at the edge of a sheet is no digit.
    """
    view = _view(mark, low, paper)
    pieces = view.pieces
    large = [piece for piece in pieces if piece.longer >= LEAST * view.side]
    inner = [piece for piece in large if not _at_rim(piece, view)]
    at_rim = len(inner) < len(large)
    if paper is not None:
        sheet = DARKER * float(np.percentile(paper, 85))
        large = [piece for piece in large if _is_sharp(piece, view) and not _is_edge(piece, view)]
        large = [piece for piece in large if _brightness(piece, view) >= sheet]
        inner = [piece for piece in large if piece in inner]
        # If there is nothing else, ink that leaves the picture on one side is a digit that was cut off.
        large = inner or [piece for piece in large if _is_cut(piece, view)]
    elif any(piece.longer >= 0.1 * view.side for piece in inner):
        large = inner
    for rule in (_without_enclosing, _without_holes, _without_underline):
        large = rule(large, view)
    if not large:
        return Chosen(np.zeros(mark.shape, bool), at_rim)
    main = max(large, key=lambda piece: _merit(piece, view))
    left_out = {piece.label for piece in pieces if piece.longer >= LEAST * view.side} - {
        p.label for p in large
    }
    kept = [piece for piece in pieces if piece.label not in left_out and _belongs(piece, main, view)]
    chosen = np.isin(view.labels, [piece.label for piece in kept])
    others = (view.labels > 0) & ~chosen
    # The pale rim of a stroke lies below `low`: it goes with its stroke.
    return Chosen(enlarged(grown(chosen, 2) & ~grown(others, 1) | chosen, view.factor, mark.shape), at_rim)


def connected(mark: Values, low: float, seed: Mask) -> Mask:
    """The marks (H, W) of at least `low` that are connected to marks within `seed`."""
    factor = max(1, -(-max(mark.shape) // GRID))
    labels = label(pooled(mark, factor) >= low)
    touched = np.unique(labels[pooled(seed.astype(np.float32), factor) > 0])
    found = enlarged(np.isin(labels, touched[touched > 0]), factor, mark.shape)
    return found & (mark >= low)


@dataclass(frozen=True)
class _View:
    """The marks reduced by `factor` and in pieces; the paper, and where it has an edge, likewise if known."""

    labels: npt.NDArray[np.int64]
    pieces: list[Piece]
    full: Values
    factor: int
    side: int
    paper: Values | None
    edges: Values | None

    def pixels(self, piece: Piece) -> Mask:
        """The pixels of the piece within its box."""
        return self.labels[piece.top : piece.bottom, piece.left : piece.right] == piece.label

    def level(self, piece: Piece) -> float:
        """The mean mark of the piece."""
        return piece.mass / max(1, int(self.pixels(piece).sum()))

    def on(self, values: Values, piece: Piece) -> Values:
        """The values at the pixels of the piece."""
        return values[piece.top : piece.bottom, piece.left : piece.right][self.pixels(piece)]


def _view(mark: Values, low: float, paper: Values | None) -> _View:
    factor = max(1, -(-max(mark.shape) // GRID))
    small = pooled(mark, factor)
    labels = label(small >= low)
    if paper is not None:
        labels[(np.bincount(labels.ravel()) < 4)[labels]] = 0
    pieces = pieces_of(labels, np.clip(small, 0, 255).astype(np.uint8))
    pieces = [piece for piece in pieces if piece.mass > 0]
    bright = edges = None
    if paper is not None:
        bright = pooled(paper, factor)
        near = np.pad(bright, 3, mode="edge")
        across = np.abs(near[3:-3, 6:] - near[3:-3, :-6])
        down = np.abs(near[6:, 3:-3] - near[:-6, 3:-3])
        edges = np.maximum(across, down)
    return _View(labels, pieces, mark, factor, max(small.shape), bright, edges)


def _brightness(piece: Piece, view: _View) -> float:
    """Of the paper under the piece."""
    return 0.0 if view.paper is None else float(np.median(view.on(view.paper, piece)))


def _is_edge(piece: Piece, view: _View) -> bool:
    """Whether the paper on one side of the piece is much brighter than on the other, along most of it."""
    if view.edges is None:
        return False
    return bool((view.on(view.edges, piece) > max(25.0, 0.3 * view.level(piece))).mean() > EDGE)


def _sides(piece: Piece, view: _View) -> int:
    """How many sides of the picture the piece touches."""
    height, width = view.labels.shape
    rim = max(1, round(RIM * view.side))
    return sum((piece.left < rim, piece.top < rim, piece.right > width - rim, piece.bottom > height - rim))


def _at_rim(piece: Piece, view: _View) -> bool:
    return _sides(piece, view) > 0


def _is_cut(piece: Piece, view: _View) -> bool:
    """Whether the piece may be a digit that touches the rim: large, dark, and at one side only."""
    return _sides(piece, view) == 1 and piece.height >= CUT * view.side and view.level(piece) >= CUT_LEVEL


def _is_sharp(piece: Piece, view: _View) -> bool:
    """Whether most of the edge of the piece is as sharp as that of ink."""
    mark, factor = view.full, view.factor
    top, left = piece.top * factor, piece.left * factor
    area = mark[top : piece.bottom * factor + 2, left : piece.right * factor + 2]
    if min(area.shape) < 4:
        return True
    across = np.abs(area[:, 2:] - area[:, :-2])[1:-1]
    down = np.abs(area[2:] - area[:-2])[:, 1:-1]
    fall = np.maximum(across, down)
    inside = enlarged(view.pixels(piece), factor, (area.shape[0], area.shape[1]))
    inside = np.pad(inside, ((0, area.shape[0] - inside.shape[0]), (0, area.shape[1] - inside.shape[1])))
    seen = fall[inside[1:-1, 1:-1]]
    if not seen.size:
        return True
    level = float(np.percentile(area[inside], 90))
    return float(np.percentile(seen, 80)) >= SOFT * level


def _merit(piece: Piece, view: _View) -> float:
    """Larger, darker and more central pieces first."""
    height, width = view.labels.shape
    away = np.hypot((piece.left + piece.right) / width - 1, (piece.top + piece.bottom) / height - 1)
    return float(piece.longer * view.level(piece) * (1 - 0.4 * min(1.0, away)))


def _belongs(piece: Piece, main: Piece, view: _View) -> bool:
    if piece is main:
        return True
    near = NEAR if piece.longer >= CRUMB * main.longer else CRUMB_NEAR
    if piece.gap(main) > near * main.longer:
        return False
    if view.paper is None:
        return True
    same_sheet = _brightness(piece, view) >= DARKER * _brightness(main, view)
    return same_sheet and view.level(piece) >= PALER * view.level(main)


# --- what surrounds a digit ---


def _without_enclosing(pieces: list[Piece], view: _View) -> list[Piece]:
    """Without boxes and circles: pieces with another piece inside that is no dot and no slash of a zero."""
    frames = {outer.label for outer in pieces for inner in pieces if _encloses(outer, inner, view)}
    return [piece for piece in pieces if piece.label not in frames]


def _encloses(outer: Piece, inner: Piece, view: _View) -> bool:
    if inner.height < INSIDE * outer.height or inner is outer:
        return False
    if not (outer.left < inner.left and inner.right < outer.right):
        return False
    if not (outer.top < inner.top and inner.bottom < outer.bottom):
        return False
    row, column = (inner.top + inner.bottom) // 2, (inner.left + inner.right) // 2
    line = view.labels == outer.label
    around = (
        line[row, : inner.left].any(),
        line[row, inner.right :].any(),
        line[: inner.top, column].any(),
        line[inner.bottom :, column].any(),
    )
    return all(around) and not _is_slash(inner, view)


def _is_slash(piece: Piece, view: _View) -> bool:
    """Whether the piece is a straight line that leans too far to be a one."""
    lean, thickness = _axis(piece, view)
    return thickness < 0.06 and lean > np.radians(28)


def _axis(piece: Piece, view: _View) -> tuple[float, float]:
    """How far the longest axis of the piece leans from upright, 0 to pi/2, and its deviation across that axis
    as a part of its length."""
    points = np.argwhere(view.pixels(piece)).astype(float)
    if len(points) < 3:
        return 0.0, 1.0
    values, axes = np.linalg.eigh(np.cov(points.T))
    down, right = axes[:, 1]
    lean = float(np.arctan2(abs(right), abs(down)))
    return lean, float(np.sqrt(max(values[0], 0.0)) / max(piece.longer, 1))


def _without_holes(pieces: list[Piece], view: _View) -> list[Piece]:
    """Without punch holes: small solid discs apart from a larger piece."""
    holes = [piece for piece in pieces if _is_disc(piece, view) and piece.longer < 0.08 * view.side]
    rest = [piece for piece in pieces if piece not in holes]
    return rest or pieces


def _is_disc(piece: Piece, view: _View) -> bool:
    square = min(piece.width, piece.height) > 0.75 * piece.longer
    return square and float(view.pixels(piece).mean()) > 0.65


def _without_underline(pieces: list[Piece], view: _View) -> list[Piece]:
    """Without a line below all others that is as wide as they are."""
    for line in pieces:
        others = [piece for piece in pieces if piece is not line and not _is_lying_line(piece, view)]
        if not others or not _is_lying_line(line, view):
            continue
        bottom = max(piece.bottom for piece in others)
        left, right = min(piece.left for piece in others), max(piece.right for piece in others)
        height = bottom - min(piece.top for piece in others)
        # The foot of a one, which is slender, is as wide, but nearer and shorter.
        slender = right - left < SLENDER * height
        apart = not slender or line.top - bottom >= FOOT * height or line.width > height
        wide = line.width >= 0.7 * (right - left) and line.width > 0.25 * height
        if wide and apart and line.bottom > bottom:
            return [piece for piece in pieces if piece is not line]
    return pieces


def _is_lying_line(piece: Piece, view: _View) -> bool:
    lean, thickness = _axis(piece, view)
    return piece.width > 3 * piece.height and thickness < 0.08 and lean > np.radians(65)
