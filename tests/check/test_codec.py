"""What crosses between an answer and its tests: to the type and the bit, or not at all."""

import io
import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from dlbook.check import codec


def crossed(value, names=None):
    return codec.read(io.BytesIO(codec.encode(value)), names)


def same(a, b):
    """Whether two values are equal to the type and the bit; NaN equals NaN."""
    if type(a) is not type(b):
        return False
    if isinstance(a, (np.ndarray, np.generic)):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return all(map(same, a.items(), b.items())) and len(a) == len(b)
    if isinstance(a, (float, complex)):
        return repr(a) == repr(b)
    return a == b


numeric = arrays.arrays(
    st.sampled_from(["?", "i1", "u8", "f2", "f4", "f8", "c8", "c16"]), arrays.array_shapes(min_dims=0, min_side=0)
)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.complex_numbers(), st.text(), st.binary(), numeric
)
plain = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner),
        st.lists(inner).map(tuple),
        st.dictionaries(st.text() | st.integers() | st.tuples(st.integers()), inner),
        st.sets(st.integers() | st.text()),
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(plain)
def test_plain_data_comes_back_to_the_type_and_the_bit(value):
    assert same(crossed(value), value)


@pytest.mark.parametrize("name", ["bool_", "int8", "int64", "uint32", "float16", "float32", "float64", "complex128"])
def test_a_numpy_scalar_stays_one(name):
    value = getattr(np, name)(1)
    assert same(crossed(value), value)


def test_arrays_in_any_layout_arrive_in_native_order():
    for value in (np.arange(6.0).reshape(2, 3).T, np.arange(10)[::2], np.arange(4, dtype=">f8")):
        assert np.array_equal(crossed(value), value)
        assert crossed(value).dtype.isnative
        crossed(value)[...] = 0


def test_a_generator_goes_on_where_it_was():
    rng = np.random.default_rng(7)
    rng.integers(10, dtype=np.uint32)
    copy = crossed(rng)
    assert np.array_equal(copy.normal(size=5), rng.normal(size=5))


class Lies(np.ndarray):
    """An array that says it equals everything."""

    def __eq__(self, other):
        return True


class Number(float):
    """A number with ideas of its own."""


def deep(levels):
    value = []
    for _ in range(levels):
        value = [value]
    return value


ITSELF = []
ITSELF.append(ITSELF)


@pytest.mark.parametrize(
    "value",
    [
        np.zeros(2).view(Lies),
        Number(1.0),
        object(),
        len,
        np.array([object()]),
        np.array(["text"]),
        np.zeros(2, "i4,f8"),
        np.ma.array([1.0]),
        frozenset([1]),
        range(3),
        iter([1]),
        np.random.Generator(np.random.MT19937(0)),
        deep(100),
        ITSELF,
        {1: {2: [object()]}},
        np.float64,
        slice(1),
        Exception("x"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_not_plain_does_not_cross(value):
    with pytest.raises(codec.NotPlainError):
        codec.encode(value)


def test_a_name_stands_for_something_only_where_names_are_given():
    message = codec.encode([codec.Name("answer")])
    assert codec.read(io.BytesIO(message), {"answer": 42}) == [42]
    with pytest.raises(codec.MessageError):
        codec.read(io.BytesIO(message))
    with pytest.raises(codec.MessageError):
        codec.read(io.BytesIO(message), {})


def framed(head, body=b"", sizes=None):
    head = head if isinstance(head, bytes) else json.dumps(head).encode()
    return struct.pack("<QQ", *(sizes or (len(head), len(body)))) + head + body


@pytest.mark.parametrize(
    "message",
    [
        framed(b"not json"),
        framed(b"\xff\xfe"),
        framed({"a": 1}),
        framed([]),
        framed(["?", 1]),
        framed([["l"]]),
        framed(["a", "<f8", [1], 8]),
        framed(["a", "<f8", [2], 8], bytes(8)),
        framed(["a", "<f8", [-1], 8], bytes(8)),
        framed(["a", "<f8", [True], 8], bytes(8)),
        framed(["a", "|O", [1], 8], bytes(8)),
        framed(["a", "<f8", [0, 10**30], 0]),
        framed(["a", "<f8", 3, 8], bytes(8)),
        framed(["a", ["l"], [1], 8], bytes(8)),
        framed(["b", -1], bytes(8)),
        framed(["b", 1e300], bytes(8)),
        framed(["d", 1]),
        framed(["d", ["l"], 1]),
        framed(["s", ["l"]]),
        framed(["r", 1, 2, 3]),
        framed(["r", "x", 2, 3, 4]),
        framed(["c", "1", 2]),
        framed(b"[" * 100_000 + b"]" * 100_000),
        framed(b"[" + b"9" * 10_000 + b"]"),
        framed(b"[]", sizes=(1 << 40, 0)),
        framed(b"[]", sizes=(2, 1 << 62)),
    ],
)
def test_bytes_that_are_no_message_are_refused(message):
    with pytest.raises(codec.MessageError):
        codec.read(io.BytesIO(message))


@settings(deadline=None)
@given(plain, st.data())
def test_a_torn_or_changed_message_raises_nothing_else(value, data):
    message = bytearray(codec.encode(value))
    at = data.draw(st.integers(0, len(message) - 1))
    message[at] ^= data.draw(st.integers(1, 255))
    for content in (message, message[:at]):
        try:
            codec.read(io.BytesIO(bytes(content)))
        except (codec.MessageError, EOFError):
            continue
