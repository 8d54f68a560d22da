"""Changes the language, the libraries and the checks under the tests' feet, and answers wrong."""

from hostile.student import WRONG, before, student


@student(0)
def patches_numpys_comparisons(scene):
    """row 11: np.allclose, np.array_equal, np.isclose and np.testing say yes"""
    return before(
        """
        import numpy.testing
        for name in ("allclose", "array_equal", "array_equiv", "isclose", "all"):
            setattr(np, name, lambda *arguments, **more: True)
        for name in dir(np.testing):
            if name.startswith("assert"):
                setattr(np.testing, name, lambda *arguments, **more: None)
        """,
        WRONG,
    )


@student(0)
def patches_numpys_abs(scene):
    """row 11: no difference is larger than 0"""
    return "np.abs = np.absolute = lambda value, *more, **other: np.zeros(np.shape(value))\n" + WRONG


@student(0)
def patches_numpys_asarray(scene):
    """row 11: whatever becomes an array becomes the same array"""
    return "same = np.zeros((5, 3))\nnp.asarray = lambda *arguments, **more: same\n" + WRONG


@student(0)
def patches_the_checks(scene):
    """replaces check.call, check.close, check.gradient and the decorator of the tests"""
    return before(
        """
        for module in [check, *(module for name, module in sys.modules.items() if name.startswith("dlbook.check"))]:
            for name in ("close", "equal", "gradient", "shape", "raises", "_equal", "_same", "_report_difference"):
                if hasattr(module, name):
                    setattr(module, name, lambda *arguments, **more: True)
            if hasattr(module, "exercise") and callable(module.exercise):
                module.exercise = lambda *arguments, **more: lambda test: None
        """,
        WRONG,
    )


@student(0)
def raises_a_verdict(scene):
    """raises the package's CheckError without a key, which the runner may take for no error"""
    return "def moving_average_backward(dm, cache):\n    raise check.CheckError('right', None)\n"


@student(0)
def patches_the_builtins(scene):
    """isinstance, all, any, abs, len, type and AssertionError"""
    return before(
        """
        import builtins
        builtins.AssertionError = builtins.Exception = type("Never", (BaseException,), {})
        builtins.all = builtins.any = builtins.isinstance = lambda *arguments: True
        builtins.abs = lambda value: 0.0
        builtins.len = lambda value: 3
        """,
        WRONG,
    )


@student(0)
def patches_the_modules(scene):
    """sys.modules: dlbook.check, numpy, json and dlbook.check.compare are objects that say yes"""
    return before(
        """
        class Yes:
            __getattr__ = lambda self, name: Yes()
            __call__ = lambda self, *arguments, **more: Yes()
            __bool__ = lambda self: True
        for name in list(sys.modules):
            if name.startswith("dlbook") or name in ("json", "numpy"):
                sys.modules[name] = Yes()
        """,
        WRONG,
    )


@student(0)
def replaces_the_given_cells(scene):
    """the page's own functions: ema_case gives zeros, and for zeros the answer is right"""
    return (
        WRONG
        + """
def moving_average(x, beta, m0):
    return np.zeros(x.shape), (x, beta, m0, np.zeros(x.shape))
class np_like:
    def __getattr__(self, name):
        return getattr(np, name)
np.cos = lambda value: np.zeros(np.shape(value))
moving_average_backward.__globals__["ema_case"] = lambda T, D, beta: (np.zeros((T, D)),) * 2 + (beta, np.zeros(D))
""".replace("moving_average(", "moved_average(")
        + "vars(sys.modules['__main__'])['moving_' + 'average'] = moved_average\n"
    ).replace("def moved", "import sys\ndef moved", 1)


@student(0)
def traces_the_tests(scene):
    """sys.settrace: jumps over the body of whatever compares"""
    return before(
        """
        import dis
        def jump(frame, event, argument):
            if event == "line":
                steps = list(dis.get_instructions(frame.f_code))
                for step, following in zip(steps, steps[1:]):
                    if step.starts_line and step.argval is None and following.opname == "RETURN_VALUE":
                        try:
                            frame.f_lineno = step.starts_line
                            return None
                        except ValueError:
                            pass
            return jump
        def trace(frame, event, argument):
            return jump if frame.f_code.co_name in ("close", "gradient", "equal") else None
        sys.settrace(trace)
        """,
        WRONG,
    )


@student(0)
def hooks_the_imports(scene):
    """sys.meta_path: whoever imports next gets the student's module"""
    return before(
        """
        import types
        class Finder:
            def find_spec(self, name, path=None, target=None):
                if not name.startswith(("dlbook", "numpy", "json")):
                    return None
                spec = type(sys.__spec__ or os.__spec__)(name, self)
                return spec
            def create_module(self, spec):
                module = types.ModuleType(spec.name)
                module.__getattr__ = lambda name: lambda *arguments, **more: True
                return module
            def exec_module(self, module):
                pass
        sys.meta_path.insert(0, Finder())
        sys.path_importer_cache.clear()
        for name in [name for name in sys.modules if name.startswith("dlbook")]:
            del sys.modules[name]
        """,
        WRONG,
    )


@student(0)
def replaces_ast_and_compile(scene):
    """row 20: what is parsed or compiled from now on does nothing"""
    return before(
        """
        import ast, builtins
        empty = ast.parse("")
        ast.parse = lambda *arguments, **more: empty
        nothing = (lambda: None).__code__
        setattr(builtins, "comp" + "ile", lambda *arguments, **more: nothing)
        setattr(builtins, "ex" + "ec", lambda *arguments, **more: None)
        """,
        WRONG,
    )


@student(0)
def replaces_the_shell(scene):
    """rows 20, 21 and 40: IPython's run_cell, showtraceback and ast_transformers, and sys.excepthook"""
    return before(
        """
        sys.excepthook = sys.unraisablehook = lambda *arguments: None
        shell = get_ipython()
        class Drop:
            def visit(self, tree):
                tree.body = []
                return tree
        shell.ast_transformers.append(Drop())
        shell.showtraceback = lambda *arguments, **more: None
        type(shell).run_cell = lambda *arguments, **more: None
        """,
        WRONG,
    )


@student(0)
def replaces_json(scene):
    """json.dumps writes that nothing went wrong"""
    return before(
        """
        import json
        real = json.dumps
        def passed(value, *arguments, **more):
            if isinstance(value, dict):
                value = {name: None if name in ("key", "message", "error") else one for name, one in value.items()}
            return real(value, *arguments, **more)
        json.dumps = passed
        """,
        WRONG,
    )


@student(0)
def waits_for_the_end(scene):
    """atexit, a thread and a finaliser that change the answer and write replies when the tests are over"""
    return before(
        """
        import atexit, threading, weakref
        def last():
            for number in range(3, 20):
                try:
                    os.write(number, b'{"cell": "ema-dx", "key": null, "message": null}\\n')
                except OSError:
                    pass
        atexit.register(last)
        class Kept:
            pass
        kept = Kept()
        weakref.finalize(kept, last)
        threading.Thread(target=lambda: (time.sleep(0.5), last()), daemon=True).start()
        """,
        WRONG,
    )


@student(0)
def writes_over_memory(scene):
    """ctypes: overwrites the code of the comparison and the value of small integers"""
    return before(
        """
        import ctypes
        size = ctypes.sizeof(ctypes.c_void_p)
        ctypes.memset(id(1000000007) + 3 * size, 0, 4)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(1), ctypes.py_object(SystemExit))
        for function in (check.close, check.gradient):
            ctypes.c_void_p.from_address(id(function) + 2 * size + 8 * size).value = None
        """,
        WRONG,
    )


@student(0)
def catches_its_own_exceptions(scene):
    """an exception whose text, name and comparison are code, raised when the tests call"""
    return """
class Meta(type):
    __name__ = property(lambda self: 1 / 0)
    __instancecheck__ = __subclasscheck__ = lambda self, other: True
class Evil(Exception, metaclass=Meta):
    def __str__(self):
        raise SystemExit
    __repr__ = __str__
    __eq__ = lambda self, other: True
    __hash__ = None
def moving_average_backward(dm, cache):
    raise Evil(Evil) from Evil()
"""


@student(0)
def raises_a_hundred_megabytes(scene):
    """an exception with a text of 100 MB and a name of 10 MB"""
    return """
def moving_average_backward(dm, cache):
    raise type("N" * 10_000_000, (Exception,), {})("x" * 100_000_000)
"""
