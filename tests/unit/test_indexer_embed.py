"""The shipped embedder is the original one, and its quick start gives the same vectors."""

from __future__ import annotations

import socket
from pathlib import Path

import numpy as np
import pytest

from liverboard.corpus.errors import IndexUnavailableError
from liverboard.indexer.embed import DEFAULT_EMBEDDER, ShippedMiniLm, embedder_named

TEXTS = ["Sorafenib for advanced hepatocellular carcinoma", "short", "word " * 600, "TACE 联合 仑伐替尼", ""]


def test_questions_and_passages_are_embedded_alike_and_without_a_network(
        monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the embedder asked for a network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    embedder = ShippedMiniLm()
    passages, questions = embedder.encode(TEXTS), embedder.encode_queries(TEXTS)
    assert passages.shape == (len(TEXTS), 384)
    assert passages.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(passages, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(questions, passages, atol=1e-5)


def test_altered_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    with pytest.raises(IndexUnavailableError, match=r"not the original ones.*Reinstall"):
        ShippedMiniLm(tmp_path).encode_queries(["x"])
    with pytest.raises(IndexUnavailableError, match="no weights"):
        ShippedMiniLm(tmp_path / "nowhere").encode(["x"])


def test_naming_an_embedder_loads_nothing() -> None:
    assert embedder_named(DEFAULT_EMBEDDER).fingerprint.startswith("53aa51172d14")
    assert embedder_named("some/model").name == "some/model"
