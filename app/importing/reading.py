"""Chooses the reader of a file by its first bytes, not by its name."""

from __future__ import annotations

from pathlib import Path

from app.errors import ModelError
from app.importing.chain import Chain
from app.importing.refusing import refuse
from app.importing.scrypt_file import looks_like_scrypt, read_scrypt

__all__ = ["read"]

_HDF5 = b"\x89HDF\r\n\x1a\n"
_BEGINNING = 4096
_READABLE = "A model is imported from .keras and .h5 (Keras), .onnx, or the text modelParams.scrypt."
_AS_KERAS = "Save it with model.save('my_model.keras'), and import that."
_AS_ONNX = "Export it with torch.onnx.export, and import the .onnx file."


def read(path: Path, *, scrypt: bool = False) -> Chain:
    """The layers of a model file. `scrypt`: read it as the published contract's text, whatever it looks like.

    ModelError, in one sentence, for whatever cannot be imported.
    """
    beginning = _begin(path)
    if scrypt or looks_like_scrypt(beginning):
        return read_scrypt(path)
    if beginning.startswith(_HDF5):
        from app.importing.keras_file import read_hdf5

        return read_hdf5(path)
    if beginning.startswith(b"PK"):
        if b"data.pkl" in beginning:
            refuse(
                "It is PyTorch's own format, which holds a program (a pickle); no pickle is opened.", _AS_ONNX
            )
        from app.importing.keras_file import read_archive

        return read_archive(path)
    _refuse_by_its_beginning(beginning)
    if path.suffix.lower() not in (".onnx", ".pb", ""):
        refuse("It is not a kind of model file that is known here.", _READABLE)
    from app.importing.onnx_file import read_onnx

    return read_onnx(path)


def _begin(path: Path) -> bytes:
    if path.is_dir():
        if (path / "saved_model.pb").is_file():
            refuse("It is a SavedModel folder, which holds a program.", _AS_KERAS)
        refuse(f"{path.name} is a folder.", _READABLE)
    if not path.is_file():
        raise ModelError(f"There is no model file {path}.", hint=_READABLE)
    try:
        with path.open("rb") as file:
            beginning = file.read(_BEGINNING)
    except OSError as error:
        raise ModelError(f"The model file {path} cannot be read.", why=f"{error.strerror}.") from error
    if not beginning:
        refuse("It is empty.", "It may have been cut short on its way: fetch it again.")
    return beginning


def _refuse_by_its_beginning(beginning: bytes) -> None:
    """Name the formats that people have and that cannot be read."""
    if beginning[:1] == b"\x80" and beginning[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        refuse(
            "It is a pickle, which is a program; no pickle is opened.",
            f"{_AS_KERAS} From PyTorch: {_AS_ONNX}",
        )
    if beginning[4:8] == b"TFL3":
        refuse("It is a TensorFlow Lite file.", _AS_KERAS)
    if beginning.startswith(b"\x93NUMPY"):
        refuse("It is an array of numbers without a description of layers.", _AS_KERAS)
    if beginning[:1] in (b"{", b"[", b"<") or beginning.startswith((b"version http", b"#")):
        refuse("It is a text, not a model with weights.", _READABLE)
