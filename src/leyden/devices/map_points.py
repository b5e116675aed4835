"""The points of a device map, from their tables: places, codings, and what contradicts itself there."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from leyden.devices.codec import FINITE, TYPES, Coding, RegisterType
from leyden.devices.map import Fixed, Model, Place, ReadPoint, RegisterPoint, WritePoint
from leyden.devices.map_tables import (
    FixedTable,
    MapTable,
    PlaceTable,
    PointTable,
    RatedTable,
    RegisterTable,
    TextTable,
    WriteTable,
)
from leyden.model.points import Point
from leyden.model.quantity import QuantityError, parse_quantity
from leyden.model.read_table import TableReader
from leyden.model.toml_lines import Path
from leyden.model.words import Words

_ONE_PLACE = Words("应写 address,或 model 与 offset", "give address, or model and offset")
_AFTER_ID = 2
"""A model starts with its ID and its length; values come behind them."""


@dataclass
class PointReader:
    """Makes points of tables, and tells the reader what is wrong with them."""

    reader: TableReader
    top: MapTable
    models: Mapping[int, Model]

    def read_point(self, about: Point, path: Path, table: PointTable) -> ReadPoint | None:
        """A point of a reading, or None where its problems were told."""
        place = self._place(path, table, TYPES[table.type].words)
        coding = self._coding(path, table, TYPES[table.type], about.unit, self._states(path, table, about))
        for axis in table.stride:
            if axis not in about.array:
                self.reader.unknown((*path, "stride", axis), about.array)
        if place is None or coding is None:
            return None
        return ReadPoint(
            name=about.name,
            unit=about.unit,
            place=place,
            coding=coding,
            words=coding.type.words,
            factor=self._factor(path, table, place),
            usual_factor=table.usual_factor,
            share_of_rating=table.share_of_rating,
            poll=table.poll,
            about=about,
            stride=table.stride,
        )

    def write_point(self, name: str, unit: str, path: Path, table: WriteTable) -> WritePoint | None:
        """Something to write, or None where its problems were told."""
        place = self._place(path, table, TYPES[table.type].words)
        states = {table.on: 1, table.off: 0} if name == "run" else None
        coding = self._coding(path, table, TYPES[table.type], unit, states)
        before = self._fixed((*path, "before"), table.before)
        after = self._fixed((*path, "after"), table.after)
        release = None if table.release is None else self._fixed((*path, "release"), table.release)
        dead_band = self._quantity((*path, "dead_band"), unit, 0.0)
        if dead_band is not None and not dead_band >= 0.0:
            self.reader.tell((*path, "dead_band"), Words("应为零或正数", "expected 0 or more"))
        if place is None or coding is None or dead_band is None:
            return None
        return WritePoint(
            name=name,
            unit=unit,
            place=place,
            coding=coding,
            words=coding.type.words,
            factor=self._factor(path, table, place),
            usual_factor=table.usual_factor,
            share_of_rating=table.share_of_rating,
            before=before,
            after=after,
            release=release,
            read_back=table.read_back,
            volatile=table.volatile,
            dead_band=dead_band,
        )

    def rated_point(self, path: Path, table: RatedTable) -> RegisterPoint | None:
        """Where the device says its rating, or None where its problems were told."""
        place = self._place(path, table, TYPES[table.type].words)
        coding = self._coding(path, table, TYPES[table.type], "W", None)
        if place is None or coding is None:
            return None
        factor = self._factor(path, table, place)
        return RegisterPoint("rated_w", "W", place, coding, coding.type.words, factor, table.usual_factor)

    def text(self, name: str, path: Path, table: TextTable) -> ReadPoint:
        """A string of the device's identity."""
        place = self._place(path, table, table.words) or Place(0)
        return ReadPoint(name=name, unit="", place=place, coding=Coding(TYPES["string"]), words=table.words)

    def _place(self, path: Path, table: PlaceTable, words: int) -> Place | None:
        where = table.table or self.top.table
        if table.address is not None and table.model is None and table.offset is None:
            return Place(table.address, None, where)
        if table.address is not None or table.model is None or table.offset is None:
            self.reader.tell(path, _ONE_PLACE)
            return None
        model = self.models.get(table.model)
        if model is None:
            known = ", ".join(map(str, self.models)) or "-"
            mend = Words(f"应将其加为 [[model]],已有:{known}", f"add it as a [[model]]; there are: {known}")
            self.reader.tell((*path, "model"), mend)
            return None
        if not _AFTER_ID <= table.offset <= model.length + _AFTER_ID - words:
            last = model.length + _AFTER_ID - words
            mend = Words(f"应在 {_AFTER_ID} 与 {last} 之间", f"expected {_AFTER_ID} to {last}")
            self.reader.tell((*path, "offset"), mend)
        return Place(table.offset, model.id, where)

    def _factor(self, path: Path, table: RegisterTable, place: Place) -> Place | None:
        return self._factor_at(path, table.scale_factor, place)

    def _factor_at(self, path: Path, register: int | None, place: Place) -> Place | None:
        if register is None:
            return None
        model = None if place.model is None else self.models[place.model]
        if model is not None and not _AFTER_ID <= register < model.length + _AFTER_ID:
            last = model.length + _AFTER_ID - 1
            mend = Words(f"应在 {_AFTER_ID} 与 {last} 之间", f"expected {_AFTER_ID} to {last}")
            self.reader.tell((*path, "scale_factor"), mend)
        return Place(register, place.model, place.table)

    def _coding(
        self, path: Path, table: RegisterTable, kind: RegisterType, unit: str, states: Mapping[int, int] | None
    ) -> Coding | None:
        scale = self._scale(path, "" if table.share_of_rating else unit)
        low = -FINITE if table.low is None else table.low
        high = FINITE if table.high is None else table.high
        if not low < high:
            self.reader.tell((*path, "low"), Words("low 应小于 high", "low must be below high"))
        if scale is None:
            return None
        sunspec = self.top.missing == "sunspec" or (self.top.missing is None and bool(self.models))
        missing = table.missing if table.missing is not None else (kind.missing,) if sunspec else ()
        if kind.kind == "float" and not missing:
            missing = (kind.missing,)  # every float can say nan
        return Coding(
            type=kind,
            low_word_first=(table.word_order or self.top.word_order) == "low-first",
            scale=scale,
            sign=table.sign,
            add=table.add,
            missing=tuple(bits & (1 << kind.bits) - 1 for bits in missing),
            states=states,
            low=low,
            high=high,
        )

    def _scale(self, path: Path, unit: str) -> float | None:
        """What one count is worth: a number in SI, or a quantity in the point's own unit, "0.1 V"."""
        value = self._quantity((*path, "scale"), unit, 1.0)
        if value is not None and not 0.0 < value <= FINITE:
            mend = Words("应为正数;反号用 sign = -1", "expected a number above 0; sign = -1 turns it round")
            self.reader.tell((*path, "scale"), mend)
            return None
        return value

    def _quantity(self, at: Path, unit: str, otherwise: float) -> float | None:
        """A number in SI, or a quantity in a point's own unit; -1 where it is neither."""
        if not self.reader.file.has(at):
            return otherwise
        written = self.reader.file.get(at)
        if isinstance(written, str):
            try:
                return parse_quantity(written, unit)
            except QuantityError as error:
                self.reader.tell(at, error.mend)
                return None
        return float(written) if isinstance(written, int | float) and not isinstance(written, bool) else -1.0

    def _states(self, path: Path, table: PointTable, about: Point) -> Mapping[int, int] | None:
        """Number in the device -> canonical state; the file says it the other way round, as `running = [3, 4]`."""
        known = {state.name.lower(): int(state) for state in about.states or () if isinstance(state, IntEnum)}
        if table.states is None:
            if known:
                names = ", ".join(known)
                mend = Words(f"应说明各状态的数值:{names}", f"say which numbers mean which state: {names}")
                self.reader.tell((*path, "states"), mend)
            return None
        if TYPES[table.type].kind == "float":
            self.reader.tell((*path, "type"), Words("状态应为整数类型", "a state needs a whole-number type"))
        for name in table.states:
            if name not in known:
                self.reader.unknown((*path, "states", name), tuple(known))
        return {raw: known[name] for name, raws in table.states.items() if name in known for raw in raws}

    def _fixed(self, path: Path, tables: tuple[FixedTable, ...]) -> tuple[Fixed, ...]:
        found = []
        for index, table in enumerate(tables):
            kind, at = TYPES[table.type], (*path, index)
            if (table.value is None) == (table.lasts_s is None):
                self.reader.tell(at, Words("应写 value,或 lasts", "give value, or lasts"))
            if (place := self._place(at, table, kind.words)) is not None:
                factor = self._factor_at(at, table.scale_factor, place)
                low_first = self.top.word_order == "low-first"
                found.append(Fixed(place, table.value or 0, kind, low_first, factor, table.lasts_s))
        return tuple(found)
