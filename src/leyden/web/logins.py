"""Whether a name and a password belong together, asked no oftener than a person would."""

import asyncio
import unicodedata
from collections.abc import Callable

from leyden.history import Ledger
from leyden.history.ledger import User
from leyden.model.words import Words
from leyden.web.limits import Limits, Mistakes, whole_seconds
from leyden.web.problems import ApiError

_WRONG = Words("用户名或密码错误", "the name or the password is wrong")
_WAIT = Words("尝试次数过多,请在 {wait_s} 后再试", "too many attempts: try again in {wait_s}")
_BUSY = Words("登录请求过多,请稍后再试", "too many people log in at once: try again in a moment")


class Logins:
    """Every try takes as long as any other, whether the name is known or not; mistakes make the next one wait."""

    def __init__(
        self,
        ledger: Ledger,
        limits: Limits,
        clock: Callable[[], float],
        addresses: Mistakes,
        told: Callable[[str], None],
    ) -> None:
        self._ledger = ledger
        self._most = limits.logins_at_once
        self._names = Mistakes(limits.name, clock)
        self._addresses = addresses
        self._told = told
        """Hears of an address from which too much was wrong."""
        self._under_way = 0

    async def verify(self, address: str, name: str, password: str) -> User:
        """Who this is. Raises ApiError 401 where it is nobody, 429 where it comes too soon."""
        key = unicodedata.normalize("NFC", name).casefold()
        if wait_s := max(self._names.wait_s(key), self._addresses.wait_s(address)):
            raise ApiError(429, _WAIT.fill({"wait_s": wait_s}), {"Retry-After": whole_seconds(wait_s)})
        if self._under_way >= self._most:
            raise ApiError(429, _BUSY, {"Retry-After": "1"})
        self._under_way += 1
        try:
            # On a thread: hashing takes a tenth of a second, and the cycle turns on this loop.
            user = await asyncio.to_thread(self._ledger.users.verify, name, password)
        finally:
            self._under_way -= 1
        if user is None:
            waits = [self._names.add(key), self._addresses.add(address)]
            if any(waits):
                self._told(address)
            raise ApiError(401, _WRONG)
        self._names.forget(key)
        return user
