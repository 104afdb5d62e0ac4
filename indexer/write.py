"""Writing one generation of an index: what it holds, embedded and tokenised, into a folder of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from liverboard.corpus.errors import CorpusError, IndexUnavailableError
from liverboard.indexer import store
from liverboard.indexer.embed import Embedder, Floats
from liverboard.indexer.fusion import text_to_embed
from liverboard.indexer.lexical import build_lexical
from liverboard.indexer.metadata import Entry, IndexedSource, Metadata
from liverboard.indexer.passages import Passage
from liverboard.indexer.store import METADATA, VECTORS, Manifest
from liverboard.indexer.tokens import Tokeniser
from liverboard.indexer.vectors import load_vectors, new_vectors
from liverboard.indexer.vocabulary import shipped_vocabulary

Progress = Callable[[int, int], None]
"""Called with how many passages are embedded, and of how many; once more at the end with both equal."""

_EMBED_AT_ONCE = 256


class Holding(NamedTuple):
    """A source with its passages, as it goes into the index."""

    source: IndexedSource
    passages: Sequence[Passage]


def write_generation(
    directory: Path, holdings: Sequence[Holding], created: str, embedder: Embedder,
    knowledge_fingerprint: str | None = None, progress: Progress | None = None,
) -> Manifest:
    """Write the next generation of the index in `directory`, of exactly these holdings, and switch to it.

    Vectors and tokens of text that the present generation holds are taken over. Embedding ids are given
    in the order of source ids, so that equal content gives equal files.

    Raises
    ------
    CorpusError
        Two sources have one id.
    InputError, IndexUnavailableError
        As `store.writing` and the embedder raise them; the index is as it was.
    """
    holdings = sorted(holdings, key=lambda holding: holding.source.source_id)
    ids = [holding.source.source_id for holding in holdings]
    twice = next((one for one, other in pairwise(ids) if one == other), None)
    if twice:
        raise CorpusError(f"Two sources have the id {twice}.")
    tell = progress or (lambda done, total: None)
    tokeniser = Tokeniser(shipped_vocabulary())
    with store.writing(directory) as staging:
        before = _Before(directory, embedder, tokeniser)
        passages = [passage for holding in holdings for passage in holding.passages]
        texts = [passage_to_embed(passage, embedder, tokeniser) for passage in passages]
        keys = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
        entries = [
            Entry.model_construct(embedding_id=number, passage=passage, embedded=key,
                                  tokens=before.tokens_of(passage) or _tokens(passage, tokeniser))
            for number, (passage, key) in enumerate(zip(passages, keys, strict=True))]
        vectors = new_vectors(embedder.dimension)
        numbers = np.arange(len(passages), dtype=np.int64)
        vectors.add(numbers, _embedded(texts, keys, embedder, before, tell))
        vectors.save(staging / VECTORS)
        build_lexical(numbers.tolist(), [entry.tokens for entry in entries]).save(staging)
        _write_metadata(staging / METADATA, holdings, entries)
        manifest = Manifest(
            software=version("liverboard"), created=created, knowledge_fingerprint=knowledge_fingerprint,
            embedder=embedder.name, embedder_sha256=embedder.fingerprint, dimension=embedder.dimension,
            tokeniser=tokeniser.fingerprint, fingerprint=_fingerprint(holdings, embedder, tokeniser),
            sources=len(holdings), passages=len(passages),
            statements=sum(passage.kind == "statement" for passage in passages),
            files=store.file_states(staging),
        )
        text = manifest.model_dump_json(indent=2) + "\n"
        (staging / store.MANIFEST).write_text(text, encoding="utf-8")
    tell(len(passages), len(passages))
    return manifest


def passage_to_embed(passage: Passage, embedder: Embedder, tokeniser: Tokeniser) -> str:
    """Title, innermost heading and text of a passage, as the embedder is to read them."""
    heading = passage.section.rsplit(" > ", 1)[-1] if passage.kind == "document" else ""
    parts = (part for part in (passage.title, heading, passage.text) if part)
    said = [text_to_embed(part, embedder, tokeniser) for part in parts]
    return ". ".join(part for part in said if part)


def _words_key(passage: Passage) -> tuple[str, str, str]:
    return passage.title, passage.section, passage.sha256


def _tokens(passage: Passage, tokeniser: Tokeniser) -> tuple[str, ...]:
    return tuple(tokeniser.tokens(f"{passage.title} {passage.section} {passage.text}"))


def _write_metadata(path: Path, holdings: Sequence[Holding], entries: Sequence[Entry]) -> None:
    metadata = Metadata(path, writable=True)
    metadata.begin()
    for holding in holdings:
        metadata.put_source(holding.source)
    metadata.put_passages(entries)
    metadata.commit()
    metadata.close()


class _Before:
    """Vectors and tokens of the generation in use, where they can be taken over."""

    def __init__(self, directory: Path, embedder: Embedder, tokeniser: Tokeniser) -> None:
        self._tokens: dict[tuple[str, str, str], tuple[str, ...]] = {}
        self.numbers: dict[str, int] = {}
        try:
            generation = store.current_generation(directory)
            manifest = store.read_manifest(generation)
            metadata = Metadata(generation / METADATA)
            entries = list(metadata.entries())
            metadata.close()
            if manifest.embedder_sha256 == embedder.fingerprint:
                self._vectors = load_vectors(generation / VECTORS)
                self.numbers = {entry.embedded: entry.embedding_id for entry in entries}
        except IndexUnavailableError:  # a damaged index is simply written anew
            return
        if manifest.tokeniser == tokeniser.fingerprint:
            self._tokens = {_words_key(entry.passage): entry.tokens for entry in entries}

    def tokens_of(self, passage: Passage) -> tuple[str, ...] | None:
        return self._tokens.get(_words_key(passage))

    def vectors_of(self, numbers: Sequence[int]) -> Floats:
        return self._vectors.get(numbers)


def _embedded(texts: Sequence[str], keys: Sequence[str], embedder: Embedder, before: _Before,
              tell: Progress) -> Floats:
    """Vectors of all texts, (texts, dimension); only those not known before are computed, each once."""
    matrix = np.zeros((len(texts), embedder.dimension), dtype=np.float32)
    known = [row for row, key in enumerate(keys) if key in before.numbers]
    if known:
        matrix[known] = before.vectors_of([before.numbers[keys[row]] for row in known])
    first = {key: row for row, key in reversed(list(enumerate(keys))) if key not in before.numbers}
    new = sorted(first.values(), key=lambda row: (len(texts[row]), row))
    for start in range(0, len(new), _EMBED_AT_ONCE):
        rows = new[start : start + _EMBED_AT_ONCE]
        matrix[rows] = embedder.encode([texts[row] for row in rows])
        tell(len(texts) - len(new) + start + len(rows), len(texts))
    for row, key in enumerate(keys):
        if first.get(key, row) != row:
            matrix[row] = matrix[first[key]]
    return matrix


def _fingerprint(holdings: Sequence[Holding], embedder: Embedder, tokeniser: Tokeniser) -> str:
    digest = hashlib.sha256(f"{embedder.fingerprint} {tokeniser.fingerprint}\n".encode())
    for holding in holdings:
        digest.update(holding.source.model_dump_json().encode())
        for passage in holding.passages:
            digest.update(f"{passage.passage_id} {passage.sha256} {passage.status}\n".encode())
    return digest.hexdigest()
