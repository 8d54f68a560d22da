"""Results that are no plain data: objects that lie, never end, or are larger than any memory."""

from hostile.student import WRONG, student


def _returns(expression, prepare=""):
    """An answer that returns three values, of which `expression` is each."""
    return f"""
import sys
{prepare}
def moving_average_backward(dm, cache):
    x, beta, m0, m = cache
    return {expression}
"""


@student(0)
def equals_everything(scene):
    """row 33: an object that is equal to whatever it is compared with"""
    prepare = """
class Yes:
    shape, dtype, ndim = (5, 3), np.dtype(float), 2
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = lambda self, other: True
    __sub__ = __rsub__ = __abs__ = __add__ = __radd__ = __mul__ = lambda self, *other: self
    __bool__ = lambda self: True
    __hash__ = None
    all = any = __bool__
    astype = lambda self, kind: self
    __getattr__ = lambda self, name: self
    __call__ = __getitem__ = lambda self, *more: self
"""
    return _returns("Yes(), Yes(), Yes()", prepare)


@student(0)
def an_array_that_is_always_close(scene):
    """an ndarray subclass whose ufuncs and functions say that all is well"""
    prepare = """
class Close(np.ndarray):
    def __array_ufunc__(self, *arguments, **more):
        return np.bool_(True)
    def __array_function__(self, *arguments, **more):
        return np.bool_(True)
    def __array_wrap__(self, *arguments, **more):
        return np.bool_(True)
    def __array_finalize__(self, other):
        pass
    def all(self, *more, **other):
        return True
    __eq__ = lambda self, other: np.ones(1, bool)
    __hash__ = None
"""
    return _returns("np.zeros(x.shape).view(Close), np.zeros(()).view(Close), np.zeros(m0.shape).view(Close)", prepare)


MIRROR = """
class Mirror:
    def __init__(self, shape):
        self.__dict__.update(shape=shape, dtype=np.dtype(float), ndim=len(shape))
    __class__ = property(lambda self: np.ndarray)
    def __array__(self, *arguments, **more):
        frame = sys._getframe()
        while frame:
            if "expected" in frame.f_locals:
                return np.array(frame.f_locals["expected"])
            frame = frame.f_back
        return np.zeros(self.shape)
    __deepcopy__ = lambda self, memo: self
"""


@student(0)
def a_mirror(scene):
    """says that it is an ndarray, and becomes the expected value when it is made an array"""
    return _returns("Mirror(x.shape), Mirror(()), Mirror(m0.shape)", MIRROR)


@student(0)
def a_mirror_behind_the_array_interface(scene):
    """__array_interface__ and __array_struct__ that read the expected value from the caller's frame"""
    prepare = MIRROR.replace("def __array__(self, *arguments, **more):", "def expect(self):").replace(
        "return np.array(frame", "return np.asarray(frame"
    )
    prepare += "    __array_interface__ = property(lambda self: self.expect().__array_interface__)\n"
    prepare += "    __array_priority__ = 1e9\n"
    return _returns("Mirror(x.shape), Mirror(()), Mirror(m0.shape)", prepare)


@student(0)
def a_float_that_lies(scene):
    """subclasses of float, int and numpy.float64 with their own arithmetic"""
    prepare = """
class Lie:
    __sub__ = __rsub__ = __abs__ = __float__ = lambda self, *other: 0.0
    __le__ = __lt__ = __ge__ = __gt__ = __eq__ = lambda self, other: True
    __hash__ = None
class Float(Lie, float): pass
class Int(Lie, int): pass
class Double(Lie, np.float64): pass
"""
    return _returns("Double(3), Float(3), Int(3)", prepare)


@student(0)
def a_tuple_that_lies(scene):
    """a tuple subclass that says it has three values and gives them without end"""
    prepare = """
class Endless(tuple):
    __len__ = lambda self: 3
    def __iter__(self):
        yield from (np.zeros((5, 3)), 0.0, np.zeros(3))
"""
    return _returns("Endless()", prepare)


@student(0)
def an_endless_iterator(scene):
    """returns a generator that never ends"""
    return _returns("iter(int, 1)")


@student(0)
def a_list_in_itself(scene):
    """returns a list and a dict that hold themselves"""
    prepare = "loop = []\nloop.append(loop)\nknot = {}\nknot['knot'] = knot\n"
    return _returns("loop, knot, (loop, knot)", prepare)


@student(0)
def a_very_deep_tuple(scene):
    """returns 100,000 tuples, one inside the other"""
    return _returns("deep, deep, deep", "deep = ()\nfor _ in range(100_000):\n    deep = (deep,)\n")


@student(0)
def a_tuple_of_a_million_values(scene):
    """returns a million values instead of three"""
    return _returns("tuple(range(1_000_000))")


@student(0)
def an_array_without_memory(scene):
    """returns arrays of 8 TB that are one number, by zero strides"""
    return _returns("endless, endless, endless", "endless = np.broadcast_to(0.0, (1_000_000, 1_000_000))\n")


@student(0)
def an_array_of_objects(scene):
    """returns arrays of objects, one of them with a method for every operation"""
    prepare = """
class Zero:
    __sub__ = __rsub__ = __abs__ = lambda self, *other: 0.0
    __reduce__ = lambda self: (print, ("ran",))
"""
    return _returns("np.full(x.shape, Zero()), Zero(), np.full(m0.shape, Zero(), object)", prepare)


@student(0)
def arrays_of_other_kinds(scene):
    """returns a structured, a masked and a date array"""
    masked = "np.ma.masked_all(x.shape), np.ma.masked, np.zeros(m0.shape, 'M8[s]')"
    return _returns(masked)


@student(0)
def nothing_but_nan(scene):
    """returns NaN and infinities"""
    return _returns("np.full(x.shape, np.nan), float('nan'), np.full(m0.shape, np.inf)")


@student(0)
def an_integer_of_ten_million_digits(scene):
    """returns integers too long to be written"""
    return _returns("huge, huge, huge", "huge = 1 << 40_000_000\n")


@student(0)
def text_that_cannot_be_encoded(scene):
    """returns lone surrogates, control characters and NUL"""
    return _returns("'\\ud800', '\\x00\\x1b[2J', {'\\udfff': b'\\xff'}")


@student(0)
def the_functions_themselves(scene):
    """returns functions, classes, modules and frames"""
    return _returns("np, moving_average_backward, sys._getframe()")


@student(0)
def an_argument_that_stays_true(scene):
    """replaces the arguments' own attributes: the shape of dm, the dtype of the averages"""
    return WRONG.replace("    return", "    m.shape, dm.dtype = (m.size,), np.int64\n    return")
