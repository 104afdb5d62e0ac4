"""all-MiniLM-L6-v2 evaluated directly, for questions: one second from cold instead of five to thirteen.

sentence-transformers embeds the passages; importing it (with transformers and scikit-learn) takes longer
than everything else that answers a question. The same weights, multiplied in the same order, give the
same vectors to within 1e-6, which a test asserts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

LAYERS, HEADS, WIDTH, LAYER_NORM_EPSILON = 6, 12, 384, 1e-12
MAX_WORD_PIECES = 256


@contextmanager
def _one_thread() -> Iterator[None]:
    """A question is too short to share out: on a busy machine threads wait for one another (20 to 500 ms)."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class MiniLm:
    """A BERT encoder of six layers with mean pooling, from a folder in sentence-transformers' form."""

    def __init__(self, folder: Path) -> None:
        from safetensors.torch import load_file
        from tokenizers import Tokenizer

        self._weights = load_file(folder / "model.safetensors")
        self._tokeniser = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokeniser.enable_truncation(MAX_WORD_PIECES)
        self._tokeniser.enable_padding()

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Normalised vectors, shape (texts, 384). All texts go in one batch: meant for questions."""
        import torch
        import torch.nn.functional as F  # noqa: N812 - as everybody writes it

        encoded = self._tokeniser.encode_batch(list(texts))
        with torch.inference_mode(), _one_thread():
            ids = torch.tensor([item.ids for item in encoded])
            mask = torch.tensor([item.attention_mask for item in encoded])
            states = self._embed(ids)
            for layer in range(LAYERS):
                states = self._layer(states, mask[:, None, None, :].bool(), f"encoder.layer.{layer}.")
            weight = mask.unsqueeze(-1).float()
            pooled = (states * weight).sum(1) / weight.sum(1)
            vectors: NDArray[np.float32] = F.normalize(pooled, dim=1).numpy()
        return vectors

    def _embed(self, ids: torch.Tensor) -> torch.Tensor:
        table = self._weights
        summed = (table["embeddings.word_embeddings.weight"][ids]
                  + table["embeddings.position_embeddings.weight"][: ids.shape[1]]
                  + table["embeddings.token_type_embeddings.weight"][0])
        return self._norm(summed, "embeddings.LayerNorm")

    def _layer(self, states: torch.Tensor, mask: torch.Tensor, name: str) -> torch.Tensor:
        import torch.nn.functional as F  # noqa: N812

        batch, length, _ = states.shape
        shape = (batch, length, HEADS, WIDTH // HEADS)
        query, key, value = (self._linear(states, f"{name}attention.self.{part}").view(shape).transpose(1, 2)
                             for part in ("query", "key", "value"))
        seen = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        seen = seen.transpose(1, 2).reshape(batch, length, WIDTH)
        attended = self._norm(states + self._linear(seen, f"{name}attention.output.dense"),
                              f"{name}attention.output.LayerNorm")
        inner = F.gelu(self._linear(attended, f"{name}intermediate.dense"))
        return self._norm(attended + self._linear(inner, f"{name}output.dense"), f"{name}output.LayerNorm")

    def _linear(self, states: torch.Tensor, name: str) -> torch.Tensor:
        import torch.nn.functional as F  # noqa: N812

        return F.linear(states, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])

    def _norm(self, states: torch.Tensor, name: str) -> torch.Tensor:
        import torch.nn.functional as F  # noqa: N812

        return F.layer_norm(states, (WIDTH,), self._weights[f"{name}.weight"], self._weights[f"{name}.bias"],
                            LAYER_NORM_EPSILON)
