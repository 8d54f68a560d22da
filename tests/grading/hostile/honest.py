"""Students without guile, whose verdict must not suffer from how they write."""

from hostile.student import HALF, RIGHT, WRONG, Page, before, student


@student(5)
def right(scene):
    """row 01: answers right"""
    return RIGHT


@student(2)
def half(scene):
    """row 02: answers half of it"""
    return HALF


@student(5)
def right_in_portuguese(scene):
    """answers right on the Portuguese page"""
    return Page(RIGHT, language="pt-BR")


@student(0, "untouched")
def untouched(scene):
    """hands in the page as it was released"""
    return Page()


@student(0)
def syntax_error(scene):
    """row 03: forgets a bracket"""
    return "def moving_average_backward(dm, cache:\n    return dm\n"


@student(5)
def slow(scene):
    """takes a second in two of the tests"""
    return (
        RIGHT.replace("    x, beta", "    time.sleep(1.0 if len(dm) == 5 else 0.0)\n    x, beta", 1) + "\nimport time\n"
    )


@student(5)
def noisy(scene):
    """row 27: warns, prints and writes to stderr"""
    noise = "import os, sys, warnings\nnp.float64(1) / np.zeros(1)\n"
    loud = "    warnings.warn('careful')\n    print('dm', dm, file=sys.stderr)\n    os.write(2, b'x')\n"
    return noise + RIGHT.replace("    x, beta", loud + "    x, beta", 1)


@student(5)
def other_argument_names(scene):
    """row 34: renames the arguments and adds keywords with defaults"""
    head = "def moving_average_backward(gradient, saved, *more, eps=1e-8):\n    dm, cache = gradient, saved\n"
    return RIGHT.replace("def moving_average_backward(dm, cache):\n", head)


@student(5)
def a_callable_object(scene):
    """answers with an object that can be called"""
    return (
        RIGHT.replace("moving_average_backward", "by_steps")
        + """
class Backward:
    def __call__(self, dm, cache):
        return by_steps(dm, cache)

moving_average_backward = Backward()
"""
    )


@student(5)
def views_as_results(scene):
    """returns arrays that share memory, with negative strides, in Fortran order, read-only"""
    return (
        RIGHT.replace("moving_average_backward", "by_steps")
        + """
def moving_average_backward(dm, cache):
    dx, dbeta, dm0 = by_steps(dm, cache)
    both = np.asfortranarray(np.vstack([dx, dm0])[::-1])
    both.flags.writeable = False
    return both[1:][::-1], np.array(dbeta), both[0]
"""
    )


@student(5)
def other_byte_order(scene):
    """returns big-endian floats"""
    return RIGHT.replace("return dx, dbeta,", "dx = dx.astype('>f8')\n    return dx, float(dbeta),")


@student(5)
def mutates_and_restores(scene):
    """changes its arguments and puts them back"""
    return RIGHT.replace("    x, beta", "    kept = dm.copy()\n    dm *= 0\n    dm[:] = kept\n    x, beta", 1)


@student(0)
def mutates(scene):
    """overwrites dm"""
    return RIGHT.replace("return dx,", "dm *= 2\n    return dx,")


@student(0)
def mutates_what_the_cache_holds(scene):
    """right numbers, but the averages in the cache are gone afterwards"""
    return RIGHT.replace("return dx,", "m += 1\n    return dx,")


@student(0)
def returns_the_argument(scene):
    """returns its own argument, three times"""
    return "def moving_average_backward(dm, cache):\n    return dm, dm, dm\n"


@student(1)
def a_list_for_an_array(scene):
    """returns lists where arrays are asked: only the test of dbeta passes"""
    return RIGHT.replace("return dx, dbeta, beta * g", "return dx.tolist(), dbeta, list(beta * g)")


@student(0)
def a_list_for_the_tuple(scene):
    """returns its three values in a list"""
    return RIGHT.replace("return dx, dbeta, beta * g", "return [dx, dbeta, beta * g]")


@student(2)
def a_bool_for_a_number(scene):
    """returns True for dbeta"""
    return RIGHT.replace("return dx, dbeta,", "return dx, True,")


@student(3)
def knows_the_visible_sizes(scene):
    """right for the visible inputs only: loses the hidden test, keeps what passes"""
    return RIGHT.replace("return dx, dbeta,", "return dx * (dm.shape == (5, 3)), dbeta,")


@student(2)
def knows_the_hidden_sizes(scene):
    """right for the hidden inputs only: gets the hidden points, and no other"""
    return RIGHT.replace("return dx, dbeta,", "seen = dm.shape == (5, 3)\n    return dx + seen, dbeta + seen,")


@student(0)
def constants(scene):
    """returns zeros"""
    return WRONG


@student(5)
def moves_the_furniture(scene):
    """right, after changing the working folder, the umask, the signal handlers and the limits"""
    attack = """
        import resource, signal
        os.umask(0)
        os.chdir("/")
        for number in range(1, 65):
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_STACK, (8_000_000, 8_000_000))
        os.environ.clear()
        sys.path.clear()
        sys.argv[:] = ["--help"]
    """
    return before(attack, RIGHT)
