"""Writes the tables of keys into docs/guides/your-own-site.md, from the dataclasses that read them.

    python tools/site_tables.py          # write them
    python tools/site_tables.py --check  # fail if they are not what the dataclasses say

In the guide a table stands between `<!-- keys: package.module.Class -->` and `<!-- end -->`; `<!-- controllers -->`
stands for one table a controller.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime, time
from importlib import import_module
from math import inf
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from leyden.control.catalogue import controller_types
from leyden.model.field_docs import field_docs
from leyden.model.quantity import Quantity, example_of, write_quantity
from leyden.model.secret import Secret
from leyden.model.table_fields import bare_hint, items_of, key_of, marks_of, values_of
from leyden.model.table_schema import default_of
from leyden.model.target import DeviceRole, Target
from leyden.model.words import Words

GUIDE = Path(__file__).resolve().parent.parent / "docs/guides/your-own-site.md"
_PLACE = re.compile(r"(?P<start><!-- (?:keys: (?P<cls>[\w.]+)|controllers) -->\n).*?(?P<end><!-- end -->)", re.DOTALL)

_COMMON = {
    "name": "Its name, where two of a kind stand in the file.",
    "every_s": "How often it is asked; every cycle unless said.",
    "keep_raw_s": "How long every reading is kept.",
    "keep_cells_s": "How long frames of cells are kept.",
    "keep_minutes_s": "How long means of a minute are kept.",
}
"""Meanings of fields that say nothing of themselves."""

_KINDS: dict[Any, str] = {
    str: "text",
    bool: "`true` or `false`",
    int: "a whole number",
    float: "a number",
    Path: "a path",
    Words: 'text, or `{ en = "...", zh = "..." }`',
    time: '`"07:00"`',
    date: "`2026-07-15`",
    datetime: '`"2026-07-15 06:00"`',
    Secret: '`{ env = "NAME" }`, `{ secret = "name" }` of secrets.toml, or text that is none',
}


def main() -> None:
    before = GUIDE.read_text("utf-8")
    after = with_tables(before)
    if "--check" in sys.argv and before != after:
        sys.exit(f"{GUIDE.name} does not say what the dataclasses say: run python tools/site_tables.py")
    GUIDE.write_text(after, "utf-8")


def with_tables(text: str) -> str:
    """The guide with every table made anew."""
    return _PLACE.sub(lambda match: match["start"] + "\n" + _made(match["cls"]) + "\n" + match["end"], text)


def _made(cls: str | None) -> str:
    if cls is None:
        return "\n".join(_controllers())
    module, name = cls.rsplit(".", 1)
    return keys_table(getattr(import_module(module), name))


def _controllers() -> Iterator[str]:
    for use, cls in controller_types().items():
        label, doc = cls.label, (cls.__doc__ or "").strip().splitlines()[0]
        yield f"### `{use}` · {label.en} {label.zh}\n\n{doc}\n\n{keys_table(cls)}"


def keys_table(cls: type[Any]) -> str:
    """Key, value, default and meaning of every field, as Markdown."""
    hints, docs = get_type_hints(cls, include_extras=True), field_docs(cls)
    rows = ["| key | value | unless said | meaning |", "|---|---|---|---|"]
    for item in (item for item in fields(cls) if item.init):
        hint = hints[item.name]
        required = item.default is MISSING and item.default_factory is MISSING
        default = default_of(item, hint)
        shown = "**required**" if required else "" if default is None else f"`{_literal(default)}`"
        doc = " ".join(docs.get(item.name, _COMMON.get(item.name, "")).split())
        cells = (f"`{key_of(hint, item.name)}`", value_of(hint), shown, doc)
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else f"{value:g}"


def value_of(hint: Any) -> str:
    """What may stand there, in words."""
    bare = bare_hint(hint)
    for mark in marks_of(hint):
        if isinstance(mark, Quantity):
            return _quantity(mark, bare)
        if isinstance(mark, DeviceRole):
            return f"a device with the role `{mark.role}`"
        if isinstance(mark, Target):
            return " or ".join("`batteries`" if kind == "batteries" else f"a {kind}" for kind in mark.kinds)
    if get_origin(bare) is Literal:
        return " or ".join(f"`{_literal(one)}`" for one in get_args(bare))
    if (item := items_of(bare)) is not None:
        return f"a list of {value_of(item)}"
    if (entry := values_of(bare)) is not None:
        return f"by name, {value_of(entry)}"
    if bare in _KINDS:
        return _KINDS[bare]
    return "`{ ... }`" if is_dataclass(bare) and not hasattr(bare, "from_text") else "text"


def _quantity(quantity: Quantity, bare: Any) -> str:
    example = "1" if bare is int else example_of(quantity.unit).replace(" or ", "` or `")
    low, high = (write_quantity(edge, quantity.unit) for edge in (quantity.low, quantity.high))
    if quantity.low > -inf and quantity.high < inf:
        return f"`{example}`, {low} to {high}"
    if quantity.low > -inf:
        return f"`{example}`, {low} or more"
    return f"`{example}`"


if __name__ == "__main__":
    main()
