"""A share over a quantity: how limits follow voltages, temperatures, charge."""

from bisect import bisect_right


class Curve:
    """A fraction over a quantity: straight lines between points, held beyond them."""

    def __init__(self, *points: tuple[float, float]) -> None:
        self.points = points
        self._x = tuple(x for x, _ in points)
        whole = [k for k, (_, y) in enumerate(points) if y >= 1.0]
        one_piece = bool(whole) and len(whole) == whole[-1] - whole[0] + 1
        self.whole_from = (float("-inf") if whole[0] == 0 else points[whole[0]][0]) if one_piece else float("inf")
        """Between here and `whole_to` the fraction is 1."""
        self.whole_to = (
            (float("inf") if whole[-1] == len(points) - 1 else points[whole[-1]][0]) if one_piece else -float("inf")
        )

    def at(self, x: float) -> float:
        """The fraction, 0 to 1; nan allows nothing."""
        right = bisect_right(self._x, x)
        if x != x:
            return 0.0
        if right in (0, len(self._x)):
            return self.points[right and -1][1]
        (x0, y0), (x1, y1) = self.points[right - 1], self.points[right]
        return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
