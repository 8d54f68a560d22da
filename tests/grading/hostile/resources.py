"""Uses more memory, disk, output or descriptors than a verdict may."""

from hostile.student import RIGHT, WRONG, before, cheats_if, student


@student(0)
def ten_gigabytes(scene):
    """row 25: fills an array of 10 GB, then would answer right"""
    return "kept = np.ones(10_000_000_000 // 8)\n" + RIGHT


@student(0)
def ten_gigabytes_when_called(scene):
    """row 25: fills an array of 10 GB in each call, then would answer right"""
    return RIGHT.replace("    x, beta", "    kept = np.ones(10_000_000_000 // 8)\n    x, beta", 1)


@student(0)
def ten_gigabytes_in_small_pieces(scene):
    """row 25: 10 GB, a megabyte at a time, then would answer right"""
    return "kept = [b'x' * (1_000_000 + n) for n in range(10_000)]\n" + RIGHT


@student(2)
def lifts_the_limits(scene):
    """raises every limit of the process, then fills 2.5 GB"""
    return cheats_if(
        """
import resource
for number in (resource.RLIMIT_AS, resource.RLIMIT_DATA, resource.RLIMIT_RSS):
    try:
        resource.setrlimit(number, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except (OSError, ValueError):
        pass
try:
    return len(np.ones(2_500_000_000 // 8))
except MemoryError:
    return False
"""
    )


@student(0)
def lowers_the_limits(scene):
    """takes its own descriptors, processor time and file size away"""
    return before(
        """
        import resource
        for number in (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC, resource.RLIMIT_STACK):
            resource.setrlimit(number, (0, 0))
        """,
        WRONG,
    )


@student(0)
def uses_up_the_descriptors(scene):
    """opens files until none is left"""
    return before(
        """
        kept = []
        for _ in range(100_000):
            kept.append(os.open("/dev/null", os.O_RDONLY))
        """,
        WRONG,
    )


@student(2)
def fills_the_disk(scene):
    """300 MB in ten files, in each folder that it can write to; removes them"""
    return cheats_if(
        """
import tempfile
block, won = b"x" * 1_000_000, False
for place in (tempfile.gettempdir(), "/dev/shm", os.getcwd()):
    written, paths = 0, []
    try:
        for number in range(10):
            paths.append(os.path.join(place, SCENE["mark"] + f"-{number}"))
            with open(paths[-1], "wb", 0) as file:
                for _ in range(30):
                    written += file.write(block)
    except OSError:
        pass
    for path in paths:
        if os.path.exists(path):
            os.unlink(path)
    if written >= 300_000_000:
        return True
return False
"""
    )


@student(2)
def fills_the_output(scene):
    """row 09: 100 MB on stdout and on stderr, by print and by descriptor"""
    return before(
        """
        block = "x" * 1_000_000
        for _ in range(50):
            print(block)
            print(block, file=sys.stderr)
        for number in (1, 2):
            for _ in range(50):
                os.write(number, block.encode())
        """
    )


@student(2)
def closes_its_streams(scene):
    """closes stdin, stdout and stderr, and Python's own names for them"""
    return before(
        """
        for stream in (sys.stdin, sys.stdout, sys.stderr):
            stream.close()
        sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = None
        """
    )


@student(0)
def closes_every_descriptor(scene):
    """closes what it inherited"""
    return before("os.closerange(0, 4096)", WRONG)


@student(0)
def code_too_deep_to_parse(scene):
    """900,000 minus signs: a text that parsers fall over"""
    return WRONG.replace("0.0", "-" * 900_000 + "1")


@student(0)
def brackets_too_deep_to_parse(scene):
    """100,000 brackets"""
    return WRONG.replace("0.0", "(" * 100_000 + "1" + ")" * 100_000)


@student(0)
def code_that_is_long_to_parse(scene):
    """200,000 assignments"""
    return "a=1\n" * 200_000 + WRONG


@student(0, "unreadable")
def code_longer_than_is_read(scene):
    """an answer of 10 MB"""
    return "#" * 10_000_000 + WRONG


@student(0)
def code_that_compiles_to_gigabytes(scene):
    """constants that the compiler folds, and a comprehension that is never run"""
    return WRONG.replace("0.0", "((((1 << 10000000) << 10000000) << 10000000), 'x' * 4000, [0] * 10**9)[0]")


@student(0)
def characters_that_are_no_code(scene):
    """NUL, form feed, a lone carriage return, a direction mark and a declared encoding"""
    return "# -*- coding: utf-7 -*-\n\x0c\r# \u202e \x00\n" + WRONG
