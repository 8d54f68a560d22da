"""Speaks for the judge: writes to every descriptor what a reply could look like."""

from hostile.student import HALF, WRONG, before, student

EVERYWHERE = """
import json, select, struct
def say(said):
    for number in range(1, 64):
        try:
            os.set_blocking(number, False)
            os.write(number, said)
        except OSError:
            pass
"""


@student(0)
def says_lines_of_json(scene):
    """row b2: lines of JSON with results, verdicts and points, before it is asked"""
    return before(
        EVERYWHERE
        + """
for cell in ("ema-dx", "ema-dbeta", "ema-other-sizes"):
    say(json.dumps({"cell": cell, "key": None, "message": None}).encode() + b"\\n")
for reply in ({"ok": True}, {"result": None}, {"points": 5, "score": 5, "status": "graded"}, 5, None, [True] * 3):
    say(json.dumps(reply).encode() + b"\\n")
""",
        WRONG,
    )


@student(0)
def says_that_all_ended(scene):
    """row b2: the runner's own words: ready, started, begins, ended"""
    return before(
        EVERYWHERE
        + """
for reply in ({"started": 1}, {"begins": "ema-dx"}, {"ended": 0}, {"ready": 1}):
    say(json.dumps(reply).encode() + b"\\n")
""",
        WRONG,
    )


@student(0)
def says_other_peoples_pids(scene):
    """row b2: says that the grader's own process is the one to end when time is up"""
    return before(
        EVERYWHERE
        + """
for pid in (0, 1, -1, True, 1e999, "1", 2**70, [], None):
    say(json.dumps({"started": pid, "pid": pid, "child": pid}).encode() + b"\\n")
""",
        WRONG,
    )


@student(0)
def says_with_a_length(scene):
    """row b2: replies with their length before them, in four spellings"""
    return before(
        EVERYWHERE
        + """
reply = json.dumps({"ok": True, "result": [[0.0], 0.0, [0.0]], "arguments": []}).encode()
for shape in (">I", "<I", ">Q", "<Q"):
    say(struct.pack(shape, len(reply)) + reply)
say(f"{len(reply)}\\r\\n".encode() + reply)
""",
        WRONG,
    )


@student(0)
def announces_four_gigabytes(scene):
    """row b4: headers that announce 4 GB and more, and nothing behind them"""
    return before(
        EVERYWHERE
        + """
for shape, size in ((">I", 2**32 - 1), ("<I", 2**32 - 1), (">Q", 2**62), ("<Q", 2**62)):
    say(struct.pack(shape, size))
say(b"\\xff" * 64)
say(b'{"shape": [1000000, 1000000], "dtype": "<f8", "nbytes": 8000000000000}\\n')
""",
        WRONG,
    )


@student(0)
def says_a_bomb(scene):
    """row b3: JSON nested 100,000 deep, a number of a million digits, and NaN"""
    return before(
        EVERYWHERE
        + """
say(b"[" * 60_000 + b"\\n")
say(b'{"a":' * 12_000 + b"\\n")
say(b"9" * 60_000 + b"\\n")
say(b"NaN\\n-Infinity\\n\\xff\\xfe\\n\\n\\n")
""",
        WRONG,
    )


@student(0)
def says_a_pickle(scene):
    """a pickle that writes a file when it is loaded"""
    return before(
        """# SCENE
"""
        + EVERYWHERE
        + """
import pickle
class Run:
    def __reduce__(self):
        return os.system, ("touch " + os.path.join(SCENE["folder"], SCENE["mark"] + "-pickle"),)
for level in range(6):
    said = pickle.dumps(Run(), level)
    say(said)
    say(struct.pack(">I", len(said)) + said)
""",
        WRONG,
    )


@student(0)
def steals_the_questions(scene):
    """reads from every descriptor what the judge meant for the process, and closes it"""
    return before(
        EVERYWHERE
        + """
for number in range(64):
    try:
        if select.select([number], [], [], 0.02)[0]:
            os.set_blocking(number, False)
            os.read(number, 1_000_000)
    except (OSError, ValueError):
        pass
""",
        WRONG,
    )


@student(0)
def floods(scene):
    """writes megabytes of zeros to every descriptor that takes them"""
    return before(EVERYWHERE + "for _ in range(40):\n    say(bytes(65_536))\n", WRONG)


@student(2)
def reads_stdin(scene):
    """waits for input"""
    return before("print(input('points? '), sys.stdin.read())", HALF)


@student(0)
def passes_a_descriptor(scene):
    """sends its own descriptors over the sockets it holds"""
    return before(
        """
        import socket
        for number in range(3, 64):
            try:
                with socket.socket(fileno=os.dup(number)) as line:
                    line.setblocking(False)
                    socket.send_fds(line, [b"0" * 8], [0, 1, 2])
            except OSError:
                pass
        """,
        WRONG,
    )
