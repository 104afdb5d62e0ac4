"""From text to the tokens that lexical search counts: English words, Chinese words through jieba."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

from liverboard.indexer.vocabulary import Vocabulary, normalise, runs, words

STOP_WORDS = frozenset({
    "a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it", "no",
    "not", "of", "on", "or", "such", "that", "the", "their", "then", "there", "these", "they", "this", "to",
    "was", "will", "with",
})

# Light stemming, measured on SciFact, BioASQ, MedQuAD and PubMedQA: plurals, then one suffix. Words with
# digits in them (`vp4`, `s6`) are names and stay.
_SUFFIX = re.compile(r"(?<=\w{4})(?:ations?|ating|ated|ates?|ative|ions?|ing|ed|es|e|s|ly|al|ive|ic|ity)$")

# British and American spelling meet in every literature; both become one.
_SPELLING = (
    (re.compile(r"tumour"), "tumor"),
    (re.compile(r"haem(?=[aeo])"), "hem"),
    (re.compile(r"(?<=.)aemi(?=[ac])"), "emi"),
    (re.compile(r"oesoph"), "esoph"),
    (re.compile(r"oedema"), "edema"),
    (re.compile(r"(?<=\w{3})is(?=ation|ations$|ed$|ing$)"), "iz"),
    (re.compile(r"ischaem"), "ischem"),
    (re.compile(r"(?<=tit)re(?=s?$)|(?<=cent)re(?=s?$)|(?<=lit)re(?=s?$)|(?<=fib)re(?=s?$)"), "er"),
)


@dataclass(frozen=True)
class Term:
    """One thing that a query asks for.

    Attributes
    ----------
    tokens : as the query says it
    alternatives : other ways to say the same; each counts only where all of its tokens occur
    """

    tokens: tuple[str, ...]
    alternatives: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Tokeniser:
    """Splits text into tokens, and queries into terms with their alternatives.

    A hyphenated word gives its pieces and the whole without hyphens, so that `PD-1` meets `PD1` and
    `Child-Pugh` meets `Child Pugh`.
    """

    vocabulary: Vocabulary

    @property
    def fingerprint(self) -> str:
        """Changes when stored tokens would come out differently."""
        return self.vocabulary.sha256

    def tokens(self, text: str) -> list[str]:
        """Tokens of a text in order, stop words left out."""
        found: list[str] = []
        for is_chinese, run in runs(normalise(text)):
            found += self._chinese(run) if is_chinese else _latin(run)
        return found

    def terms(self, query: str) -> list[Term]:
        """What a query asks for: its words, and for each known concept all the names that it has."""
        found: dict[tuple[str, ...], Term] = {}
        for part in self.vocabulary.parts(query):
            tokens = tuple(self.tokens(part.text))
            if not tokens:
                continue
            if part.concept is None:
                found.update({(token,): Term((token,)) for token in tokens if (token,) not in found})
                continue
            names = [tuple(self.tokens(name)) for name in (*part.concept.en, *part.concept.zh)]
            others = tuple(dict.fromkeys(name for name in names if name and name != tokens))
            found[tokens] = Term(tokens, others)
        return list(found.values())

    def _chinese(self, run: str) -> Iterator[str]:
        yield from _segmenter(self.vocabulary.chinese_words).cut_for_search(run, HMM=False)


def _latin(run: str) -> Iterator[str]:
    for word in words(run):
        pieces = word.split("-")
        yield from (_stem(piece) for piece in pieces if piece not in STOP_WORDS)
        if len(pieces) > 1:
            yield _stem("".join(pieces))


def _stem(word: str) -> str:
    word = word.removesuffix("'s").replace("'", "")
    if any(character.isdigit() for character in word):
        return word
    for pattern, replacement in _SPELLING:
        word = pattern.sub(replacement, word)
    if len(word) > 4 and word.endswith("ies"):
        word = word[:-3] + "y"
    elif len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    return _SUFFIX.sub("", word)


@cache
def _segmenter(chinese_words: tuple[str, ...]) -> Any:
    """A jieba segmenter of our own, silent, that keeps the given words whole; loaded once (half a second)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # jieba imports pkg_resources where there is one
        import jieba
    import logging

    from platformdirs import user_cache_path

    jieba.setLogLevel(logging.CRITICAL + 1)
    segmenter = jieba.Tokenizer()
    with suppress(OSError):  # no cache then: half a second more each time
        segmenter.tmp_dir = str(user_cache_path("liverboard", ensure_exists=True))  # not the common /tmp
    segmenter.initialize()
    for word in chinese_words:
        segmenter.add_word(word)
    return segmenter
