"""Laboratory values in the unit that their name carries.

pint does the arithmetic of dimensions; the conventional molar factors (1 mg/dL bilirubin = 17.1 umol/L) and the
names that pint does not know stand in `vocabulary/units.yaml`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from liverboard.corpus.errors import InputError
from liverboard.corpus.load import SHIPPED, read_yaml

_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_LOWERED = str.maketrans(_SUPERSCRIPTS, "0123456789")
_SIGNIFICANT = 10  # digits kept after a conversion, so that 3.0 mg/dL is 51.3 umol/L and not a hair above it


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, dict[str, float]]]:
    return {row["finding"]: row for row in read_yaml(SHIPPED / "vocabulary" / "units.yaml")}


@lru_cache(maxsize=1)
def _registry() -> Any:
    import pint  # a slow import, needed only when a unit is given

    return pint.UnitRegistry(cache_folder=None)


def to_unit(finding: str, value: float, unit: str, target: str | None, *, field: str) -> float:
    """`value` in `unit`, converted to `target`, the unit of the finding.

    Raises
    ------
    InputError
        The unit is unknown, or means another quantity; names `field` and the units that are accepted.
    """
    row = _table().get(finding, {})
    same = {_plain(name): factor for name, factor in row.get("same", {}).items()}
    molar = {_plain(name): factor for name, factor in row.get("molar_factor", {}).items()}
    written = _plain(unit)
    if written in same:
        return _rounded(value * same[written])
    if target is None:
        raise InputError(field, f"{unit!r} is not a unit of this value.", _accepted(row, target))
    if written == _plain(target):
        return value
    registry = _registry()
    try:
        given = registry.Quantity(value, _for_pint(unit))
        for name, factor in molar.items():
            if given.check("[mass]/[volume]"):
                return _rounded(float(given.to(_for_pint(name)).magnitude) * factor)
        return _rounded(float(given.to(_for_pint(target)).magnitude))
    except Exception as error:  # pint raises many kinds, all of which mean: this unit does not fit
        raise InputError(field, f"{unit!r} cannot be converted to {target}.", _accepted(row, target)) from error


def _accepted(row: dict[str, dict[str, float]], target: str | None) -> str:
    names = list(dict.fromkeys([*([target] if target else []), *row.get("molar_factor", {}), *row.get("same", {})]))
    return f"Accepted: {', '.join(name for name in names if name)}."


def _plain(unit: str) -> str:
    plain = unit.strip().replace("µ", "u").replace("μ", "u").replace("×", "").replace(" ", "").lower()
    return re.sub(f"[{_SUPERSCRIPTS}]+", lambda found: f"^{found[0].translate(_LOWERED)}", plain)


def _for_pint(unit: str) -> str:
    return unit.strip().replace("μ", "u").replace("µ", "u")


def _rounded(value: float) -> float:
    return float(f"{value:.{_SIGNIFICANT}g}")
