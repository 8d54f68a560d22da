"""Every layer, activation and loss of dlbook.nn against its twin in torch: outputs, all gradients, state dicts."""

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

torch = pytest.importorskip("torch")

from dlbook import nn  # noqa: E402
from dlbook.torch import QuadraticLoss, twin  # noqa: E402

EXACT = {"rtol": 1e-10, "atol": 1e-10}
ANY_SHAPE = hnp.array_shapes(min_dims=1, max_dims=4, max_side=5)
WITH_CHANNELS = hnp.array_shapes(min_dims=2, max_dims=4, max_side=5)

TWO_VALUES_A_CHANNEL = hnp.array_shapes(min_dims=2, max_dims=3, max_side=5).filter(
    lambda shape: np.prod(shape) > shape[1]
)
# Of a single feature layer norm leaves 0, and torch a rounding error: test_norm.py holds that case.
TWO_FEATURES = ANY_SHAPE.filter(lambda shape: shape[-1] > 1)
TWO_FEATURES_BY_TWO = WITH_CHANNELS.filter(lambda shape: shape[-2] * shape[-1] > 1)
IMAGES = hnp.array_shapes(min_dims=4, max_dims=4, max_side=4).filter(lambda shape: np.prod(shape) > shape[1])

seeds = st.integers(0, 2**32 - 1)
TORCH_SEED = 11


class DrawsOfTorch:
    """A generator for one dropout layer, whose mask becomes the one that torch draws after TORCH_SEED."""

    def __init__(self, p):
        self.p = p

    def random(self, shape):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(TORCH_SEED)
            stays = torch.nn.functional.dropout(torch.ones(shape, dtype=torch.float64), self.p) > 0
        return stays.numpy().astype(float)  # 1 is kept by every p, 0 dropped by every p above 0


def dropout(p):
    return nn.Dropout(p, rng=DrawsOfTorch(p))


def scrambled(module, rng):
    """The module with random parameters and running statistics: norms start at ones and zeros, which hide errors."""
    state = {
        name: array if array.dtype == np.int64 else rng.uniform(0.5, 2, array.shape)
        for name, array in module.state_dict().items()
    }
    module.load_state_dict(state)
    return module


LARGER_IMAGES = st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(5, 8), st.integers(5, 8))


def conv2d(rng, shape):
    """A convolution with settings drawn from `rng`; each fits images of 5×5."""
    groups = rng.integers(1, 3)
    settings = {
        "kernel_size": drawn(rng, 1, 4),
        "stride": drawn(rng, 1, 4),
        "padding": drawn(rng, 0, 3),
        "dilation": drawn(rng, 1, 3),
        "groups": int(groups) if shape[1] % groups == 0 else 1,
        "bias": bool(rng.integers(2)),
    }
    return nn.Conv2d(shape[1], settings["groups"] * 3, **settings, rng=rng)


def conv_transpose2d(rng, shape):
    stride, dilation = drawn(rng, 1, 4), drawn(rng, 1, 3)
    settings = {
        "kernel_size": drawn(rng, 2, 4),
        "stride": stride,
        "padding": drawn(rng, 0, 3),
        "output_padding": tuple(int(rng.integers(0, max(both))) for both in zip(stride, dilation, strict=True)),
        "dilation": dilation,
        "groups": 2 if shape[1] % 2 == 0 else 1,
        "bias": bool(rng.integers(2)),
    }
    return nn.ConvTranspose2d(shape[1], settings["groups"] * 3, **settings, rng=rng)


def drawn(rng, low, high):
    """Rows and columns apart: a layer that mixes them up is found."""
    return tuple(int(one) for one in rng.integers(low, high, 2))


# name -> (module from a generator and the shape of its input, shapes to draw)
LAYERS = {
    "Conv1d": (
        lambda rng, shape: nn.Conv1d(shape[1], 3, 3, stride=2, padding=1, dilation=2, rng=rng),
        st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(3, 9)),
    ),
    "Conv1d, one kernel a channel": (
        lambda rng, shape: nn.Conv1d(shape[1], 2 * shape[1], 2, groups=shape[1], bias=False, rng=rng),
        st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(3, 9)),
    ),
    "Conv2d": (conv2d, LARGER_IMAGES),
    "Conv2d of no padding": (lambda rng, shape: nn.Conv2d(shape[1], 2, 3, rng=rng), LARGER_IMAGES),
    "ConvTranspose2d": (conv_transpose2d, LARGER_IMAGES),
    "MaxPool2d": (lambda rng, shape: nn.MaxPool2d(2), LARGER_IMAGES),
    "MaxPool2d, overlapping and padded": (lambda rng, shape: nn.MaxPool2d((3, 2), (2, 1), 1), LARGER_IMAGES),
    "AvgPool2d": (lambda rng, shape: nn.AvgPool2d((2, 3)), LARGER_IMAGES),
    "AvgPool2d, overlapping and padded": (lambda rng, shape: nn.AvgPool2d(3, (1, 2), 1), LARGER_IMAGES),
    "LPPool2d of sums": (lambda rng, shape: nn.LPPool2d(1, 2), LARGER_IMAGES),
    "AdaptiveAvgPool2d": (lambda rng, shape: nn.AdaptiveAvgPool2d(drawn(rng, 1, 9)), LARGER_IMAGES),
    "Flatten": (lambda rng, shape: nn.Flatten(), WITH_CHANNELS),
    "Flatten of the middle": (lambda rng, shape: nn.Flatten(1, 2), LARGER_IMAGES),
    "A small convolutional network": (
        lambda rng, shape: nn.Sequential(
            nn.Conv2d(shape[1], 4, 3, padding=1, rng=rng),
            scrambled(nn.BatchNorm2d(4), rng),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(4, 3, 2, rng=rng),
            nn.Tanh(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(3, 2, rng=rng),
        ),
        LARGER_IMAGES,
    ),
    "Linear": (lambda rng, shape: nn.Linear(shape[-1], 3, rng=rng), ANY_SHAPE),
    "Linear without bias": (lambda rng, shape: nn.Linear(shape[-1], 4, bias=False, rng=rng), ANY_SHAPE),
    "Sequential": (
        lambda rng, shape: nn.Sequential(
            nn.Linear(shape[-1], 6, rng=rng),
            nn.Tanh(),
            nn.Sequential(nn.Linear(6, 2, rng=rng), nn.PReLU()),
            nn.Softmax(),
        ),
        WITH_CHANNELS,
    ),
    "Identity": (lambda rng, shape: nn.Identity(), ANY_SHAPE),
    "Sigmoid": (lambda rng, shape: nn.Sigmoid(), ANY_SHAPE),
    "Tanh": (lambda rng, shape: nn.Tanh(), ANY_SHAPE),
    "ReLU": (lambda rng, shape: nn.ReLU(), ANY_SHAPE),
    "LeakyReLU": (lambda rng, shape: nn.LeakyReLU(rng.uniform(0, 2)), ANY_SHAPE),
    "PReLU": (lambda rng, shape: nn.PReLU(init=rng.uniform(-1, 1)), ANY_SHAPE),
    "PReLU by channel": (lambda rng, shape: nn.PReLU(shape[1]), WITH_CHANNELS),
    "ELU": (lambda rng, shape: nn.ELU(rng.uniform(0.1, 2)), ANY_SHAPE),
    "SELU": (lambda rng, shape: nn.SELU(), ANY_SHAPE),
    "Softplus": (lambda rng, shape: nn.Softplus(rng.uniform(0.2, 3)), ANY_SHAPE),
    "GELU": (lambda rng, shape: nn.GELU(), ANY_SHAPE),
    "GELU by tanh": (lambda rng, shape: nn.GELU("tanh"), ANY_SHAPE),
    "SiLU": (lambda rng, shape: nn.SiLU(), ANY_SHAPE),
    "Softmax": (lambda rng, shape: nn.Softmax(), ANY_SHAPE),
    "Softmax over the first axis": (lambda rng, shape: nn.Softmax(0), ANY_SHAPE),
    "LogSoftmax": (lambda rng, shape: nn.LogSoftmax(), ANY_SHAPE),
    "LogSoftmax over axis 1": (lambda rng, shape: nn.LogSoftmax(1), WITH_CHANNELS),
    "Residual": (
        lambda rng, shape: nn.Residual(nn.Sequential(nn.Linear(shape[-1], shape[-1], rng=rng), nn.Tanh())),
        ANY_SHAPE,
    ),
    "BatchNorm1d": (lambda rng, shape: scrambled(nn.BatchNorm1d(shape[1]), rng), TWO_VALUES_A_CHANNEL),
    "BatchNorm1d averaging plainly": (
        lambda rng, shape: scrambled(nn.BatchNorm1d(shape[1], eps=1e-3, momentum=None), rng),
        TWO_VALUES_A_CHANNEL,
    ),
    "BatchNorm1d without affine": (lambda rng, shape: nn.BatchNorm1d(shape[1], affine=False), TWO_VALUES_A_CHANNEL),
    "BatchNorm1d in evaluation": (
        lambda rng, shape: scrambled(nn.BatchNorm1d(shape[1]), rng).eval(),
        hnp.array_shapes(min_dims=2, max_dims=3, max_side=5),
    ),
    "BatchNorm1d in evaluation by the batch": (
        lambda rng, shape: scrambled(nn.BatchNorm1d(shape[1], track_running_stats=False), rng).eval(),
        TWO_VALUES_A_CHANNEL,
    ),
    "BatchNorm2d": (lambda rng, shape: scrambled(nn.BatchNorm2d(shape[1]), rng), IMAGES),
    "LayerNorm": (lambda rng, shape: scrambled(nn.LayerNorm(shape[-1]), rng), TWO_FEATURES),
    "LayerNorm over two axes": (lambda rng, shape: scrambled(nn.LayerNorm(shape[-2:]), rng), TWO_FEATURES_BY_TWO),
    "RMSNorm": (lambda rng, shape: scrambled(nn.RMSNorm(shape[-1], eps=1e-3), rng), ANY_SHAPE),
    "RMSNorm over two axes": (lambda rng, shape: scrambled(nn.RMSNorm(shape[-2:]), rng), WITH_CHANNELS),
    "RMSNorm without affine": (lambda rng, shape: nn.RMSNorm(shape[-1], elementwise_affine=False), ANY_SHAPE),
    "LayerNorm without bias": (lambda rng, shape: scrambled(nn.LayerNorm(shape[-1], bias=False), rng), TWO_FEATURES),
    "LayerNorm without affine": (
        lambda rng, shape: nn.LayerNorm(shape[-2:], eps=1e-3, elementwise_affine=False),
        TWO_FEATURES_BY_TWO,
    ),
    "Dropout": (lambda rng, shape: dropout(rng.uniform(0.1, 0.9)), ANY_SHAPE),
    "Dropout of nothing": (lambda rng, shape: dropout(0.0), ANY_SHAPE),
    "Dropout of all": (lambda rng, shape: dropout(1.0), ANY_SHAPE),
    "Dropout in evaluation": (lambda rng, shape: dropout(0.5).eval(), ANY_SHAPE),
    "Normalised and thinned": (
        lambda rng, shape: nn.Sequential(
            nn.Linear(shape[-1], 6, rng=rng),
            scrambled(nn.BatchNorm1d(6), rng),
            nn.ReLU(),
            nn.Residual(nn.Sequential(scrambled(nn.LayerNorm(6), rng), nn.Linear(6, 6, rng=rng), dropout(0.3))),
        ),
        st.tuples(st.integers(2, 6), st.integers(1, 5)),
    ),
}

# Small and large values, and zeros, where the kinks are.
SCALES = st.sampled_from([0.0, 1e-3, 1.0, 10.0, 300.0])


@pytest.mark.parametrize("name", LAYERS)
@settings(max_examples=40, deadline=None)
@given(data=st.data(), seed=seeds, scale=SCALES)
def test_layer_equals_torch(name, data, seed, scale):
    build, shapes = LAYERS[name]
    shape = data.draw(shapes)
    rng = np.random.default_rng(seed)
    ours = build(rng, shape)
    theirs = twin(ours)
    x = scale * rng.standard_normal(shape)
    tx = torch.tensor(x, requires_grad=True)

    y, cache = ours.forward(x)
    torch.manual_seed(TORCH_SEED)
    ty = theirs(tx)
    np.testing.assert_allclose(y, ty.detach().numpy(), **EXACT)
    np.testing.assert_array_equal(ours(x), y)

    dy = rng.standard_normal(y.shape)
    dx = ours.backward(dy, cache)
    ty.backward(torch.tensor(dy))
    np.testing.assert_allclose(dx, tx.grad.numpy(), **EXACT)
    gradients = dict(theirs.named_parameters())
    assert [key for key, _ in ours.named_parameters()] == list(gradients)
    for key, parameter in ours.named_parameters():
        np.testing.assert_allclose(parameter.grad, gradients[key].grad.numpy(), **EXACT, err_msg=key)


@pytest.mark.parametrize("name", LAYERS)
def test_state_dict_moves_both_ways(name):
    build, shapes = LAYERS[name]
    shape = (5, 4)
    if "channel" in name:
        shape = (5, 3, 4)
    elif name.startswith("Conv1d"):
        shape = (5, 4, 7)
    elif shapes is IMAGES or shapes is LARGER_IMAGES:
        shape = (5, 4, 6, 7)
    ours, other = (build(np.random.default_rng(1), shape) for _ in range(2))
    theirs = twin(ours)
    assert list(theirs.state_dict()) == list(ours.state_dict())
    moved = {key: np.asarray(array + 1) for key, array in ours.state_dict().items()}
    theirs.load_state_dict({key: torch.from_numpy(array) for key, array in moved.items()})
    other.load_state_dict(theirs.state_dict())
    for key, array in moved.items():
        np.testing.assert_array_equal(other.state_dict()[key], array)
    x = np.random.default_rng(3).standard_normal(shape)
    torch.manual_seed(TORCH_SEED)
    np.testing.assert_allclose(theirs(torch.tensor(x)).detach().numpy(), other(x), **EXACT)


@pytest.mark.parametrize("momentum", [0.1, 0.3, None])
@pytest.mark.parametrize(("kind", "shape"), [(nn.BatchNorm1d, (7, 4)), (nn.BatchNorm2d, (2, 4, 3, 2))])
def test_running_statistics_follow_torch(kind, shape, momentum):
    rng = np.random.default_rng(0)
    ours = kind(shape[1], momentum=momentum)
    theirs = twin(ours)
    for step in range(6):
        x = rng.normal(step, 2, shape)
        if step == 4:  # evaluation leaves them alone
            ours.eval()
            theirs.eval()
        np.testing.assert_allclose(ours(x), theirs(torch.tensor(x)).detach().numpy(), **EXACT)
        for key, tensor in theirs.state_dict().items():
            np.testing.assert_allclose(ours.state_dict()[key], tensor.numpy(), rtol=1e-13, err_msg=f"{key}, {step}")
    assert ours.num_batches_tracked.data == 4


def labels(rng, shape):
    return rng.integers(0, shape[1], shape[0])


def some_labels(rng, shape):
    drawn = np.where(rng.random(shape[0]) < 0.5, -100, labels(rng, shape))
    drawn[0] = 0  # of no label at all torch's mean is not a number
    return drawn


def last_label_counts(rng, shape):
    drawn = labels(rng, shape)
    drawn[0] = shape[1] - 1
    return drawn


def rows_of_probabilities(rng, shape):
    return rng.dirichlet(np.ones(shape[1]), shape[0])


def numbers(rng, shape):
    return rng.standard_normal(shape)


def probabilities(rng, shape):
    return np.clip(rng.uniform(-0.2, 1.2, shape), 0, 1)


N_BY_C = st.tuples(st.integers(1, 6), st.integers(1, 5))

# name -> (ours, theirs, prediction, target, shapes)
LOSSES = {
    "QuadraticLoss": (nn.QuadraticLoss, QuadraticLoss, numbers, numbers, ANY_SHAPE),
    "MSELoss": (nn.MSELoss, torch.nn.MSELoss, numbers, numbers, ANY_SHAPE),
    "CrossEntropyLoss": (nn.CrossEntropyLoss, torch.nn.CrossEntropyLoss, numbers, labels, N_BY_C),
    "CrossEntropyLoss with probabilities": (
        nn.CrossEntropyLoss,
        torch.nn.CrossEntropyLoss,
        numbers,
        rows_of_probabilities,
        N_BY_C,
    ),
    "CrossEntropyLoss with any weights": (nn.CrossEntropyLoss, torch.nn.CrossEntropyLoss, numbers, numbers, N_BY_C),
    "CrossEntropyLoss smoothed": (
        functools.partial(nn.CrossEntropyLoss, label_smoothing=0.2),
        functools.partial(torch.nn.CrossEntropyLoss, label_smoothing=0.2),
        numbers,
        labels,
        N_BY_C,
    ),
    "CrossEntropyLoss with probabilities smoothed": (
        functools.partial(nn.CrossEntropyLoss, label_smoothing=0.3),
        functools.partial(torch.nn.CrossEntropyLoss, label_smoothing=0.3),
        numbers,
        numbers,
        N_BY_C,
    ),
    "CrossEntropyLoss of some": (nn.CrossEntropyLoss, torch.nn.CrossEntropyLoss, numbers, some_labels, N_BY_C),
    "CrossEntropyLoss of some, smoothed": (
        functools.partial(nn.CrossEntropyLoss, ignore_index=0, label_smoothing=0.2),
        functools.partial(torch.nn.CrossEntropyLoss, ignore_index=0, label_smoothing=0.2),
        numbers,
        last_label_counts,
        st.tuples(st.integers(1, 6), st.integers(2, 5)),
    ),
    "NLLLoss": (nn.NLLLoss, torch.nn.NLLLoss, numbers, labels, N_BY_C),
    "BCELoss": (nn.BCELoss, torch.nn.BCELoss, probabilities, probabilities, ANY_SHAPE),
    "BCEWithLogitsLoss": (nn.BCEWithLogitsLoss, torch.nn.BCEWithLogitsLoss, numbers, probabilities, ANY_SHAPE),
}


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("name", LOSSES)
@settings(max_examples=40, deadline=None)
@given(data=st.data(), seed=seeds, scale=SCALES)
def test_loss_equals_torch(name, reduction, data, seed, scale):
    ours, theirs, draw_prediction, draw_target, shapes = LOSSES[name]
    shape = data.draw(shapes)
    rng = np.random.default_rng(seed)
    prediction, target = draw_prediction(rng, shape), draw_target(rng, shape)
    if draw_prediction is numbers:
        prediction = scale * prediction
    tp = torch.tensor(prediction, requires_grad=True)

    value, cache = ours(reduction).forward(prediction, target)
    tvalue = theirs(reduction=reduction)(tp, torch.tensor(target))
    np.testing.assert_allclose(value, tvalue.item(), **EXACT)

    dvalue = rng.standard_normal()
    gradient = ours(reduction).backward(dvalue, cache)
    tvalue.backward(torch.tensor(dvalue, dtype=torch.float64))
    np.testing.assert_allclose(gradient, tp.grad.numpy(), **EXACT)


# Their inputs or outputs are not one array: test_parity_sequences.py, test_parity_attention.py.
IN_THEIR_OWN_FILE = {
    *(
        nn.Embedding,
        nn.RNN,
        nn.LSTM,
        nn.GRU,
        nn.RNNCell,
        nn.LSTMCell,
        nn.GRUCell,
        nn.MultiheadAttention,
        nn.FeedForward,
    ),
    *(nn.TransformerEncoderLayer, nn.TransformerDecoderLayer, nn.TransformerEncoder, nn.TransformerDecoder),
}


def test_every_layer_that_torch_has_is_compared():
    built = {type(build(np.random.default_rng(0), (2, 4, 5, 6))) for build, _ in LAYERS.values()}
    built |= {ours for ours, *_ in LOSSES.values()}
    built |= IN_THEIR_OWN_FILE
    public = {
        value
        for value in vars(nn).values()
        if isinstance(value, type) and issubclass(value, nn.Module) and value not in (nn.Module, nn.Loss)
    }
    assert public - built == {nn.Step}


def test_erf_equals_torch():
    x = np.concatenate([np.linspace(-8, 8, 4001), [0.46875, -0.46875, 4.0, -4.0, 1e300, -1e300, np.inf, -np.inf]])
    np.testing.assert_allclose(nn.erf(x), torch.erf(torch.tensor(x)).numpy(), rtol=1e-14, atol=0)
    assert np.isnan(nn.erf(np.nan))


def test_lengths_equal_torch():
    x = np.random.default_rng(0).standard_normal((4, 3, 5))
    tx = torch.tensor(x, requires_grad=True)
    y, cache = nn.l2_normalize(x)
    ty = torch.nn.functional.normalize(tx, dim=-1)
    np.testing.assert_allclose(y, ty.detach().numpy(), **EXACT)
    dy = np.random.default_rng(1).standard_normal(x.shape)
    ty.backward(torch.from_numpy(dy))
    np.testing.assert_allclose(nn.l2_normalize_backward(dy, cache), tx.grad.numpy(), **EXACT)
