"""Where a question's intervention, comparator and outcome are named in a sentence."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from liverboard.indexer.extraction.lexicon import word_set

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*|\d+(?:[.,·]\d+)*|[\u4e00-\u9fff]|[<>=≤≥%±]")
_SUFFIX = re.compile(r"(?<=\w{3})(?:ations?|ating|ated|ates?|ative|ions?|ings?|ed|es|e|ly|al|ive|ics?|ity|ies|y)$")
_LETTERED = re.compile(r"\b(?:groups?|arms?|drug|treatment|regimen|cohort)\s+([A-Za-z0-9])\b", re.IGNORECASE)
_SHORT_FORM = re.compile(r"\(\s*(?P<short>[A-Z][A-Za-z0-9+/-]{1,9})\s*(?:[,;:)])")

INTERVENTION, COMPARATOR, OUTCOME = "I", "C", "O"


@dataclass(frozen=True)
class Token:
    """A word of a sentence: as written in lower case, its stem, and where it starts."""

    word: str
    stem: str
    start: int


@dataclass(frozen=True)
class Question:
    """What is asked of an abstract: did the intervention, against the comparator, change the outcome?"""

    intervention: str
    comparator: str
    outcome: str


@dataclass(frozen=True)
class Names:
    """Stems that name each part of a question in one abstract; what two arms share names neither."""

    intervention: frozenset[str]
    comparator: frozenset[str]
    outcome: frozenset[str]
    outcome_core: frozenset[str]


@lru_cache(maxsize=4096)
def tokens(text: str) -> tuple[Token, ...]:
    """Words, numbers, comparison signs and Chinese characters of a text."""
    return tuple(Token(m[0].lower(), stem(m[0]), m.start()) for m in _WORD.finditer(text))


@cache
def stem(word: str) -> str:
    """A light stem: plural and one suffix away, British and American spelling as one."""
    word = word.lower().replace("tumour", "tumor").replace("haem", "hem").replace("aemi", "emi").replace("oed", "ed")
    if any(c.isdigit() for c in word) or len(word) < 4:
        return word
    if word.endswith("ies"):
        word = word[:-3] + "y"
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    return _SUFFIX.sub("", word)


def names(question: Question, abstract: str) -> Names:
    """The stems that name intervention, comparator and outcome, with the short forms that the abstract defines."""
    short = short_forms(abstract)
    intervention = _with_short(_content(question.intervention), short)
    comparator = _with_short(_content(question.comparator), short)
    shared = intervention & comparator
    outcome = _with_short(_content(question.outcome), short)
    little = {stem(w) for w in word_set("outcome_words_that_say_little")}
    return Names(
        intervention=(intervention - shared) - outcome,
        comparator=(comparator - shared) - outcome,
        outcome=outcome,
        outcome_core=(outcome - little) or outcome,
    )


def short_forms(text: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """Short forms that a text defines in brackets, each with the stems of its long form."""
    found = []
    for match in _SHORT_FORM.finditer(text):
        letters = [c for c in match["short"].lower() if c.isalpha()]
        before = [t for t in tokens(text[max(0, match.start() - 120) : match.start()]) if t.word[0].isalpha()]
        long = _long_form(letters, before)
        if long:
            found.append((match["short"].lower(), frozenset(t.stem for t in long)))
    return tuple(found)


def mark(sentence: str, named: Names) -> list[str]:
    """For each token of a sentence, which part of the question it names: "I", "C", "O" or ""."""
    marks = []
    control = word_set("arms", "comparator_words")
    active = word_set("arms", "intervention_words")
    group_says = named.intervention | named.comparator
    for token in tokens(sentence):
        if token.stem in named.outcome:
            marks.append(OUTCOME)
        elif token.stem in named.intervention:
            marks.append(INTERVENTION)
        elif token.stem in named.comparator:
            marks.append(COMPARATOR)
        elif token.word in control and token.stem not in group_says:
            marks.append(COMPARATOR.lower())
        elif token.word in active and token.stem not in group_says:
            marks.append(INTERVENTION.lower())
        else:
            marks.append("")
    return marks


def overlap(part: frozenset[str], sentence: str) -> float:
    """Share of a part's stems that stand in a sentence, between 0 and 1; 0 for an empty part."""
    if not part:
        return 0.0
    return len(part & {t.stem for t in tokens(sentence)}) / len(part)


def _content(text: str) -> frozenset[str]:
    text = html.unescape(text)
    stop = word_set("stop_words")
    kept = {t.stem for t in tokens(text) if t.word not in stop and (len(t.word) > 1 or t.word >= "\u4e00")}
    # the letter or number of a group is a name of the arm, though one character long
    kept |= {m[1].lower() for m in _LETTERED.finditer(text)}
    kept |= {m[1].lower() for m in re.finditer(r"\(([A-Z])\)", text)}
    return frozenset(w for w in kept if not re.fullmatch(r"[<>=≤≥%±]|\d+([.,·]\d+)+", w))


def _with_short(stems: frozenset[str], short: Sequence[tuple[str, frozenset[str]]]) -> frozenset[str]:
    found = set(stems)
    for name, long in short:
        if long and len(long & stems) / len(long) > 0.6:
            found.add(stem(name))
        if stem(name) in stems:
            found |= long
    return frozenset(found - {stem(w) for w in word_set("stop_words")})


def _long_form(letters: Sequence[str], before: Sequence[Token]) -> Sequence[Token]:
    """The shortest run of words before the bracket that starts with the first letter and holds the others in order."""
    if not letters:
        return ()
    for size in range(1, min(len(before), len(letters) + 4) + 1):
        run = before[-size:]
        if run[0].word[0] == letters[0] and size * 2 >= len(letters) - 1:
            letters_of_run = "".join(t.word for t in run)
            place = -1
            for letter in letters:
                place = letters_of_run.find(letter, place + 1)
                if place < 0:
                    break
            else:
                return run
    return ()
