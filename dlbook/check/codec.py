"""Plain data as bytes and back: what crosses between an answer and its tests, and nothing else.

None, bool, int, float, complex, str, bytes, list, tuple, dict, set, NumPy scalars and numeric arrays, and a PCG64
`Generator` by its state; each to its exact type.  JSON for the structure, raw bytes for the arrays; never pickle, so
that reading runs no code of the writer.
"""

import json
import math
import struct
from typing import Any, BinaryIO

import numpy as np

LARGEST_HEAD = 8_000_000
"""Bytes of a message's structure."""
LARGEST_BODY = 64_000_000
"""Bytes of a message's arrays."""
DEEPEST = 60
"""Containers inside containers."""
_DTYPES = {
    np.dtype(name).str: np.dtype(name)
    for name in ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"]
}  # fmt: skip
_LENGTHS = struct.Struct("<QQ")


class NotPlainError(TypeError):
    """A value that may not cross.  kind : the name of its type."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"only plain data crosses: numbers, text, containers of them, numeric arrays; got {kind}")
        self.kind = kind


class MessageError(ValueError):
    """Bytes that are no message."""


class Name(str):
    """What the other side is to look up among its own names: a function or a class passed as an argument."""

    __slots__ = ()


def read(stream: BinaryIO, names: dict[str, Any] | None = None) -> Any:
    """Read one message.  names : what a Name stands for on this side; without them none may come.

    Raises EOFError at the end of the stream and MessageError for bytes that are no message.
    """
    head_size, body_size = _LENGTHS.unpack(_exactly(stream, _LENGTHS.size))
    if head_size > LARGEST_HEAD or body_size > LARGEST_BODY:
        raise MessageError(f"a message of {head_size + body_size} bytes is too large")
    head, body = _exactly(stream, head_size), _exactly(stream, body_size)
    try:
        return _Reader(body, names).value(json.loads(head), 0)
    except MessageError:
        raise
    except (ValueError, TypeError, KeyError, IndexError, OverflowError, RecursionError, MemoryError) as error:
        raise MessageError(f"no message: {type(error).__name__}") from None


def encode(value: Any) -> bytes:
    """One message as bytes.  Raises NotPlainError."""
    writer = _Writer()
    try:
        head = json.dumps(writer.tree(value, 0), separators=(",", ":")).encode()
    except (RecursionError, ValueError):
        raise NotPlainError(type(value).__name__) from None
    if len(head) > LARGEST_HEAD:
        raise NotPlainError(type(value).__name__)
    body = b"".join(writer.parts)
    return _LENGTHS.pack(len(head), len(body)) + head + body


class _Writer:
    def __init__(self):
        self.parts, self.size = [], 0

    def tree(self, value, depth):
        kind = type(value)
        if value is None or kind in (bool, int, float, str):
            return value
        if depth > DEEPEST:
            raise NotPlainError(kind.__name__)
        if kind in _CONTAINERS:
            return [_CONTAINERS[kind], *(self.tree(part, depth + 1) for part in value)]
        if kind is dict:
            return ["d", *(self.tree(part, depth + 1) for pair in value.items() for part in pair)]
        if kind is np.ndarray and value.dtype.newbyteorder("=").str in _DTYPES:
            self._make_room(value)
            native = value.astype(value.dtype.newbyteorder("="), copy=False)
            return ["a", native.dtype.str, list(native.shape), self._part(native.tobytes())]
        if kind in _SCALARS:
            return ["g", value.dtype.str, self._part(value.tobytes())]
        if kind is complex:
            return ["c", value.real, value.imag]
        if kind is bytes:
            self._make_room(value)
            return ["b", self._part(value)]
        if kind is np.random.Generator and type(value.bit_generator) is np.random.PCG64:
            state = value.bit_generator.state
            return ["r", state["state"]["state"], state["state"]["inc"], state["has_uint32"], state["uinteger"]]
        if kind is Name:
            return ["n", str(value)]
        raise NotPlainError(kind.__name__)

    def _make_room(self, value):
        """Refuse what is too large before it is copied."""
        self.size += value.nbytes if isinstance(value, np.ndarray) else len(value)
        if self.size > LARGEST_BODY:
            raise NotPlainError(type(value).__name__)

    def _part(self, content):
        self.parts.append(content)
        return len(content)


class _Reader:
    def __init__(self, body, names):
        self.body, self.at, self.names = body, 0, names

    def value(self, tree, depth):
        if type(tree) is not list:
            if type(tree) is dict:
                raise MessageError("no message: an object")
            return tree
        if depth > DEEPEST:
            raise MessageError("no message: too deep")
        tag, *rest = tree
        if tag in _CONTAINER_OF:
            return _CONTAINER_OF[tag](self.value(part, depth + 1) for part in rest)
        if tag == "d":
            parts = [self.value(part, depth + 1) for part in rest]
            return dict(zip(parts[::2], parts[1::2], strict=True))
        if tag == "a":
            dtype, shape, size = rest
            return self._array(_DTYPES[dtype], shape, size)
        if tag == "g":
            dtype, size = rest
            return self._array(_DTYPES[dtype], [], size)[()]
        if tag == "c":
            real, imag = rest
            return complex(real, imag)
        if tag == "b":
            (size,) = rest
            return self._take(size)
        if tag == "r":
            return generator(*rest)
        if tag == "n" and self.names is not None:
            (name,) = rest
            return self.names[name]
        raise MessageError("no message: an unknown tag")

    def _array(self, dtype, shape, size):
        if any(type(length) is not int or length < 0 for length in shape):
            raise MessageError("no message: a shape")
        if math.prod(shape) * dtype.itemsize != size:
            raise MessageError("no message: an array of another size")
        return np.frombuffer(self._take(size), dtype).reshape(shape).copy()

    def _take(self, size):
        if type(size) is not int or not 0 <= size <= len(self.body) - self.at:
            raise MessageError("no message: a part that is not there")
        self.at += size
        return bytes(self.body[self.at - size : self.at])


def generator(state: int, inc: int, has_uint32: int, uinteger: int) -> np.random.Generator:
    """A PCG64 generator in a given state."""
    bits = np.random.PCG64(0)
    bits.state = {
        "bit_generator": "PCG64",
        "state": {"state": state, "inc": inc},
        "has_uint32": has_uint32,
        "uinteger": uinteger,
    }
    return np.random.Generator(bits)


def _exactly(stream, size):
    content = bytearray()
    while len(content) < size:
        more = stream.read(min(1 << 20, size - len(content)))
        if not more:
            raise EOFError("the other side has ended")
        content += more
    return bytes(content)


_CONTAINERS = {list: "l", tuple: "t", set: "s"}
_CONTAINER_OF = {tag: kind for kind, tag in _CONTAINERS.items()}
_SCALARS = {dtype.type for dtype in _DTYPES.values()} | {np.longlong, np.ulonglong}
