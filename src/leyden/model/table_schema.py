"""JSON Schema of a table, from the annotations that the reader obeys: editors complete and check while one types."""

import re
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, datetime, time
from math import isfinite
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from leyden.model.field_docs import field_docs
from leyden.model.quantity import Quantity, units_of, write_quantity
from leyden.model.secret import Secret
from leyden.model.table_fields import bare_hint, items_of, key_of, marks_of, quantity_of, values_of
from leyden.model.words import Words

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_WORDS: Schema = {
    "anyOf": [
        _TEXT,
        {"type": "object", "properties": {"en": _TEXT, "zh": _TEXT}, "additionalProperties": False, "minProperties": 1},
    ]
}
_SCALARS: Mapping[Any, Schema] = {
    str: _TEXT,
    Path: _TEXT,
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    Words: _WORDS,
    time: {"type": "string", "pattern": r"^\d\d:\d\d(:\d\d)?$"},
    date: {"type": "string"},
    datetime: {"type": "string"},
}


def table_schema(cls: type[Any]) -> Schema:
    """The schema of the table that is read as `cls`; keys, meanings, units, defaults."""
    hints = get_type_hints(cls, include_extras=True)
    docs = field_docs(cls)
    properties, required = {}, []
    for item in (item for item in fields(cls) if item.init):
        hint = hints[item.name]
        key = key_of(hint, item.name)
        properties[key] = _described(_value_schema(hint), docs.get(item.name, ""), default_of(item, hint))
        if item.default is MISSING and item.default_factory is MISSING:
            required.append(key)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def default_of(item: "Field[Any]", hint: Any) -> Any:
    """The default as it would be written in a file; None where there is none or where it is left out."""
    value = item.default
    quantity = quantity_of(hint)
    if value is MISSING or value is None:
        return None
    if quantity is not None and quantity.unit and isinstance(value, float):
        return write_quantity(value, quantity.unit)
    if isinstance(value, time | date | Path):
        return str(value)
    return value if isinstance(value, str | bool | int | float) and value == value else None


def _described(schema: Schema, doc: str, default: Any) -> Schema:
    found = dict(schema)
    if doc:
        found["description"] = doc
    if default is not None:
        found["default"] = default
    return found


def _value_schema(hint: Any) -> Schema:
    bare = bare_hint(hint)
    for mark in marks_of(hint):
        if isinstance(mark, Quantity):
            return _quantity_schema(mark, bare)
    if get_origin(bare) is Literal:
        return {"enum": list(get_args(bare))}
    if (item := items_of(bare)) is not None:
        return {"type": "array", "items": _value_schema(item)}
    if (entry := values_of(bare)) is not None:
        return {"type": "object", "additionalProperties": _value_schema(entry)}
    if bare in _SCALARS:
        return _SCALARS[bare]
    if is_dataclass(bare) and isinstance(bare, type) and not hasattr(bare, "from_text"):
        return table_schema(bare)
    if bare is Secret:
        return {"anyOf": [_TEXT, table_schema(Secret)]}
    return _TEXT


def _quantity_schema(quantity: Quantity, bare: Any) -> Schema:
    """Text with a unit; ratios and counts may be bare numbers, whose range can be said."""
    units = "|".join(re.escape(unit) for unit in units_of(quantity.unit) if unit)
    text = {"type": "string", "pattern": rf"^\s*[+-]?[0-9.]+([eE][+-]?[0-9]+)?\s*({units})\s*$"}
    if quantity.unit:
        return text
    number: Schema = {"type": "integer" if bare is int else "number"}
    if isfinite(quantity.low):
        number["minimum"] = quantity.low
    if isfinite(quantity.high):
        number["maximum"] = quantity.high
    return number if bare is int else {"anyOf": [number, text]}
