"""What a Keras file says of its model, as one row of layers: Sequential and functional, of every generation.

The JSON is read as data. Layers that stand inside another model come out with the models around them as their
path.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from app.importing.chain import MOST_LAYERS
from app.importing.refusing import refuse, refuse_layer, shown

__all__ = ["Entry", "entries", "input_dims", "parsed"]

_MODELS = {"Sequential", "Functional", "Model"}
_DEEPEST = 8
_DAMAGED = "Save the model again with Keras, and import that file."
_ONE_ROW = "Only layers in a row can be imported; build the model without branches."


@dataclass(frozen=True)
class Entry:
    """One layer of the description.

    `kind` is Keras's class name. `path`: for each model around it and for itself, the kind, the name, and how
    many layers of that kind stand before it in the same model. `call`: what it is called with besides its
    input (operations only).
    """

    kind: str
    name: str
    config: dict[str, Any]
    path: tuple[tuple[str, str, int], ...]
    call: dict[str, Any] = field(default_factory=dict)

    def number(self, key: str, default: float) -> float:
        """A number from the configuration."""
        value = self.config.get(key, default)
        value = default if value is None else value
        if isinstance(value, dict):  # Keras writes NumPy's numbers as objects
            value = value.get("value", value.get("config", {}).get("value"))
        if isinstance(value, bool) or not isinstance(value, int | float):
            refuse_layer(self.name, f"has no number as its {key}.", _DAMAGED)
        return float(value)

    def pair(self, keys: tuple[str, ...], default: tuple[int, int]) -> tuple[int, int]:
        """Two whole numbers, or one for both, under the first of these keys that is there."""
        value = next((self.config[key] for key in keys if self.config.get(key) is not None), list(default))
        if isinstance(value, int) and not isinstance(value, bool):
            value = [value, value]
        if not isinstance(value, list) or len(value) != 2 or not all(_is_size(one) for one in value):
            refuse_layer(self.name, f"has no pair of sizes as its {keys[0]}.", _DAMAGED)
        return (value[0], value[1])


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10_000


def parsed(text: str) -> dict[str, Any]:
    """The description's JSON. Refuses anything else, however deeply it is nested."""
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError):
        refuse("Its description of the layers is not JSON that can be read.", _DAMAGED)
    if not isinstance(plain, dict):
        refuse("Its description of the layers is not an object.", _DAMAGED)
    return plain


def entries(model: dict[str, Any]) -> list[Entry]:
    """The layers in the order of the data, inner models unfolded."""
    found = []
    for entry in _unfolded(model, (), 0):
        found.append(entry)
        if len(found) > MOST_LAYERS:
            refuse(f"It has more than {MOST_LAYERS} layers.", "No contract could hold it.")
    return found


def input_dims(model: dict[str, Any], row: list[Entry]) -> list[int | None]:
    """The shape of a picture as the file states it, without the batch; 28x28x1 where it does not."""
    for entry in row:
        for key in ("batch_input_shape", "batch_shape"):
            if isinstance(entry.config.get(key), list):
                return _dims(entry.config[key][1:])
        if isinstance(entry.config.get("input_dim"), int):
            return _dims([entry.config["input_dim"]])
    built = _config(model).get("build_input_shape") if isinstance(model.get("config"), dict) else None
    if isinstance(built, list):
        return _dims(built[1:])
    return [28, 28, 1]


def _dims(sizes: list[Any]) -> list[int | None]:
    if len(sizes) > 8 or not all(size is None or _is_size(size) for size in sizes):
        refuse("Its input has no shape that can be read.", _DAMAGED)
    return sizes


def _unfolded(model: dict[str, Any], path: tuple[tuple[str, str, int], ...], index: int) -> Iterator[Entry]:
    if len(path) > _DEEPEST:
        refuse(f"It nests models more than {_DEEPEST} deep.", _ONE_ROW)
    kind = _kind(model)
    if kind not in _MODELS:
        refuse(
            f"It is a {shown(kind)}, a class of its author's own, not a Sequential or functional model.",
            "Build the same layers as a Sequential model, and save that.",
        )
    plain = model["config"]
    layers = plain if isinstance(plain, list) else _config(model).get("layers")
    if not isinstance(layers, list) or not all(isinstance(layer, dict) for layer in layers):
        refuse("Its description lists no layers.", _DAMAGED)
    counted: dict[str, int] = {}
    numbered = []
    for layer in layers:
        of = _kind(layer)
        numbered.append((layer, counted.get(of, 0)))
        counted[of] = counted.get(of, 0) + 1
    if kind != "Sequential" and "output_layers" in _config(model):
        numbered = _in_order(_config(model), numbered)
    for layer, number in numbered:
        of, name = _kind(layer), _name(layer)
        inner = (*path, (of, name, number))
        if of in _MODELS:
            yield from _unfolded(layer, inner, number)
        elif of == "TimeDistributed" or isinstance(_config(layer).get("layer"), dict):
            refuse_layer(name, f"is a {shown(of)} around another layer.", _ONE_ROW)
        else:
            yield Entry(of, name, _config(layer), inner, layer.get("_call", {}))


def _in_order(
    config: dict[str, Any], numbered: list[tuple[dict[str, Any], int]]
) -> list[tuple[dict[str, Any], int]]:
    """From the one output back to the one input. Refuses branches and layers used twice."""
    by_name = {_name(layer): (layer, number) for layer, number in numbered}
    ends = _references(config.get("output_layers"))
    if len(ends) != 1 or len(_references(config.get("input_layers"))) != 1:
        refuse(
            "It has several inputs or outputs.",
            "Only a model with one picture and one answer can be imported.",
        )
    row: list[tuple[dict[str, Any], int]] = []
    name: str | None = ends[0]
    while name is not None:
        if name not in by_name or len(row) > len(by_name):
            refuse("Its layers do not follow one another.", _DAMAGED)
        layer, number = by_name[name]
        before, call = _before(layer, name)
        row.append(({**layer, "_call": call}, number))
        name = before
    return row[::-1]


def _before(layer: dict[str, Any], name: str) -> tuple[str | None, dict[str, Any]]:
    """The one layer whose output this one reads (None for the input), and what else it is called with."""
    nodes = layer.get("inbound_nodes")
    if not isinstance(nodes, list) or not nodes:
        return None, {}
    if len(nodes) > 1 and not isinstance(nodes[0], str):
        first = nodes[0]
        # An operation's single node is written without its own brackets: [["flatten", 0, 0, {...}]].
        if not (isinstance(first, list) and len(first) == 4 and isinstance(first[0], str)):
            refuse_layer(name, "is used more than once.", _ONE_ROW)
    found = _references(nodes)
    if len(found) != 1:
        refuse_layer(name, f"reads {len(found)} other layers.", _ONE_ROW)
    return found[0], _extras(nodes)


def _references(plain: object, depth: int = 0) -> list[str]:
    """Names of layers in a description of nodes: [name, 0, 0] in Keras 1 and 2, keras_history in Keras 3."""
    if depth > 32:
        refuse("Its description is nested too deep.", _DAMAGED)
    if isinstance(plain, dict):
        history = plain.get("keras_history")
        if isinstance(history, list) and history and isinstance(history[0], str):
            return [history[0]]
        return [name for value in plain.values() for name in _references(value, depth + 1)]
    if not isinstance(plain, list):
        return []
    if len(plain) in (3, 4) and isinstance(plain[0], str) and all(isinstance(one, int) for one in plain[1:3]):
        return [plain[0]]
    return [name for value in plain for name in _references(value, depth + 1)]


def _extras(nodes: list[Any]) -> dict[str, Any]:
    """Constants that an operation is called with: {"y": 255.0}, or the second argument as "y"."""
    node: Any = nodes[0]
    if isinstance(node, dict):
        arguments = node.get("args")
        kwargs = node.get("kwargs")
        found = dict(kwargs) if isinstance(kwargs, dict) else {}
        if isinstance(arguments, list) and len(arguments) == 2:
            place = 1 if isinstance(arguments[0], dict) else 0
            found |= {"y": arguments[place], "swapped": place == 0}
        return found
    while isinstance(node, list) and node and isinstance(node[0], list):
        node = node[0]
    last = node[-1] if isinstance(node, list) and node else None
    return dict(last) if isinstance(last, dict) else {}


def _kind(layer: dict[str, Any]) -> str:
    kind = layer.get("class_name")
    if not isinstance(kind, str) or not isinstance(layer.get("config"), dict | list):
        refuse("Its description holds a layer without a class or a configuration.", _DAMAGED)
    return kind.rpartition(">")[2]


def _config(layer: dict[str, Any]) -> dict[str, Any]:
    config = layer.get("config")
    return config if isinstance(config, dict) else {}


def _name(layer: dict[str, Any]) -> str:
    name = _config(layer).get("name") or layer.get("name")
    return name if isinstance(name, str) else str(layer.get("class_name"))
