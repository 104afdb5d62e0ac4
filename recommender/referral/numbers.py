"""Numbers and times as people write them: `1,800`, `3.2x10^5`, `three`, `两`, `十二`, `six weeks ago`, `20个月前`."""

from __future__ import annotations

import re

_ENGLISH = {
    "a": 1, "an": 1, "one": 1, "single": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15,
    "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40,
    "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "dozen": 12,
    "once": 1, "twice": 2, "thrice": 3,
}
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_UNITS = "one|two|three|four|five|six|seven|eight|nine"
_CHINESE = {
    "零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "俩": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9,
}

DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
ENGLISH = (
    rf"\b(?:(?:{_TENS})[- ](?:{_UNITS})|"
    + "|".join(sorted(set(_ENGLISH) - {"a", "an", "single", "once", "twice", "thrice"}, key=lambda w: (-len(w), w)))
    + r")\b"
)
CHINESE = r"[一二两俩三四五六七八九]?十[一二三四五六七八九]?|[一二两俩三四五六七八九]"
ANY = rf"(?:{DIGITS}|{ENGLISH}|{CHINESE})"
COUNT = rf"(?:\d{{1,3}}(?![\d.,]*\d)|{ENGLISH}|{CHINESE})"

_TIME_EN = (
    rf"(?P<en>{DIGITS}|{ENGLISH}|\ba\b|\ban\b|half a|several)[ -]*(?P<half>and a half )?"
    r"(?P<en_unit>day|week|wk|month|mo|year|yr)s?\b"
)
_TIME_ZH = (
    rf"(?P<zh>{DIGITS}|{CHINESE}|半)(?P<zh_half>个半)?\s*(?:个)?"
    r"(?P<zh_unit>天|日|周|星期|月|年)(?P<zh_tail>半)?(?:余|多)?"
)
TIME = re.compile(rf"(?:{_TIME_EN}|{_TIME_ZH})", re.IGNORECASE)

_DAYS = {"day": "day", "天": "day", "日": "day", "week": "week", "wk": "week", "周": "week", "星期": "week",
         "month": "month", "mo": "month", "月": "month", "year": "year", "yr": "year", "年": "year"}


def number(text: str) -> float | None:
    """The number that a word or a row of digits means, or `None`."""
    word = text.strip().lower()
    if re.fullmatch(DIGITS, word):
        return float(word.replace(",", ""))
    if word in _ENGLISH:
        return float(_ENGLISH[word])
    parts = re.split(r"[- ]", word)
    if len(parts) == 2 and all(part in _ENGLISH for part in parts):
        return float(_ENGLISH[parts[0]] + _ENGLISH[parts[1]])
    if re.fullmatch(CHINESE, word):
        tens, ten, units = word.rpartition("十")
        if not ten:
            return float(_CHINESE[word])
        return float((_CHINESE[tens] if tens else 1) * 10 + (_CHINESE[units] if units else 0))
    return {"half a": 0.5, "半": 0.5}.get(word)


def months(match: re.Match[str]) -> float | None:
    """The months of a match of `TIME`; up to a quarter, four weeks are a month, as people reckon."""
    groups = match.groupdict()
    if groups["en"] is not None:
        value, unit = number(groups["en"]), _DAYS[groups["en_unit"].lower()]
        value = value + 0.5 if value is not None and groups["half"] else value
    else:
        value, unit = number(groups["zh"]), _DAYS[groups["zh_unit"]]
        value = value + 0.5 if value is not None and (groups["zh_half"] or groups["zh_tail"]) else value
    if value is None:
        return None
    if unit == "week":
        return round(value / 4, 2) if value <= 13 else round(value * 12 / 52, 1)
    return round({"day": value / 30.4, "month": value, "year": value * 12}[unit], 2)


def weeks(match: re.Match[str]) -> float | None:
    """The weeks of a match of `TIME`."""
    found = months(match)
    if found is None:
        return None
    unit = match.groupdict()["en_unit"] or match.groupdict()["zh_unit"]
    return round(found * 4, 1) if _DAYS[unit.lower()] == "week" and found <= 3.25 else float(round(found * 52 / 12))
