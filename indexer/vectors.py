"""Vectors by id: a port, and FAISS behind it. A server such as Milvus can stand behind the same port."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from liverboard.corpus.errors import IndexUnavailableError
from liverboard.indexer.metadata import REBUILD

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]


class VectorIndex(Protocol):
    """Normalised vectors under integer ids, searched by inner product (cosine)."""

    @property
    def size(self) -> int: ...

    def add(self, ids: Ids, vectors: Floats) -> None:
        """Add vectors (n, dimension) under ids (n,) that are not in use."""

    def remove(self, ids: Ids) -> None:
        """Forget these ids; unknown ones are passed over."""

    def get(self, ids: Sequence[int]) -> Floats:
        """The vectors stored under these ids, (n, dimension)."""

    def search(self, queries: Floats, k: int) -> tuple[Floats, Ids]:
        """Cosines (queries, k) in descending order, and their ids; id -1 where there are fewer than k."""

    def save(self, path: Path) -> None:
        """Write to one file."""


class FaissVectors:
    """`VectorIndex` in one FAISS file. Exact search; see `new_vectors` for the choice of structure."""

    def __init__(self, index: Any) -> None:
        self._index = index

    @property
    def size(self) -> int:
        return int(self._index.ntotal)

    def add(self, ids: Ids, vectors: Floats) -> None:
        if len(ids):
            rows = np.ascontiguousarray(vectors, dtype=np.float32)
            self._index.add_with_ids(rows, np.asarray(ids, dtype=np.int64))

    def remove(self, ids: Ids) -> None:
        if len(ids):
            self._index.remove_ids(np.asarray(ids, dtype=np.int64))

    def get(self, ids: Sequence[int]) -> Floats:
        vectors: Floats = self._index.reconstruct_batch(np.asarray(ids, dtype=np.int64))
        return vectors

    def search(self, queries: Floats, k: int) -> tuple[Floats, Ids]:
        cosines, ids = self._index.search(np.ascontiguousarray(queries, dtype=np.float32), k)
        return cosines, ids

    def save(self, path: Path) -> None:
        _faiss().write_index(self._index, str(path))


def new_vectors(dimension: int) -> VectorIndex:
    """An empty index. Flat (exact) for now: HNSW or IVF belong here once passages are counted in millions."""
    faiss = _faiss()
    return FaissVectors(faiss.IndexIDMap2(faiss.IndexFlatIP(dimension)))


def load_vectors(path: Path) -> VectorIndex:
    """Read what `save` wrote; IndexUnavailableError when the file is missing or damaged."""
    try:
        return FaissVectors(_faiss().read_index(str(path)))
    except RuntimeError as error:
        raise IndexUnavailableError(f"The index is damaged: {path} cannot be read. {REBUILD}") from error


def _faiss() -> Any:
    """FAISS on one thread: one question at a time gains nothing from more, and its idle threads would spin
    on the cores that torch computes on (half a second a question on two cores, measured)."""
    import faiss

    faiss.omp_set_num_threads(1)
    return faiss
