"""The published weights of the first source: five bytes a number, sign and magnitude, index (j*64 + i)*5."""

import numpy as np
import pytest

from app.errors import ModelError
from app.fixedpoint import quantise
from app.fixedpoint.folded import ActivationLayer, DenseLayer, FlattenLayer
from app.importing.reading import read

HIDDEN = 64


def five_bytes(number):
    """A script number padded to five bytes, in plain Python: what the contract's unpack() reads."""
    return abs(number).to_bytes(4, "little") + (b"\x80" if number < 0 else b"\x00")


def text_of(weights0, biases0, weights1, biases1):
    """A file of that layout, written from the source's description of it: row by row of inputs."""
    parts = {"WEIGHTS_0": weights0, "WEIGHTS_1": weights1, "BIASES_0": [biases0], "BIASES_1": [biases1]}
    lines = ["library ModelParams {"]
    for name, rows in parts.items():
        digits = b"".join(five_bytes(int(number)) for row in rows for number in row).hex()
        lines.append(f"    static bytes {name} = b'{digits}';")
    return "\n".join([*lines, "}"])


@pytest.fixture
def integers():
    random = np.random.default_rng(6)
    shapes = ((784, HIDDEN), (HIDDEN,), (HIDDEN, 10), (10,))
    return [random.integers(-(2**31), 2**31, shape) for shape in shapes]


def test_every_number_comes_back_to_the_last_unit(integers, tmp_path):
    path = tmp_path / "modelParams.scrypt"
    path.write_text(text_of(*integers))
    flatten, first, relu, second = read(path).layers
    assert isinstance(flatten, FlattenLayer) and isinstance(relu, ActivationLayer)
    assert isinstance(first, DenseLayer) and isinstance(second, DenseLayer)
    model = quantise([(first.kernel, first.bias), (second.kernel, second.bias)])
    found = [model.layers[0].weights, model.layers[0].biases, model.layers[2].weights, model.layers[2].biases]
    for one, wanted in zip(found, integers, strict=True):
        assert (one == wanted).all()


def test_the_weight_from_j_to_i_begins_at_five_times_64_j_plus_i(integers, tmp_path):
    path = tmp_path / "anything.txt"
    path.write_text(text_of(*integers))
    digits = path.read_text().split("WEIGHTS_0 = b'")[1].split("'")[0]
    data = bytes.fromhex(digits)
    j, i = 300, 17
    start = (j * HIDDEN + i) * 5
    magnitude = int.from_bytes(data[start : start + 4], "little") | (data[start + 4] & 0x7F) << 32
    number = -magnitude if data[start + 4] & 0x80 else magnitude
    assert read(path, scrypt=True).layers[1].kernel[j, i] == pytest.approx(number / 10**8, rel=1e-12)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace("BIASES_1", "BIAS"), "has no constant BIASES_1"),
        (lambda text: text.replace("BIASES_1 = b'", "BIASES_1 = b'00"), "not made of numbers of 5 bytes"),
        (lambda text: text.replace("BIASES_1 = b'", "BIASES_1 = b'0000000000"), "do not make a model"),
        (lambda text: text.replace("BIASES_1 = b'", "BIASES_1 = b'zz"), "has no constant BIASES_1"),
    ],
)
def test_another_layout_is_refused(change, words, integers, tmp_path):
    path = tmp_path / "modelParams.scrypt"
    path.write_text(change(text_of(*integers)))
    with pytest.raises(ModelError, match=words):
        read(path)
