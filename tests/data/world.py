"""Pictures of digits as people take, scan and save them: photographs, scans, squared paper, tiny pictures.

`picture(kind, strokes, seed)` gives the bytes of an image file; the same arguments give the same picture.
`KINDS` names the kinds. Sheets are built in a plane of SIDE pixels: paper, printed lines, ink, light; a
photograph is then seen from the side, blurred a little, given noise and saved as JPEG.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from app.drawing.strokes import Stroke, rasterise

Random: TypeAlias = np.random.Generator
Strokes: TypeAlias = Sequence[Stroke]
Colours: TypeAlias = npt.NDArray[np.float64]
"""(H, W, 3), 0 to 255."""
Gray: TypeAlias = npt.NDArray[np.float64]
"""(H, W), 0 to 1."""

SIDE = 640
DIGIT, BLANK, REFUSED = "digit", "blank", "refused"


@dataclass(frozen=True)
class Kind:
    """How a picture is made, and what is expected of reading it: a digit, BlankError, or a refusal."""

    make: Callable[[Strokes, Random], bytes]
    expected: str = DIGIT


def picture(kind: str, strokes: Strokes, seed: int) -> bytes:
    """The image file of one drawn digit seen as `kind`."""
    return KINDS[kind].make(strokes, np.random.default_rng([seed, *kind.encode()]))


# --- ink, paper and light ---


def centred(strokes: Strokes, size: float, at: tuple[float, float], width: float) -> list[Stroke]:
    """The strokes with `size` as the longer side of their box, its middle at `at`, drawn with a pen of
    `width`; all in parts of the sheet."""
    points = np.array([point for stroke in strokes for point in stroke.points])
    low, extent = points.min(axis=0), np.ptp(points, axis=0)
    scale = size / max(float(extent.max()), 1e-6)

    def moved(point: tuple[float, float]) -> tuple[float, float]:
        x, y = (np.array(point) - low - extent / 2) * scale + at
        return float(x), float(y)

    return [Stroke(tuple(moved(point) for point in stroke.points), width) for stroke in strokes]


def ink(
    strokes: Strokes,
    random: Random,
    size: tuple[float, float] = (0.35, 0.6),
    width: tuple[float, float] = (0.012, 0.03),
    side: int = SIDE,
) -> Gray:
    """The coverage of a digit somewhere near the middle of the sheet."""
    share = random.uniform(*size)
    at = 0.5 + random.uniform(-0.5, 0.5, 2) * (0.8 - share)
    placed = centred(strokes, share, (float(at[0]), float(at[1])), random.uniform(*width))
    return rasterise(placed, side) / 255.0


def paper(random: Random, side: int = SIDE) -> Colours:
    """A sheet, white to cream, with a faint texture."""
    colour = np.array([1, random.uniform(0.97, 1), random.uniform(0.9, 1)]) * random.uniform(215, 245)
    return colour + smooth_noise(random, side, 90)[..., None] * 3


def pen_colour(random: Random) -> Colours:
    """Black, dark blue or another dark colour of a pen."""
    choices = [(30, 30, 35), (25, 35, 110), (20, 20, 80), (60, 40, 40), (130, 30, 40)]
    return np.array(choices[random.integers(len(choices))], dtype=float)


def written(sheet: Colours, coverage: Gray, colour: Colours | Sequence[float]) -> Colours:
    """The sheet with ink on it."""
    share = coverage[..., None]
    return sheet * (1 - share) + np.asarray(colour, dtype=float) * share


def smooth_noise(random: Random, side: int, grain: int) -> Gray:
    """Clouds of about `grain` pixels, mean 0 and deviation 1."""
    small = random.normal(0, 1, (max(2, side // grain + 2),) * 2).astype(np.float32)
    return np.asarray(Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC), dtype=float)


def light(random: Random, side: int = SIDE, fall: tuple[float, float] = (0.1, 0.35)) -> Gray:
    """Light that falls off in one direction: 1 at the brightest."""
    y, x = np.mgrid[:side, :side] / side - 0.5
    angle = random.uniform(0, 2 * np.pi)
    slope = (np.cos(angle) * x + np.sin(angle) * y) / 1.42 + 0.5
    return 1 - random.uniform(*fall) * slope


def blurred(values: Gray, radius: float) -> Gray:
    """A Gaussian blur of values from 0 to 1."""
    image = Image.fromarray((np.clip(values, 0, 1) * 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(radius)), dtype=float) / 255


def to_image(colours: Colours) -> Image.Image:
    """The colours as 8 bits."""
    return Image.fromarray(np.clip(np.rint(colours), 0, 255).astype(np.uint8))


def table(random: Random, side: int = SIDE) -> Colours:
    """What a sheet lies on: wood with its grain, or a plain cloth, darker than paper."""
    colours = [(120, 80, 50), (70, 50, 40), (90, 90, 95), (40, 42, 48), (60, 80, 110), (150, 120, 90)]
    base = np.array(colours[random.integers(len(colours))], dtype=float)
    grain = smooth_noise(random, side, 60)
    if random.random() < 0.6:
        rows = np.interp(np.arange(side), np.arange(0, side, 5), random.normal(0, 1, -(-side // 5)))
        bend = np.clip(np.arange(side)[:, None] + 8 * grain, 0, side - 1).astype(int)
        grain = grain * 0.3 + rows[bend]
        grain = grain.T if random.random() < 0.5 else grain
    return base * (1 + 0.09 * grain[..., None])


def photographed(
    sheet: Colours,
    random: Random,
    tilt: float = 0.06,
    around: Colours | None = None,
    zoom: float = 1.0,
    noise: tuple[float, float] = (1.5, 5.0),
) -> bytes:
    """The sheet seen by a camera, as a JPEG: corners moved by up to `tilt` of the side, with `around` to be
    seen beyond its edges where `zoom` is below 1."""
    side = sheet.shape[0]
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], dtype=float) - 0.5
    shift = random.uniform(-0.5, 0.5, 2) * max(0.0, 1 - zoom)
    seen = (corners * zoom + shift + 0.5 + random.uniform(-tilt, tilt, (4, 2)) * zoom) * side
    if around is None:  # nothing beyond the sheet may come into view: the corners move outward
        seen = (corners * (1 + 2 * tilt) + 0.5 + random.uniform(-tilt, tilt, (4, 2))) * side
    image = to_image(sheet).transform(
        (side, side),
        Image.Transform.PERSPECTIVE,
        perspective(seen, (corners + 0.5) * side),
        Image.Resampling.BICUBIC,
    )
    result = np.asarray(image, dtype=float)
    if around is not None:
        full = Image.new("L", (side, side), 255)
        mask = full.transform(
            (side, side), Image.Transform.PERSPECTIVE, perspective(seen, (corners + 0.5) * side)
        )
        share = blurred(np.asarray(mask, dtype=float) / 255, 0.8)[..., None]
        result = result * share + around * (1 - share)
    return shot(result * light(random, side)[..., None], random, noise)


def shot(scene: Colours, random: Random, noise: tuple[float, float] = (1.5, 5.0)) -> bytes:
    """A scene with a camera's blur and noise, as a JPEG."""
    soft = to_image(scene).filter(ImageFilter.GaussianBlur(random.uniform(0.5, 1.4)))
    grain = random.normal(0, random.uniform(*noise), scene.shape)
    return saved(
        to_image(np.asarray(soft, dtype=float) + grain), "JPEG", quality=int(random.integers(75, 93))
    )


def perspective(seen: Colours, flat: Colours) -> list[float]:
    """The eight numbers by which Pillow finds for a point of the picture (`seen`) its place in the plane."""
    rows = []
    for (x, y), (u, v) in zip(seen, flat, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    return [float(value) for value in np.linalg.solve(np.array(rows), flat.ravel())]


def saved(image: Image.Image, format_: str, **options: object) -> bytes:
    """The bytes of the image as a file."""
    file = io.BytesIO()
    image.save(file, format_, **options)
    return file.getvalue()


# --- photographs ---


def plain_photograph(strokes: Strokes, random: Random) -> bytes:
    return photographed(written(paper(random), ink(strokes, random), pen_colour(random)), random)


def on_a_table(strokes: Strokes, random: Random) -> bytes:
    sheet = written(paper(random), ink(strokes, random, width=(0.016, 0.035)), pen_colour(random))
    return photographed(sheet, random, around=table(random), zoom=random.uniform(0.6, 0.9))


def sheet_edge(strokes: Strokes, random: Random) -> bytes:
    """One or two edges of the sheet at the rim of the photograph."""
    size = random.uniform(0.03, 0.15, 2) * (random.random(2) < [0.6, 0.7])
    size[0] = size[0] or (0.0 if size[1] else 0.08)
    sheet = written(paper(random), ink(strokes, random, (0.35, 0.5)), pen_colour(random))
    slope = np.tan(np.radians(random.uniform(-4, 4)))
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    covered = (x - slope * (y - 0.5) > size[0]) & (y + slope * (x - 0.5) > size[1])
    share = np.rot90(blurred(covered.astype(float), 1.0), random.integers(4))[..., None]
    scene = sheet * share + table(random) * (1 - share)
    return shot(scene * light(random)[..., None], random)


def shadow_of_hand(random: Random, soft: tuple[float, float]) -> Gray:
    """A forearm and fingers that come in from one side: 1 in the full shadow."""
    image = Image.new("L", (SIDE, SIDE), 0)
    draw = ImageDraw.Draw(image)
    palm = np.array([random.uniform(0.4, 0.7), random.uniform(0.45, 0.7)]) * SIDE
    root = np.array([random.uniform(0.4, 1.0) * SIDE, SIDE * 1.1])
    draw.line([tuple(root), tuple(palm)], fill=255, width=int(random.uniform(0.16, 0.24) * SIDE))
    draw.ellipse([*(palm - 0.13 * SIDE), *(palm + 0.13 * SIDE)], fill=255)
    for angle in np.radians(np.array([-140, -115, -90, -65]) + random.uniform(-10, 10)):
        tip = palm + np.array([np.cos(angle), np.sin(angle)]) * random.uniform(0.2, 0.32) * SIDE
        draw.line([tuple(palm), tuple(tip)], fill=255, width=int(random.uniform(0.045, 0.07) * SIDE))
    return blurred(np.asarray(image, dtype=float) / 255, random.uniform(*soft))


def empty_with_hand(_strokes: Strokes, random: Random) -> bytes:
    dark = random.uniform(0.2, 0.45) * shadow_of_hand(random, (5, 14))
    return shot(paper(random) * (light(random) * (1 - dark))[..., None], random)


def empty_sheet(_strokes: Strokes, random: Random) -> bytes:
    return photographed(paper(random), random, around=table(random), zoom=random.uniform(0.75, 1.0))


def soft_shadow(strokes: Strokes, random: Random) -> bytes:
    sheet = written(paper(random), ink(strokes, random), pen_colour(random))
    dark = random.uniform(0.2, 0.45) * shadow_of_hand(random, (5, 14))
    return shot(sheet * (light(random) * (1 - dark))[..., None], random)


def hard_shadow(strokes: Strokes, random: Random) -> bytes:
    """A straight, sharp edge of shadow across the digit."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE - 0.5
    angle = random.uniform(0, 2 * np.pi)
    beyond = np.cos(angle) * x + np.sin(angle) * y > random.uniform(-0.08, 0.08)
    dark = random.uniform(0.3, 0.55) * blurred(beyond.astype(float), random.uniform(1, 3))
    sheet = written(paper(random), ink(strokes, random), pen_colour(random))
    return shot(sheet * (light(random) * (1 - dark))[..., None], random)


def flash_spot(strokes: Strokes, random: Random) -> bytes:
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    at, radius = random.uniform(0.2, 0.8, 2), random.uniform(0.08, 0.2)
    spot = np.exp(-(((x - at[0]) ** 2 + (y - at[1]) ** 2) / (2 * radius**2)))
    sheet = written(paper(random) * 0.72, ink(strokes, random, width=(0.016, 0.035)), pen_colour(random))
    lit = sheet * (light(random) + 0.35 * spot)[..., None] + 60 * spot[..., None] ** 2
    return shot(lit, random)


# --- printed lines ---


def squares(random: Random, thick: tuple[float, float], across: bool = True) -> Gray:
    """Ruled lines 1/14 to 1/26 of the sheet apart, or squares with `across`."""
    step, width = SIDE / random.uniform(14, 26), random.uniform(*thick)
    offset = random.uniform(0, step, 2)
    where = np.arange(SIDE)
    lines = [
        np.clip(width / 2 + 0.5 - np.abs((where - o + step / 2) % step - step / 2), 0, 1) for o in offset
    ]
    vertical = lines[1][None, :] if across else np.zeros((1, SIDE))
    return np.maximum(lines[0][:, None], vertical)


def pencil_on_squares(strokes: Strokes, random: Random, across: bool = True) -> bytes:
    lines = squares(random, (1.0, 2.0), across)
    tint = [(120, 150, 205), (140, 145, 150), (130, 175, 165)][random.integers(3)]
    sheet = written(paper(random), lines, tint)
    level = random.uniform(80, 125)
    coverage = ink(strokes, random, width=(0.006, 0.011)) * (0.85 + 0.15 * random.random((SIDE, SIDE)))
    return photographed(
        written(sheet, coverage, (level, level, level + 5)), random, tilt=0.03, noise=(1, 3.5)
    )


def pencil_on_lines(strokes: Strokes, random: Random) -> bytes:
    return pencil_on_squares(strokes, random, across=False)


def red_on_squares(strokes: Strokes, random: Random) -> bytes:
    lines = squares(random, (1.5, 3.0))
    tint = [(70, 90, 160), (90, 90, 100), (60, 110, 130)][random.integers(3)]
    red = (random.uniform(180, 225), random.uniform(25, 60), random.uniform(30, 70))
    sheet = written(written(paper(random), lines, tint), ink(strokes, random, width=(0.014, 0.03)), red)
    return photographed(sheet, random, tilt=0.03, noise=(1, 3.5))


def stripes(strokes: Strokes, random: Random) -> bytes:
    """A striped ground, upright or lying, with the digit darker than both of its shades."""
    period = random.uniform(12, 70)
    wave = np.sin(2 * np.pi * np.arange(300) / period + random.uniform(0, 6)) > random.uniform(-0.4, 0.4)
    low, high = random.uniform(150, 190), random.uniform(215, 250)
    ground = np.where(wave, high, low)[None, :] * np.ones((300, 1))
    ground = ground if random.random() < 0.5 else ground.T
    coverage = ink(strokes, random, (0.5, 0.75), (0.03, 0.06), 300)
    return saved(to_image(written(np.repeat(ground[..., None], 3, axis=2), coverage, (20, 20, 20))), "PNG")


# --- scans and frames ---


def scan(strokes: Strokes, random: Random, drawn: Gray | None = None) -> Colours:
    """A clean scan, with `drawn` (0 to 1) beside the digit in the same ink."""
    colour = pen_colour(random)
    coverage = ink(strokes, random, (0.3, 0.5))
    both = coverage if drawn is None else np.maximum(coverage, drawn)
    return written(np.full((SIDE, SIDE, 3), random.uniform(235, 255)), both, colour)


def black_frame(strokes: Strokes, random: Random) -> bytes:
    result = scan(strokes, random)
    top, bottom, left, right = (
        int(v) for v in random.uniform(0.01, 0.09, 4) * SIDE * (random.random(4) < 0.8)
    )
    frame = np.ones((SIDE, SIDE), bool)
    frame[max(top, 6) : SIDE - bottom, left : SIDE - right] = False
    result[frame] = random.uniform(0, 40)
    return saved(to_image(result), "PNG")


def scanner_strip(strokes: Strokes, random: Random) -> bytes:
    result = scan(strokes, random)
    depth = int(random.uniform(0.02, 0.08) * SIDE)
    fade = np.linspace(random.uniform(0.15, 0.5), random.uniform(0.5, 1.0), depth)
    sides = random.permutation(4)[: random.integers(1, 3)]
    for turn in sides:
        seen = np.rot90(result, turn)
        seen[:, :depth] = seen[:, :depth] * fade[None, :, None]
    return saved(to_image(result + random.normal(0, 1.0, result.shape)), "JPEG", quality=88)


def around_digit(strokes: Strokes, random: Random, shape: str) -> bytes:
    """The digit in a drawn box or circle, or above a line."""
    width = random.uniform(0.008, 0.02)
    size = random.uniform(0.3, 0.45)
    digit = centred(strokes, size, (0.5, 0.5), random.uniform(0.012, 0.025))
    points = np.array([point for stroke in digit for point in stroke.points])
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    gap = random.uniform(0.05, 0.14)
    wobble = random.normal(0, 0.006, (40, 2))
    if shape == "line":
        x = np.linspace(left - gap, right + gap, 12)
        y = bottom + gap * 0.8 + random.uniform(-0.03, 0.03) * np.linspace(-1, 1, 12)
        path = np.stack([x, y], axis=1) + wobble[:12] * 0.4
    elif shape == "box":
        left, top, right, bottom = left - gap, top - gap, right + gap, bottom + gap
        path = (
            np.array([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]) + wobble[:5]
        )
    else:
        turn = np.linspace(0, 2 * np.pi * random.uniform(0.98, 1.05), 40) + random.uniform(0, 6)
        reach = np.hypot(right - left, bottom - top) / 2 + gap * 0.6
        path = 0.5 + reach * np.stack([np.cos(turn), np.sin(turn)], axis=1) * random.uniform(0.95, 1.1, 2)
        path = path + wobble * 0.4
    line = Stroke(tuple((float(x), float(y)) for x, y in path), width)
    sheet = written(paper(random), rasterise([*digit, line], SIDE) / 255.0, pen_colour(random))
    if random.random() < 0.5:
        return saved(to_image(sheet), "PNG")
    return photographed(sheet, random, tilt=0.03)


def in_a_box(strokes: Strokes, random: Random) -> bytes:
    return around_digit(strokes, random, "box")


def in_a_circle(strokes: Strokes, random: Random) -> bytes:
    return around_digit(strokes, random, "circle")


def underlined(strokes: Strokes, random: Random) -> bytes:
    return around_digit(strokes, random, "line")


def punch_holes(strokes: Strokes, random: Random) -> bytes:
    sheet = written(paper(random), ink(strokes, random, (0.3, 0.5)), pen_colour(random))
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    radius, column = random.uniform(0.012, 0.022), random.uniform(0.04, 0.07)
    places = [0.36, 0.64] if random.random() < 0.5 else [0.14, 0.38, 0.62, 0.86]
    holes = sum(np.clip((radius - np.hypot(x - column, y - place)) * SIDE + 0.5, 0, 1) for place in places)
    sheet = written(sheet, np.asarray(holes), np.full(3, random.uniform(10, 90)))
    return saved(to_image(sheet), "PNG") if random.random() < 0.5 else photographed(sheet, random, tilt=0.005)


# --- pixels ---


def tiny(strokes: Strokes, random: Random, side: int, enlarged: bool = False) -> bytes:
    """The digit averaged into side x side pixels, dark on light or light on dark."""
    room = 8 * side
    width = random.uniform(0.9, 1.5) / side
    placed = centred(strokes, random.uniform(0.72, 0.9) - width / 2, (0.5, 0.5), width)
    cover = rasterise(placed, room).reshape(side, 8, side, 8).mean(axis=(1, 3)) / 255
    gray = 255 * (1 - cover) if random.random() < 0.5 else 255 * cover
    image = Image.fromarray(np.rint(gray).astype(np.uint8))
    if enlarged:
        times = int(random.integers(8, 30))
        image = image.resize((side * times, side * times), Image.Resampling.NEAREST)
    return saved(image, "PNG")


def eight_pixels(strokes: Strokes, random: Random) -> bytes:
    return tiny(strokes, random, 8)


def sixteen_pixels(strokes: Strokes, random: Random) -> bytes:
    return tiny(strokes, random, 16)


def sixteen_enlarged(strokes: Strokes, random: Random) -> bytes:
    return tiny(strokes, random, 16, enlarged=True)


def thin_lines(strokes: Strokes, random: Random) -> bytes:
    """28x28 pixels, lines of one pixel without any gray."""
    size = 20 / 28 if random.random() < 0.7 else random.uniform(0.6, 0.9)
    image = Image.new("L", (28, 28), 0)
    draw = ImageDraw.Draw(image)
    for stroke in centred(strokes, size, (0.5, 0.5), 0.03):
        draw.line([(x * 28, y * 28) for x, y in stroke.points], fill=255, width=1)
    return saved(image if random.random() < 0.5 else image.point(lambda v: 255 - v), "PNG")


def dithered(strokes: Strokes, random: Random) -> bytes:
    sheet = written(paper(random), ink(strokes, random, width=(0.02, 0.04)), pen_colour(random))
    return saved(to_image(sheet * light(random)[..., None]).convert("L").convert("1"), "PNG")


def faint_part(strokes: Strokes, random: Random) -> bytes:
    """Half of the path in faint ink, half in dark."""
    placed = centred(strokes, random.uniform(0.5, 0.7), (0.5, 0.5), random.uniform(0.02, 0.035))
    dark, faint = [], []
    for stroke in placed:
        middle = len(stroke.points) // 2
        dark.append(Stroke(stroke.points[: middle + 1], stroke.width))
        faint.append(Stroke(stroke.points[middle:], stroke.width))
    pale = rasterise(faint, SIDE) / 255 * random.uniform(0.22, 0.4)
    sheet = written(paper(random), np.maximum(rasterise(dark, SIDE) / 255, pale), (25, 25, 30))
    return saved(to_image(sheet), "PNG") if random.random() < 0.5 else photographed(sheet, random)


# --- files ---


def cut_jpeg(strokes: Strokes, random: Random) -> bytes:
    """A JPEG that lacks its last bytes, up to a tenth."""
    whole = plain_photograph(strokes, random)
    return whole[: int(len(whole) * random.uniform(0.9, 0.998))]


def blank_first_frame(strokes: Strokes, random: Random) -> bytes:
    """An animation that begins with one or two empty frames."""
    sheet = np.full((SIDE // 2, SIDE // 2, 3), 255.0)
    drawn = written(sheet, ink(strokes, random, side=SIDE // 2), pen_colour(random))
    frames = [to_image(sheet + random.uniform(-3, 0)) for _ in range(random.integers(1, 3))]
    format_ = ["GIF", "WEBP", "PNG"][random.integers(3)]
    options = {"lossless": True} if format_ == "WEBP" else {}
    return saved(frames[0], format_, save_all=True, append_images=[*frames[1:], to_image(drawn)], **options)


KINDS: dict[str, Kind] = {
    "plain photograph": Kind(plain_photograph),
    "on a table": Kind(on_a_table),
    "sheet edge": Kind(sheet_edge),
    "soft shadow": Kind(soft_shadow),
    "hard shadow": Kind(hard_shadow),
    "flash spot": Kind(flash_spot),
    "empty, shadow of a hand": Kind(empty_with_hand, BLANK),
    "empty, on a table": Kind(empty_sheet, BLANK),
    "pencil on squares": Kind(pencil_on_squares),
    "pencil on lines": Kind(pencil_on_lines),
    "red pen on squares": Kind(red_on_squares),
    "stripes": Kind(stripes),
    "black frame": Kind(black_frame),
    "scanner strip": Kind(scanner_strip),
    "in a box": Kind(in_a_box),
    "in a circle": Kind(in_a_circle),
    "underlined": Kind(underlined),
    "punch holes": Kind(punch_holes),
    "8x8 pixels": Kind(eight_pixels),
    "16x16 pixels": Kind(sixteen_pixels),
    "16x16 enlarged": Kind(sixteen_enlarged),
    "28x28 thin lines": Kind(thin_lines),
    "dithered": Kind(dithered),
    "faint part": Kind(faint_part),
    "cut JPEG": Kind(cut_jpeg),
    "blank first frame": Kind(blank_first_frame),
}
