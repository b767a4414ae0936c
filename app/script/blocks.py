"""An integer model as blocks of a map generator: what is put around a map, sums, and what follows them.

The layout of every map is decided here, before any Script is made. `docs/maps.md` derives it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from app.errors import ScriptError
from app.fixedpoint import (
    Conv2d,
    Depthwise,
    IntegerModel,
    Layer,
    LeakyRelu,
    MaxPool,
    Pad,
    Relu,
    Requantise,
    SumPool,
)
from app.fixedpoint.arithmetic import PIXEL_MAX, Range
from app.script.maps import MapLayout

After = Relu | LeakyRelu | MaxPool | SumPool | Requantise


@dataclass
class Block:
    """`pad`, then `sums`, then the layers `after` them; any of the three may be missing.

    `height`, `width`, `channels`: of the map it reads, without padding. `largest`: of the values it reads,
    for any image, with what is put around them. `place`: of the first layer in the model.
    """

    height: int
    width: int
    channels: int
    largest: int
    place: int
    pad: Pad | None = None
    sums: Conv2d | Depthwise | None = None
    after: list[After] = field(default_factory=list)

    @property
    def padding(self) -> tuple[int, int, int, int]:
        """Rows and columns around the map: top, bottom, left, right."""
        return self.pad.padding if self.pad else (0, 0, 0, 0)

    @property
    def written_out(self) -> bool:
        """Whether the padding is written out; zeros beside a convolution's map need not be."""
        return self.pad is not None and (self.pad.value > 0 or self.sums is None)

    @property
    def made(self) -> int:
        """Channels of the map it makes."""
        return self.sums.filters if self.sums else self.channels

    @property
    def kernel(self) -> tuple[int, int]:
        """Rows and columns of a window of its sums; (1, 1) without."""
        return self.sums.kernel if self.sums else (1, 1)

    @property
    def dense_size(self) -> tuple[int, int]:
        """Rows and columns of its sums at stride 1: every place is computed, whatever the stride."""
        top, bottom, left, right = self.padding
        rows, columns = self.kernel
        return self.height + top + bottom - rows + 1, self.width + left + right - columns + 1

    @property
    def steps(self) -> list[tuple[int, int]]:
        """Strides, in the order of their layers."""
        layers = [self.sums, *self.after]
        return [layer.stride for layer in layers if isinstance(layer, Conv2d | Depthwise | MaxPool | SumPool)]

    @property
    def dilation(self) -> tuple[int, int]:
        """How far apart the values that it makes lie among its sums: the product of its strides."""
        down = right = 1
        for step in self.steps:
            down, right = down * step[0], right * step[1]
        return down, right

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the map it makes."""
        last = next(
            (layer for layer in reversed(self.after) if isinstance(layer, MaxPool | SumPool)), self.sums
        )
        return (last.output_height, last.output_width) if last else self.dense_size


def blocks_of(model: IntegerModel) -> tuple[list[Block], int]:
    """The blocks of a model, and the place of the first layer behind them.

    Raises ScriptError on layers that have no Script where they stand.
    """
    blocks: list[Block] = []
    for place, layer in enumerate(model.layers):
        given = model.ranges[place]
        largest = int(given.high.max())
        if isinstance(layer, Pad) or (isinstance(layer, SumPool) and any(layer.padding)):
            blocks.append(_started(layer, given, place))
            if isinstance(layer, Pad):
                blocks[-1].pad = layer
                blocks[-1].largest = max(largest, layer.value, layer.constant)
            else:
                blocks[-1].pad = Pad(layer.height, layer.width, layer.channels, layer.padding)
                blocks[-1].after.append(layer)
        elif isinstance(layer, Conv2d | Depthwise):
            if not (blocks and blocks[-1].pad and not blocks[-1].sums and not blocks[-1].after):
                blocks.append(_started(layer, given, place))
            blocks[-1].sums = layer
        elif isinstance(layer, MaxPool | SumPool | Relu | LeakyRelu | Requantise):
            if not blocks:
                if not isinstance(layer, MaxPool | SumPool):
                    break
                blocks.append(_started(layer, given, place))
            blocks[-1].after.append(layer)
        else:
            break
        _check_follows(blocks[-1], layer, given)
    else:
        place = len(model.layers)
    for block in blocks:
        if block.sums and not any(isinstance(layer, Relu) for layer in block.after):
            raise ScriptError("There is no Script for a convolution that no ReLU follows.")
    return blocks, place


def _started(layer: Pad | Conv2d | Depthwise | MaxPool | SumPool, given: Range, place: int) -> Block:
    if (given.low < 0).any():
        raise ScriptError(
            f"A {layer.kind} layer in Script reads no negative values.", hint="Put a ReLU before it."
        )
    return Block(layer.height, layer.width, layer.channels, int(given.high.max()), place)


def _check_follows(block: Block, layer: Layer, given: Range) -> None:
    """Refuse layers in an order that the generator does not know."""
    signed = bool(block.sums) and not any(isinstance(step, Relu) for step in block.after)
    if isinstance(layer, MaxPool | SumPool | Requantise) and signed:
        raise ScriptError(f"There is no Script for a {layer.kind} layer before a ReLU.")
    leaky = [step for step in block.after[:-1] if isinstance(step, LeakyRelu)]
    if isinstance(layer, Relu | LeakyRelu) and len(block.after) > 1 and not leaky:
        raise ScriptError(f"There is no Script for a {layer.kind} layer at this place.")


def lane_bytes(model: IntegerModel, blocks: list[Block]) -> int:
    """Whole bytes of the narrowest lane that holds every value of the blocks, wanted or not, with its
    sign."""
    most = PIXEL_MAX
    for block in blocks:
        # Windows that reach over an edge mix values of two rows, so only the largest of all values bounds
        # them.
        bound = block.largest
        if block.sums:
            biases = max(abs(int(bias)) for bias in block.sums.biases)
            bound = max(bound, max(block.sums.l1_norms()) * bound + biases)
        most = max(most, bound)
        for layer in block.after:
            bound = _bound(layer, bound)
            most = max(most, bound)
    return most.bit_length() // 8 + 1  # one bit for the sign


def _bound(layer: After, bound: int) -> int:
    """How large any lane can get in one layer after the sums, if no lane before it passes `bound`."""
    match layer:
        case LeakyRelu():
            return max(bound + layer.offset, (bound >> layer.drop) * layer.numerator)
        case SumPool():
            return bound * layer.size[0] * layer.size[1] * layer.parts
        case Requantise():
            return min(bound >> layer.shift, layer.ceiling)
        case _:
            return bound


@dataclass(frozen=True)
class Geometry:
    """The layouts of one block's maps: as read, with the padding that is written out, of its sums, as made.

    `shift`: pixels of the sums' number before the first window. `lead`: pixels of zeros to put before it, for
    windows that lie in the padding alone. `length`: pixels of the product of a map and the whole kernel.
    """

    reads: MapLayout
    padded: MapLayout
    sums: MapLayout
    makes: MapLayout
    shift: int
    lead: int
    length: int


def geometry(blocks: list[Block], slots: int, size: int) -> list[Geometry]:
    """Layouts of all blocks, for `slots` lanes to a pixel of the image, of `size` bytes each.

    Rows share their gaps: what lies right of a row lies left of the next. A gap is zero, and so it is padding
    without being written out.
    """
    planned = []
    reads = MapLayout(blocks[0].height, _pitch(blocks, 0), slots, size)
    for index, block in enumerate(blocks):
        pitch, (down, right) = reads.width, block.dilation
        top, bottom, left, sideways = block.padding
        padded = reads
        if block.written_out:
            # The last row may share its right padding with a row that is not there.
            over = int(block.width + left + sideways > pitch)
            padded = MapLayout(block.height + top + bottom + over, pitch, slots, size)
            top = left = 0
        rows, columns = block.kernel
        offset = (rows - 1 - top) * pitch + columns - 1 - left
        sums = MapLayout(block.dense_size[0], pitch, slots, size)
        lead, shift = max(0, -offset), max(0, offset)
        product = padded.pixels + (rows - 1) * pitch + columns - 1 + lead
        height, width = block.size
        if (down, right) == (1, 1):
            makes = MapLayout(height, pitch, slots, size)
        else:
            following = _pitch(blocks, index + 1) if index + 1 < len(blocks) else width
            makes = MapLayout(height, following, slots * right, size)
        planned.append(Geometry(reads, padded, sums, makes, shift, lead, max(product, shift + sums.pixels)))
        reads, slots = makes, makes.slots
    return planned


def _pitch(blocks: list[Block], start: int) -> int:
    """Pixels from one row to the next that the blocks from `start` on need until the map is laid out
    again."""
    pitch = 0
    for block in blocks[start:]:
        _, _, left, right = block.padding
        pitch = max(pitch, block.width + max(left, right), block.dense_size[1])
        if block.dilation != (1, 1):
            break
    return pitch
