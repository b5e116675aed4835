"""Who may read and who may write: tokens, never passwords."""

from fastapi import Request

from leyden.history import Ledger
from leyden.model.words import Words
from leyden.web.problems import ApiError

_MISSING = Words(
    "需要令牌:首次启动时打印在终端", "a token is needed; it was printed in the terminal at the first start"
)
_WRONG = Words("令牌无效或已过期", "this token is not valid, or has expired")


class Gate:
    """Checks tokens against the ledger's hashes."""

    def __init__(self, ledger: Ledger, read_open: bool) -> None:
        self.read_open = read_open
        self._ledger = ledger

    def may_read(self, request: Request) -> None:
        """Raise ApiError 401 unless reading is open or the token is right."""
        if not self.read_open:
            self.may_write(request)

    def may_write(self, request: Request) -> None:
        """Raise ApiError 401 unless the token is right."""
        token = _token(request)
        if not token:
            raise ApiError(401, _MISSING)
        if self._ledger.tokens.check(token) is None:
            raise ApiError(401, _WRONG)


def _token(request: Request) -> str:
    """From the header, or, because an EventSource cannot send headers, from the address."""
    header = request.headers.get("authorization", "")
    if header.lower().startswith("bearer "):
        return header[7:].strip()
    return request.query_params.get("token", "")
