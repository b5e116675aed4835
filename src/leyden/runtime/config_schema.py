"""JSON Schema of site.toml, so that an editor completes keys, tells meanings, and marks slips while one types."""

from typing import Any

from leyden.control.catalogue import controller_types
from leyden.model.site_tables import THINGS, DeviceTable, GridTable, SiteTable
from leyden.model.table_schema import Schema, table_schema
from leyden.runtime.config import OPTION_KEYS


def config_schema() -> Schema:
    """The whole file; every kind of controller that is installed is in it."""
    named = {"device": DeviceTable} | {kind: table for kind, (table, _) in THINGS.items()}
    properties: Schema = {"site": table_schema(SiteTable), "grid": table_schema(GridTable)}
    properties |= {kind: {"type": "object", "additionalProperties": table_schema(cls)} for kind, cls in named.items()}
    properties |= {key: table_schema(cls) for key, cls in OPTION_KEYS.items()}
    controllers = [_control(use, cls) for use, cls in controller_types().items()]
    properties["control"] = {"type": "array", "items": {"oneOf": controllers}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Leyden site",
        "type": "object",
        "properties": properties,
        "required": ["site", "grid"],
        "additionalProperties": False,
    }


def _control(use: str, cls: type[Any]) -> Schema:
    schema = table_schema(cls)
    schema["properties"] = {"use": {"const": use}, **schema["properties"]}
    schema["required"] = ["use", *schema["required"]]
    return schema
