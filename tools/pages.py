"""Writes the pages of the documentation that follow from the code: the HTTP API, one page for each
device map, and the tables of the battery management.

    python tools/pages.py

A test compares them, so that a page is never older than what it describes.
"""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from leyden.bms.interlocks import load_interlocks
from leyden.bms.page import management_page
from leyden.bms.protection_file import LFP, load_protection
from leyden.devices import load_map, map_names
from leyden.devices.page import device_page
from leyden.model.plant import NullPlant
from leyden.physics import load_cell
from leyden.runtime.clock import SimulatedClock
from leyden.runtime.config import load_config
from leyden.runtime.night import night
from leyden.runtime.wiring import demo_environment, make_station, open_stores
from leyden.web.app import create_app

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"

_HEAD = """# HTTP API

A running site serves this on its own address (`http://127.0.0.1:8420` unless `[web]` says otherwise), with its schema
at `/openapi.json`. Written by `tools/pages.py` from that schema.

{description}

```sh
curl http://127.0.0.1:8420/api/snapshot
curl -H "Authorization: Bearer $LEYDEN_TOKEN" -H "Content-Type: application/json" \\
  -d '{{"target": "b1", "power_w": 500000, "duration_s": 900, "by": "me"}}' http://127.0.0.1:8420/api/manual
```

[People, roles and tokens](guides/users.md) tells who is who. Refusals are `{{"detail": {{"zh": "…", "en": "…"}}}}`: 401
nobody known asks, 403 the role does not reach, 404 there is no such thing, 405 no such method, 409 not as things stand,
413 too large (64 KiB), 422 it makes no sense, 429 too often (`Retry-After` says how many seconds to wait), 503 not just
now.

"""


def api_page(schema: dict[str, Any]) -> str:
    """The page of the HTTP API: every route, then every shape."""
    lines = ["## Routes", "", "| route | what | asks for | role |", "|---|---|---|---|"]
    for path, methods in sorted(schema["paths"].items()):
        for method, operation in methods.items():
            asks = ", ".join(f"`{p['name']}`" for p in operation.get("parameters", [])) or ""
            role = next((scheme["token"][0] for scheme in operation.get("security", [])), "")
            lines.append(f"| `{method.upper()} {path}` | {operation['summary']} | {asks} | {role} |")
    lines += ["", "## Shapes", ""]
    for name, shape in sorted(schema["components"]["schemas"].items()):
        if "properties" in shape and not name.startswith(("HTTP", "Validation")):
            lines += _shape(name.removesuffix("Model"), shape)
    return _HEAD.format(description=schema["info"]["description"].strip()) + "\n".join(lines) + "\n"


def _shape(name: str, shape: dict[str, Any]) -> list[str]:
    rows = [
        f"| `{field}` | {_type(said)} | {said.get('description', '')} |" for field, said in shape["properties"].items()
    ]
    return [
        f"### {name}",
        "",
        shape.get("description", "").strip(),
        "",
        "| field | type | |",
        "|---|---|---|",
        *rows,
        "",
    ]


def _type(said: dict[str, Any]) -> str:
    """A type in a word or two."""
    if "anyOf" in said:
        return " or ".join(_type(one) for one in said["anyOf"])
    if "$ref" in said:
        return str(said["$ref"].rsplit("/", 1)[1].removesuffix("Model"))
    if "enum" in said:
        return ", ".join(f"`{value}`" for value in said["enum"])
    if said.get("type") == "array":
        return f"list of {_type(said['items'])}"
    if said.get("type") == "object" and isinstance(said.get("additionalProperties"), dict):
        return f"by name: {_type(said['additionalProperties'])}"
    return str(said.get("type", "any"))


def api_schema() -> dict[str, Any]:
    """The schema of the API as the demo park serves it."""
    with TemporaryDirectory() as folder:
        config = load_config(ROOT / "sites/park.toml")
        config = replace(config, history=replace(config.history, folder=folder))
        clock = SimulatedClock(datetime(2026, 1, 1, tzinfo=UTC))
        with open_stores(config, simulated=True) as stores:
            station = make_station(config, demo_environment(1.0), clock, NullPlant(), None, stores)
            with night(config, station) as watching:
                app = create_app(config, station, twin_port=config.web.port, watching=watching)
                schema: dict[str, Any] = app.openapi()
                return schema


def pages() -> dict[Path, str]:
    """Every written page by its file."""
    devices = {DOCS / "devices" / f"{name}.md": device_page(load_map(name), "en") for name in map_names()}
    cell = load_cell("lfp-280ah").rating
    table = load_protection(LFP, cell.voltage_min_v, cell.voltage_max_v)
    guide = DOCS / "guides/battery-management.md"
    return {DOCS / "api.md": api_page(api_schema()), guide: management_page(table, load_interlocks()), **devices}


def main() -> None:
    """Write them."""
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
