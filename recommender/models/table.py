"""A table of features as models read it: one row a patient, numbers in the unit of the card.

A heading may carry its unit, as in `AFP [ng/mL]`; values are then converted to the unit of the card. The `diagnostics_`
columns that PyRadiomics writes, and all others that the card does not name, are left alone.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from liverboard.corpus.errors import InputError
from liverboard.corpus.units import to_unit
from liverboard.recommender.intake import read_text
from liverboard.recommender.models.card import InputColumn

_UNKNOWN = frozenset({"", "?", "na", "n/a", "nan", "null", "none"})
_WITH_UNIT = re.compile(r"^(?P<name>.*\S)\s*\[(?P<unit>[^\]]+)\]$")


@dataclass(frozen=True)
class Table:
    """Rows of text by column name, with the unit that a heading gave and the name of the file."""

    name: str
    rows: tuple[Mapping[str, str], ...]
    units: Mapping[str, str]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self.units)

    def label(self, row: int, id_column: str | None) -> str:
        """How a row is named in messages and results: its identifier, else its number from 1."""
        return (self.rows[row].get(id_column, "") if id_column else "") or f"row {row + 1}"

    def column(self, name: str, *, unit: str | None = None) -> list[float]:
        """The numbers of one column, in `unit`; unknown values are NaN, and so is a whole column that is absent.

        Raises
        ------
        InputError
            A value that is no number, or a unit that cannot be converted; names column and row.
        """
        if name not in self.units:
            return [math.nan] * len(self.rows)
        given = self.units[name]
        return [self._number(row, number, name, given, unit) for number, row in enumerate(self.rows, 1)]

    def _number(self, row: Mapping[str, str], number: int, name: str, given: str, unit: str | None) -> float:
        text = row[name]
        if text.lower() in _UNKNOWN:
            return math.nan
        field = f"{self.name}: {name}, row {number}"
        try:
            value = float(text)
        except ValueError as error:
            remedy = "Write a number, or leave it empty where it is unknown; write categories as 0 and 1."
            raise InputError(field, f"{text!r} is not a number.", remedy) from error
        if math.isinf(value):
            raise InputError(field, "is infinite.", "Write a finite number, or leave it empty.")
        if not given or not unit or given == unit:
            return value
        return to_unit(name, value, given, unit, field=field)

    def inputs(self, columns: Sequence[InputColumn]) -> list[list[float]]:
        """The values of the card's inputs, one list a row, in the card's order and units."""
        by_column = [self.column(column.name, unit=column.unit) for column in columns]
        return [list(row) for row in zip(*by_column, strict=True)]


def read_table(path: Path) -> Table:
    """A CSV file with a heading row.

    Raises
    ------
    InputError
        Not a table: unreadable, no rows, a heading twice, or a row that is longer than the heading.
    """
    reader = csv.reader(io.StringIO(read_text(path), newline=""))
    try:
        lines = [line for line in reader if any(cell.strip() for cell in line)]
    except csv.Error as error:
        raise InputError(path.name, f"is not a CSV table ({error}).", "Save it as comma-separated values.") from error
    units: dict[str, str] = {}
    for heading in lines[0]:
        found = _WITH_UNIT.match(heading.strip())
        name = found["name"] if found else heading.strip()
        if name in units:
            raise InputError(path.name, f"the column {name!r} stands twice.", "Keep one of them.")
        units[name] = found["unit"].strip() if found else ""
    if len(lines) < 2:
        raise InputError(path.name, "holds no patient.", "Write a heading row and one row a patient.")
    for number, line in enumerate(lines[1:], 1):
        if len(line) > len(units):
            where = f"{path.name}: row {number}"
            raise InputError(where, "has more cells than the heading.", "Quote cells that hold commas.")
    cells = [[*(cell.strip() for cell in line), *[""] * (len(units) - len(line))] for line in lines[1:]]
    rows = [dict(zip(units, line, strict=True)) for line in cells]
    return Table(path.name, tuple(rows), units)
