"""The network all-MiniLM-L6-v2 in numpy: token numbers to a vector of meaning.

An inference engine would make the base install half as large again (onnxruntime: 71 MB with what it needs, and
no wheels for some platforms) to save 5 ms of 13 a card and some 6 of 9 a query, which is cached. Six layers of BERT
are these lines. Three quarters of the time and more are products in BLAS, in float32.

Arrays are feature-major, `(features, tokens)`, and the tokens of all texts of a batch stand side by side
without padding: only attention looks at texts one by one. Activations are float32, so that a text's vector does
not depend on its neighbours. Source: Devlin et al., BERT (2019); Wang et al., MiniLM (2020); Reimers and
Gurevych, Sentence-BERT (2019).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]

LAYERS, HEADS, WIDTH, HEAD_WIDTH, MAX_TOKENS = 6, 12, 384, 32, 256
WEIGHTS, VOCABULARY, DIGESTS = "all-MiniLM-L6-v2.int8.npz", "vocab.txt", "digests.json"
# A product with so few tokens is done in slices of so many rows, small enough for BLAS not to copy the weights first:
# that takes as long as all the multiplying. A third less for a query; of more tokens slices are slower.
_FEW_TOKENS, _FEW_ROWS = 16, 32
_CACHED = 32_768  # numbers that stay in the core's own cache from one step of GELU to the next
_GELU_1, _GELU_3 = np.float32(0.7978845608), np.float32(0.7978845608 * 0.044715)


@dataclass(frozen=True, slots=True)
class _Linear:
    """weight (n_out, n_in) float32, bias (n_out, 1)."""

    weight: Matrix
    bias: Matrix

    def into(self, out: Matrix, x: Matrix) -> Matrix:
        """The product without the bias, in `out (n_out, tokens)`."""
        if x.shape[1] <= _FEW_TOKENS:
            slices = self.weight.reshape(-1, _FEW_ROWS, len(x))
            np.matmul(slices, x, out=out.reshape(-1, _FEW_ROWS, x.shape[1]))
        else:
            np.matmul(self.weight, x, out=out)
        return out


@dataclass(frozen=True, slots=True)
class _Norm:
    """scale and bias (n, 1): each column to mean 0 and variance 1, then scaled and moved."""

    scale: Matrix
    bias: Matrix

    def within(self, x: Matrix, scratch: Matrix) -> None:
        """In place. `scratch` is of the same shape, and overwritten."""
        x -= x.mean(axis=0)
        np.square(x, out=scratch)
        x *= 1 / np.sqrt(scratch.mean(axis=0) + np.float32(1e-12))
        x *= self.scale
        x += self.bias


@dataclass(frozen=True, slots=True)
class _Layer:
    attention: _Linear
    mix: _Linear
    norm1: _Norm
    inner: _Linear
    outer: _Linear
    norm2: _Norm


class Network:
    """The weights, unpacked to float32 where they are multiplied (55 MB in all). Immutable: threads may share it."""

    def __init__(self, path: Path) -> None:
        """Read the file made by scripts/export_model.py. Raises OSError, ValueError or KeyError on any other."""
        with np.load(path, allow_pickle=False) as arrays:
            a: dict[str, Matrix] = {name: arrays[name] for name in arrays.files}
        self._words, self._words_scale = a["words.levels"], a["words.scale"]
        self._places = a["places"]
        self._norm = _norm(a, "norm")
        self._layers = [
            _Layer(
                _linear(a, f"{i}.attention"), _linear(a, f"{i}.mix"), _norm(a, f"{i}.norm1"),
                _linear(a, f"{i}.inner"), _linear(a, f"{i}.outer", 0.5), _norm(a, f"{i}.norm2"),
            )
            for i in range(LAYERS)
        ]  # fmt: skip

    def forward(self, texts: Sequence[Sequence[int]]) -> Matrix:
        """Vectors `(len(texts), 384) float32`, L2-normalised, of texts given as 1 to 256 token numbers each."""
        lengths = [len(ids) for ids in texts]
        ends = np.cumsum(lengths, dtype=np.intp)
        spans = [slice(end - n, end) for end, n in zip(ends.tolist(), lengths, strict=True)]
        ids = np.concatenate([np.asarray(ids, np.int64) for ids in texts])
        places = np.concatenate([self._places[:n] for n in lengths])
        words = self._words[ids] * self._words_scale[ids]
        x = np.ascontiguousarray((words + places).T)
        # Once for all layers: fresh memory costs more than what is done in it.
        y = np.empty_like(x)
        wide, both = np.empty((4 * WIDTH, x.shape[1]), np.float32), np.empty((3 * WIDTH, x.shape[1]), np.float32)
        self._norm.within(x, y)
        for layer in self._layers:
            layer.attention.into(both, x)
            both += layer.attention.bias
            x += layer.mix.into(y, _attend(both, spans))
            x += layer.mix.bias
            layer.norm1.within(x, y)
            layer.inner.into(wide, x)
            _twice_gelu(wide, layer.inner.bias)
            x += layer.outer.into(y, wide)
            x += layer.outer.bias
            layer.norm2.within(x, y)
        starts = np.array([span.start for span in spans], np.intp)
        means = np.add.reduceat(x, starts, axis=1).T
        return np.ascontiguousarray(means / np.linalg.norm(means, axis=1, keepdims=True), np.float32)


def _attend(both: Matrix, spans: Sequence[slice]) -> Matrix:
    """Queries, keys and values `(3 * 384, tokens)` to what each token gathered from its text, `(384, tokens)`; where
    the queries were."""
    for span in spans:
        query, key, value = both[:, span].reshape(3, HEADS, HEAD_WIDTH, -1)
        scores = key.transpose(0, 2, 1) @ query  # (heads, of, by)
        scores -= scores.max(axis=1, keepdims=True)
        np.exp(scores, out=scores)
        np.matmul(value, scores, out=query)
        query /= scores.sum(axis=1, keepdims=True)
    return both[:WIDTH]


def _twice_gelu(x: Matrix, bias: Matrix) -> None:
    """2 (x + bias) Φ(x + bias) in place, with Φ by tanh: 0.001 from the exact one at most, well below what int8
    weights cost. The weights that follow are halved."""
    rows = max(8, _CACHED // x.shape[1])
    scratch = np.empty((rows, x.shape[1]), np.float32)
    for start in range(0, len(x), rows):
        part = x[start : start + rows]
        t = scratch[: len(part)]
        part += bias[start : start + rows]
        np.square(part, out=t)
        t *= _GELU_3
        t += _GELU_1
        t *= part
        np.tanh(t, out=t)
        t += 1
        part *= t


def _linear(a: Mapping[str, Matrix], name: str, times: float = 1) -> _Linear:
    weight = a[f"{name}.levels"].astype(np.float32)
    weight *= a[f"{name}.scale"] * np.float32(times)
    return _Linear(weight, a[f"{name}.bias"].reshape(-1, 1))


def _norm(a: Mapping[str, Matrix], name: str) -> _Norm:
    return _Norm(a[f"{name}.scale"].reshape(-1, 1), a[f"{name}.bias"].reshape(-1, 1))
