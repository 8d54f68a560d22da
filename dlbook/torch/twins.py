"""From a module of dlbook.nn to its equivalent in torch.nn, and back."""

import math

import numpy as np
import torch

from dlbook import nn
from dlbook.models import bert as numpy_bert
from dlbook.models import clip as numpy_clip
from dlbook.models import liquid as numpy_liquid
from dlbook.models.capsules import CapsuleLayer, MarginLoss, PrimaryCapsules
from dlbook.models.char_rnn import CharRNN
from dlbook.models.deep_autoencoder import DeepAutoencoder
from dlbook.models.gpt import GPT
from dlbook.models.transformer import Transformer
from dlbook.torch import bert, clip, gpt, layers, liquid, models


def _linear(module: nn.Linear) -> torch.nn.Module:
    return torch.nn.Linear(module.in_features, module.out_features, bias=module.bias is not None)


def _identity(module: nn.Identity) -> torch.nn.Module:
    if module.a != 1:
        raise ValueError(f"Identity: torch has none with a factor; expected a = 1, got {module.a}")
    return torch.nn.Identity()


def _layer_norm(module: nn.LayerNorm) -> torch.nn.Module:
    affine, bias = module.weight is not None, module.bias is not None
    return torch.nn.LayerNorm(module.normalized_shape, module.eps, affine, bias)


def _batch_norm(kind: type[torch.nn.Module]):
    fields = ("num_features", "eps", "momentum", "affine", "track_running_stats")
    return lambda module: kind(*(getattr(module, field) for field in fields))


def _conv(kind: type[torch.nn.Module], *more: str):
    fields = ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups", *more)
    return lambda module: kind(**{field: getattr(module, field) for field in fields}, bias=module.bias is not None)


def _recurrent(kind: type[torch.nn.Module]):
    fields = ("input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional")

    def build(module):
        nonlinearity = {"nonlinearity": module.nonlinearity} if isinstance(module, nn.RNN) else {}
        return kind(**{field: getattr(module, field) for field in fields}, **nonlinearity)

    return build


def _rnn_cell(module: nn.RNNCell) -> torch.nn.Module:
    return torch.nn.RNNCell(module.input_size, module.hidden_size, module.bias, module.nonlinearity)


def _transformer_layer(kind: type[torch.nn.Module]):
    def build(module):
        return kind(
            module.d_model,
            module.nhead,
            module.linear1.out_features,
            module.dropout.p,
            _build(module.activation),
            module.norm1.eps,
            module.self_attn.batch_first,
            module.norm_first,
            module.linear1.bias is not None,
        )

    return build


def _stack(kind: type[torch.nn.Module]):
    return lambda module: kind([_build(layer) for layer in module.layers], module.norm and _build(module.norm))


# How to build each equivalent, weights aside.  A new layer of dlbook.nn adds its line here.
EQUIVALENTS = {
    nn.Sequential: lambda module: torch.nn.Sequential(*(_build(child) for child in module)),
    nn.Residual: lambda module: layers.Residual(_build(module.module)),
    nn.Linear: _linear,
    nn.Identity: _identity,
    nn.Sigmoid: lambda module: torch.nn.Sigmoid(),
    nn.Tanh: lambda module: torch.nn.Tanh(),
    nn.ReLU: lambda module: torch.nn.ReLU(),
    nn.LeakyReLU: lambda module: torch.nn.LeakyReLU(module.negative_slope),
    nn.PReLU: lambda module: torch.nn.PReLU(module.weight.shape[0]),
    nn.ELU: lambda module: torch.nn.ELU(module.alpha),
    nn.SELU: lambda module: torch.nn.SELU(),
    nn.Softplus: lambda module: torch.nn.Softplus(module.beta, module.threshold),
    nn.GELU: lambda module: torch.nn.GELU(module.approximate),
    nn.SiLU: lambda module: torch.nn.SiLU(),
    nn.Softmax: lambda module: torch.nn.Softmax(module.axis),
    nn.LogSoftmax: lambda module: torch.nn.LogSoftmax(module.axis),
    nn.BatchNorm1d: _batch_norm(torch.nn.BatchNorm1d),
    nn.BatchNorm2d: _batch_norm(torch.nn.BatchNorm2d),
    nn.LayerNorm: _layer_norm,
    nn.RMSNorm: lambda module: torch.nn.RMSNorm(module.normalized_shape, module.eps, module.weight is not None),
    nn.Dropout: lambda module: torch.nn.Dropout(module.p),
    nn.Conv1d: _conv(torch.nn.Conv1d),
    nn.Conv2d: _conv(torch.nn.Conv2d),
    nn.ConvTranspose2d: _conv(torch.nn.ConvTranspose2d, "output_padding"),
    nn.MaxPool2d: lambda module: torch.nn.MaxPool2d(module.kernel_size, module.stride, module.padding),
    nn.AvgPool2d: lambda module: torch.nn.AvgPool2d(module.kernel_size, module.stride, module.padding),
    nn.LPPool2d: lambda module: torch.nn.LPPool2d(module.norm_type, module.kernel_size, module.stride),
    nn.AdaptiveAvgPool2d: lambda module: torch.nn.AdaptiveAvgPool2d(module.output_size),
    nn.Flatten: lambda module: torch.nn.Flatten(module.start_dim, module.end_dim),
    nn.Embedding: lambda module: torch.nn.Embedding(module.num_embeddings, module.embedding_dim, module.padding_idx),
    nn.RNN: _recurrent(torch.nn.RNN),
    nn.LSTM: _recurrent(torch.nn.LSTM),
    nn.GRU: _recurrent(torch.nn.GRU),
    nn.RNNCell: _rnn_cell,
    nn.LSTMCell: lambda module: torch.nn.LSTMCell(module.input_size, module.hidden_size, module.bias),
    nn.GRUCell: lambda module: torch.nn.GRUCell(module.input_size, module.hidden_size, module.bias),
    nn.MultiheadAttention: lambda module: layers.MultiheadAttention(
        module.embed_dim,
        module.num_heads,
        module.dropout,
        module.in_proj_bias is not None,
        batch_first=module.batch_first,
    ),
    nn.FeedForward: lambda module: layers.FeedForward(
        *(_build(part) for part in (module.linear1, module.activation, module.dropout, module.linear2))
    ),
    nn.TransformerEncoderLayer: _transformer_layer(layers.TransformerEncoderLayer),
    nn.TransformerDecoderLayer: _transformer_layer(layers.TransformerDecoderLayer),
    nn.TransformerEncoder: _stack(layers.TransformerEncoder),
    nn.TransformerDecoder: _stack(layers.TransformerDecoder),
    CharRNN: lambda module: models.CharRNN(_build(module.embedding), _build(module.recurrent), _build(module.head)),
    DeepAutoencoder: lambda module: models.DeepAutoencoder(_build(module.encoder), _build(module.decoder)),
    CapsuleLayer: lambda module: models.CapsuleLayer(module.weight.shape, module.iterations),
    PrimaryCapsules: lambda module: models.PrimaryCapsules(
        _build(module.layers), torch.from_numpy(module.pixels), module.side, module.capsules, module.length
    ),
    MarginLoss: lambda module: models.MarginLoss(),
    GPT: lambda module: gpt.GPT(module.config),
    numpy_liquid.LTC: lambda m: liquid.LTC(m.input_size, m.hidden_size, m.unfolds, m.liquid),
    numpy_liquid.CfC: lambda m: liquid.CfC(m.input_size, m.hidden_size),
    numpy_liquid.Forecaster: lambda m: liquid.Forecaster(_build(m.recurrent), _build(m.head)),
    numpy_clip.BagOfWords: lambda m: clip.BagOfWords(_build(m.embedding)),
    numpy_clip.TextTransformer: lambda m: clip.TextTransformer(_build(m.embedding), m.length, _build(m.encoder)),
    numpy_clip.CLIP: lambda m: clip.CLIP(
        *map(_build, (m.picture_encoder, m.text_encoder, m.picture_projection, m.text_projection))
    ),
    numpy_bert.BERT: bert.build,
    numpy_bert.WithHead: bert.build,
    Transformer: lambda module: models.Transformer(
        {name: _build(part) for name, part in module.named_children()}, module.width, module.positions
    ),
    nn.QuadraticLoss: lambda module: layers.QuadraticLoss(module.reduction),
    nn.MSELoss: lambda module: torch.nn.MSELoss(reduction=module.reduction),
    nn.NLLLoss: lambda module: torch.nn.NLLLoss(reduction=module.reduction),
    nn.CrossEntropyLoss: lambda module: torch.nn.CrossEntropyLoss(
        reduction=module.reduction, ignore_index=module.ignore_index, label_smoothing=module.label_smoothing
    ),
    nn.BCELoss: lambda module: torch.nn.BCELoss(reduction=module.reduction),
    nn.BCEWithLogitsLoss: lambda module: torch.nn.BCEWithLogitsLoss(reduction=module.reduction),
}


def twin(module: nn.Module) -> torch.nn.Module:
    """The torch.nn equivalent of `module` with a copy of its weights, in their precision and in its mode, on the CPU.

    Raises ValueError for a module that torch does not have, `Step` for instance.
    """
    built = _build(module)
    state = {name: torch.as_tensor(array) for name, array in module.state_dict().items()}
    floats = [tensor.dtype for tensor in state.values() if tensor.is_floating_point()]
    if floats:
        built = built.to(floats[0])
    built.load_state_dict(state)
    return built


def _build(module: nn.Module) -> torch.nn.Module:
    build = EQUIVALENTS.get(type(module))
    if build is None:
        known = ", ".join(sorted(kind.__name__ for kind in EQUIVALENTS))
        raise ValueError(f"{type(module).__name__}: torch has no equivalent; expected one of {known}")
    built = build(module)
    built.training = module.training
    return built


def from_torch(module: torch.nn.Module, *, rng: np.random.Generator | None = None) -> nn.Module:
    """The equivalent of `module` in dlbook.nn with a copy of its weights, in their precision and in its mode.

    The way back of `twin`.  rng : draws the masks of dropout from then on; a module that holds any needs it.
    Raises ValueError for a module that dlbook.nn does not have, or settings that it does not have.
    """
    built = _build_back(module, rng)
    state = {name: tensor.detach().cpu().numpy() for name, tensor in module.state_dict().items()}
    own = dict(built.named_parameters()) | dict(built.named_buffers())
    for name, array in own.items():
        if name in state:
            array.data = array.data.astype(state[name].dtype)
    built.load_state_dict(state)
    return built


def _build_back(module: torch.nn.Module, rng) -> nn.Module:
    start = np.random.default_rng(0)  # of weights that are overwritten at once
    kind = type(module)
    if kind is torch.nn.Sequential:
        built = nn.Sequential(*(_build_back(child, rng) for child in module))
    elif kind is layers.Residual:
        built = nn.Residual(_build_back(module.module, rng))
    elif kind is torch.nn.Dropout:
        if rng is None:
            raise ValueError("rng: expected a np.random.Generator for the masks of dropout, got None")
        built = nn.Dropout(module.p, rng=rng)
    elif kind in _BACK:
        built = _BACK[kind](module, rng or start)
    else:
        known = sorted(one.__name__ for one in (*_BACK, torch.nn.Dropout, torch.nn.Sequential, layers.Residual))
        raise ValueError(f"{kind.__name__}: dlbook.nn has no equivalent; expected one of {', '.join(known)}")
    built.training = module.training
    return built


def _with(kind: type[nn.Module], *fields: str, **checked):
    """Builds `kind` from these attributes of the torch module.  checked : attributes that must have this value."""

    def build(module, rng):
        for name, expected in checked.items():
            if (got := getattr(module, name)) != expected:
                raise ValueError(f"{name}: dlbook.nn.{kind.__name__} has only {expected!r}, got {got!r}")
        return kind(*(getattr(module, field) for field in fields))

    return build


def _convolution(kind: type[nn.Module], *more: str):
    fields = ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups", *more)

    def build(module, rng):
        if module.padding_mode != "zeros" or isinstance(module.padding, str):
            raise ValueError(f"padding: dlbook.nn.{kind.__name__} has zeros, a number of them, got {module.padding!r}")
        settings = {field: getattr(module, field) for field in fields}
        if kind is nn.Conv1d:
            settings |= {name: value[0] for name, value in settings.items() if isinstance(value, tuple)}
        return kind(**settings, bias=module.bias is not None, rng=rng)

    return build


def _sequence(kind: type[nn.Module]):
    fields = ("input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional")

    def build(module, rng):
        if module.proj_size:
            raise ValueError(f"proj_size: dlbook.nn.{kind.__name__} has only 0, got {module.proj_size}")
        settings = {field: getattr(module, field) for field in fields}
        if kind is nn.RNN:
            settings["nonlinearity"] = module.nonlinearity
        return kind(**settings, rng=rng)

    return build


def _attention(module: torch.nn.MultiheadAttention, rng) -> nn.MultiheadAttention:
    if not module._qkv_same_embed_dim or module.bias_k is not None or module.add_zero_attn:
        raise ValueError("MultiheadAttention: dlbook.nn has one size for q, k and v, no bias_k, no key of zeros")
    bias = module.in_proj_bias is not None
    sizes = module.embed_dim, module.num_heads
    return nn.MultiheadAttention(*sizes, module.dropout, bias, module.batch_first, rng=rng)


def _activation(activation) -> str:
    """The name of an activation, which torch has as a module or a function."""
    f = torch.nn.functional
    if activation is f.relu or isinstance(activation, torch.nn.ReLU):
        return "relu"
    if activation is f.gelu or (isinstance(activation, torch.nn.GELU) and activation.approximate == "none"):
        return "gelu"
    if isinstance(activation, torch.nn.GELU):
        return "gelu_tanh"
    raise ValueError(f"activation: dlbook.nn has relu and gelu between the linear layers, got {activation!r}")


def _feed_forward_back(module: layers.FeedForward, rng) -> nn.FeedForward:
    first, bias = module.linear1, module.linear1.bias is not None
    sizes = first.in_features, first.out_features
    return nn.FeedForward(*sizes, _activation(module.activation), module.dropout.p, bias, rng=rng)


def _layer_back(kind: type[nn.Module]):
    def build(module, rng):
        return kind(
            module.self_attn.embed_dim,
            module.self_attn.num_heads,
            module.linear1.out_features,
            module.dropout.p,
            _activation(module.activation),
            module.norm1.eps,
            module.self_attn.batch_first,
            module.norm_first,
            module.linear1.bias is not None,
            rng=rng,
        )

    return build


def _stack_back(kind: type[nn.Module]):
    def build(module, rng):
        norm = None if module.norm is None else _build_back(module.norm, rng)
        return kind([_build_back(layer, rng) for layer in module.layers], norm)

    return build


def _char_rnn(module: models.CharRNN, rng) -> CharRNN:
    kind, layers = type(module.recurrent).__name__.lower(), module.recurrent.num_layers
    sizes = module.embedding.num_embeddings, module.recurrent.hidden_size, kind, layers
    return CharRNN(*sizes, module.embedding.embedding_dim, rng=rng)


def _autoencoder(module: models.DeepAutoencoder, rng) -> DeepAutoencoder:
    linears = [layer for layer in module.encoder if isinstance(layer, torch.nn.Linear)]
    sizes = [linears[0].in_features, *(layer.out_features for layer in linears)]
    activation, code = (type(_build_back(module.encoder[place], rng)) for place in (1, -1))
    return DeepAutoencoder(sizes, rng, activation, code)


def _primary_capsules(module: models.PrimaryCapsules, rng) -> PrimaryCapsules:
    first, patches = module.pixels[:, 0], len(module.pixels)
    stride = int(first[1] - first[0]) if patches > 1 else module.side
    settings = module.side, math.isqrt(module.pixels.shape[1]), stride, module.capsules // patches, module.length
    return PrimaryCapsules(*settings, rng=rng, hidden=module.layers[0].out_features)


def _capsule_layer(module: models.CapsuleLayer, rng) -> CapsuleLayer:
    lower, upper, length_out, length_in = module.weight.shape
    return CapsuleLayer(lower, length_in, upper, length_out, rng=rng, iterations=module.iterations)


def _bert_with_head(module: bert.WithHead, rng) -> numpy_bert.WithHead:
    own, kind = numpy_bert.BERT(module.bert.config, rng=rng), getattr(numpy_bert, type(module.head).__name__)
    sized = isinstance(module.head, bert.TaggingHead) or type(module.head) is bert.ClassificationHead
    return numpy_bert.WithHead(own, kind(own, *([module.head.output.out_features] if sized else []), rng=rng))


def _forecaster(module: liquid.Forecaster, rng) -> numpy_liquid.Forecaster:
    inner, head = module.recurrent, module.head
    kind = type(inner).__name__.lower()
    clocked = kind in ("ltc", "cfc")
    settings = {"unfolds": inner.unfolds, "liquid": inner.liquid} if kind == "ltc" else {}
    sizes = inner.input_size - (not clocked), inner.hidden_size, head.out_features
    return numpy_liquid.Forecaster(*sizes, kind, rng=rng, **settings)


def _text_transformer(module: clip.TextTransformer, rng) -> numpy_clip.TextTransformer:
    embedding, first = module.embedding, module.encoder.layers[0]
    sizes = embedding.num_embeddings, len(module.positions), embedding.embedding_dim
    inner = first.self_attn.num_heads, len(module.encoder.layers), first.linear1.out_features
    return numpy_clip.TextTransformer(*sizes, *inner, rng=rng)


def _clip(module: clip.CLIP, rng) -> numpy_clip.CLIP:
    encoders = (_build_back(encoder, rng) for encoder in (module.picture_encoder, module.text_encoder))
    projections = module.picture_projection, module.text_projection
    widths = *(projection.in_features for projection in projections), projections[0].out_features
    return numpy_clip.CLIP(*encoders, *widths, rng=rng)


def _transformer(module: models.Transformer, rng) -> Transformer:
    first, sizes = module.encoder.layers[0], (module.source.num_embeddings, module.target.num_embeddings)
    layers = len(module.encoder.layers), len(module.decoder.layers)
    inner = first.self_attn.num_heads, first.linear1.out_features
    settings = module.dropout.p, module.positions, first.norm_first
    return Transformer(*sizes, module.width, *inner, *layers, *settings, rng=rng)


def _loss(kind: type[nn.Module], **checked):
    return _with(kind, "reduction", **checked)


# How to build each in dlbook.nn, weights aside.  A new layer adds its line here too.
_BACK = {
    torch.nn.Linear: lambda m, rng: nn.Linear(m.in_features, m.out_features, m.bias is not None, rng=rng),
    torch.nn.Identity: _with(nn.Identity),
    torch.nn.Sigmoid: _with(nn.Sigmoid),
    torch.nn.Tanh: _with(nn.Tanh),
    torch.nn.ReLU: _with(nn.ReLU),
    torch.nn.LeakyReLU: _with(nn.LeakyReLU, "negative_slope"),
    torch.nn.PReLU: _with(nn.PReLU, "num_parameters"),
    torch.nn.ELU: _with(nn.ELU, "alpha"),
    torch.nn.SELU: _with(nn.SELU),
    torch.nn.Softplus: _with(nn.Softplus, "beta", threshold=20.0),
    torch.nn.GELU: _with(nn.GELU, "approximate"),
    torch.nn.SiLU: _with(nn.SiLU),
    torch.nn.Softmax: _with(nn.Softmax, "dim"),
    torch.nn.LogSoftmax: _with(nn.LogSoftmax, "dim"),
    torch.nn.BatchNorm1d: _with(nn.BatchNorm1d, "num_features", "eps", "momentum", "affine", "track_running_stats"),
    torch.nn.BatchNorm2d: _with(nn.BatchNorm2d, "num_features", "eps", "momentum", "affine", "track_running_stats"),
    torch.nn.LayerNorm: lambda m, rng: nn.LayerNorm(
        m.normalized_shape, m.eps, m.elementwise_affine, m.elementwise_affine and m.bias is not None
    ),
    torch.nn.RMSNorm: _with(nn.RMSNorm, "normalized_shape", "eps", "elementwise_affine"),
    torch.nn.Conv1d: _convolution(nn.Conv1d),
    torch.nn.Conv2d: _convolution(nn.Conv2d),
    torch.nn.ConvTranspose2d: _convolution(nn.ConvTranspose2d, "output_padding"),
    torch.nn.MaxPool2d: _with(nn.MaxPool2d, "kernel_size", "stride", "padding", dilation=1, ceil_mode=False),
    torch.nn.AvgPool2d: _with(
        nn.AvgPool2d, "kernel_size", "stride", "padding", ceil_mode=False, count_include_pad=True, divisor_override=None
    ),
    torch.nn.LPPool2d: _with(nn.LPPool2d, "norm_type", "kernel_size", "stride", ceil_mode=False),
    torch.nn.AdaptiveAvgPool2d: _with(nn.AdaptiveAvgPool2d, "output_size"),
    torch.nn.Flatten: _with(nn.Flatten, "start_dim", "end_dim"),
    torch.nn.Embedding: lambda m, rng: nn.Embedding(m.num_embeddings, m.embedding_dim, m.padding_idx, rng=rng),
    torch.nn.RNN: _sequence(nn.RNN),
    torch.nn.LSTM: _sequence(nn.LSTM),
    torch.nn.GRU: _sequence(nn.GRU),
    torch.nn.RNNCell: lambda m, rng: nn.RNNCell(m.input_size, m.hidden_size, m.bias, m.nonlinearity, rng=rng),
    torch.nn.LSTMCell: lambda m, rng: nn.LSTMCell(m.input_size, m.hidden_size, m.bias, rng=rng),
    torch.nn.GRUCell: lambda m, rng: nn.GRUCell(m.input_size, m.hidden_size, m.bias, rng=rng),
    layers.MultiheadAttention: _attention,
    torch.nn.MultiheadAttention: _attention,
    layers.FeedForward: _feed_forward_back,
    layers.TransformerEncoderLayer: _layer_back(nn.TransformerEncoderLayer),
    torch.nn.TransformerEncoderLayer: _layer_back(nn.TransformerEncoderLayer),
    layers.TransformerDecoderLayer: _layer_back(nn.TransformerDecoderLayer),
    torch.nn.TransformerDecoderLayer: _layer_back(nn.TransformerDecoderLayer),
    layers.TransformerEncoder: _stack_back(nn.TransformerEncoder),
    torch.nn.TransformerEncoder: _stack_back(nn.TransformerEncoder),
    layers.TransformerDecoder: _stack_back(nn.TransformerDecoder),
    torch.nn.TransformerDecoder: _stack_back(nn.TransformerDecoder),
    models.CharRNN: _char_rnn,
    models.DeepAutoencoder: _autoencoder,
    models.PrimaryCapsules: _primary_capsules,
    models.CapsuleLayer: _capsule_layer,
    models.MarginLoss: lambda m, rng: MarginLoss(),
    models.Transformer: _transformer,
    liquid.LTC: lambda m, rng: numpy_liquid.LTC(m.input_size, m.hidden_size, m.unfolds, m.liquid, rng=rng),
    liquid.CfC: lambda m, rng: numpy_liquid.CfC(m.input_size, m.hidden_size, rng=rng),
    liquid.Forecaster: _forecaster,
    clip.BagOfWords: lambda m, rng: numpy_clip.BagOfWords(
        m.embedding.num_embeddings, m.embedding.embedding_dim, rng=rng
    ),
    clip.TextTransformer: _text_transformer,
    clip.CLIP: _clip,
    bert.BERT: lambda m, rng: numpy_bert.BERT(m.config, rng=rng),
    bert.WithHead: _bert_with_head,
    gpt.GPT: lambda m, rng: GPT(m.config, rng=rng),
    layers.QuadraticLoss: _loss(nn.QuadraticLoss),
    torch.nn.MSELoss: _loss(nn.MSELoss),
    torch.nn.NLLLoss: _loss(nn.NLLLoss, weight=None, ignore_index=-100),
    torch.nn.CrossEntropyLoss: _with(nn.CrossEntropyLoss, "reduction", "ignore_index", "label_smoothing", weight=None),
    torch.nn.BCELoss: _loss(nn.BCELoss, weight=None),
    torch.nn.BCEWithLogitsLoss: _loss(nn.BCEWithLogitsLoss, weight=None, pos_weight=None),
}
