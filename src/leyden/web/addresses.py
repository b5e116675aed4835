"""Addresses of the API that are not there, and methods that they do not have, told before anything else is asked."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from leyden.model.words import Words
from leyden.web.problems import refusal

_PREFIX = "/api/"
_UNKNOWN = Words("没有这个接口", "there is no such address")
_METHOD = Words("该接口不支持此方法", "this address has no such method")


class Addresses:
    """Holds every request against what OpenAPI describes: the room's page answers no address of the API.

    A path that is written out goes before one with a name in it: `/api/manual/preview` is never a command's number.
    """

    def __init__(self, app: ASGIApp, paths: Callable[[], Mapping[str, Mapping[str, Any]]]) -> None:
        self._app = app
        self._paths = paths
        self._known: list[tuple[re.Pattern[str], frozenset[str]]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http" and scope["path"].startswith(_PREFIX):
            methods = self._methods(scope["path"])
            if methods is None:
                await refusal(404, _UNKNOWN)(scope, receive, send)
                return
            if scope["method"] not in methods:
                await refusal(405, _METHOD, {"Allow": ", ".join(sorted(methods))})(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _methods(self, path: str) -> frozenset[str] | None:
        """What may be asked of a path, None where there is none such."""
        if not self._known:  # at the first request, when all routes are there
            paths = sorted(self._paths().items(), key=lambda item: item[0].count("{"))
            self._known = [(_pattern(template), _asked(operations)) for template, operations in paths]
        return next((methods for pattern, methods in self._known if pattern.fullmatch(path)), None)


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{[^}]*\}", template)
    return re.compile("[^/]+".join(map(re.escape, parts)))


def _asked(operations: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(method.upper() for method in operations)
