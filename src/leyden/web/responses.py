"""Answers that are built by hand."""

from typing import Any

import orjson
from fastapi.responses import Response


def json_response(document: Any) -> Response:
    """JSON without pydantic's detour: these documents are large and already plain."""
    return Response(orjson.dumps(document), media_type="application/json")
