"""Ends, stops, multiplies or outlives the process that it runs in."""

from hostile.student import HALF, WRONG, before, student

# True where the process of the test cannot even be seen: only then are signals sent to more than one process.
CONFINED = """
try:
    os.kill(SCENE["pid"], 0)
    confined = False
except ProcessLookupError:
    confined = True
"""


def _raises(exception):
    return f"def moving_average_backward(dm, cache):\n    raise {exception}\n"


@student(0)
def loops(scene):
    """row 04: never ends"""
    return "def moving_average_backward(dm, cache):\n    while True:\n        pass\n"


@student(0)
def loops_and_ignores_every_signal(scene):
    """row 05: never ends, with every signal ignored and its terminal gone"""
    return """
import os, signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
try:
    os.setsid()
except OSError:
    pass
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
"""


@student(0)
def loops_in_c(scene):
    """never ends inside one operation that holds the interpreter"""
    return "import re\nre.match(r'(a+)+$', 'a' * 60 + 'b')\n" + WRONG


@student(0)
def drips(scene):
    """writes one byte to every descriptor, again and again, so that no wait for silence ends"""
    return """
import os, time
while True:
    for number in range(1, 20):
        try:
            os.set_blocking(number, False)
            os.write(number, b" ")
        except OSError:
            pass
    time.sleep(0.1)
"""


@student(0)
def an_exception_that_takes_forever_to_print(scene):
    """raises an exception whose text never ends"""
    return """
class Endless(Exception):
    def __str__(self):
        while True:
            pass
raise Endless
"""


@student(0)
def exits_at_once(scene):
    """row 10: os._exit in the cell"""
    return "import os\nos._exit(0)\n"


@student(0)
def exits_when_called(scene):
    """row 10: os._exit when a test calls"""
    return "import os\ndef moving_average_backward(dm, cache):\n    os._exit(0)\n"


@student(3)
def exits_in_the_hidden_test(scene):
    """right in the visible tests, gone in the hidden one"""
    answer = HALF.replace("return dx, 0.0,", "return dx, dbeta,")
    return answer.replace("    x, beta", "    if len(dm) != 5:\n        import os\n        os._exit(0)\n    x, beta", 1)


@student(0)
def system_exit(scene):
    """row 28: raises SystemExit"""
    return _raises("SystemExit(0)")


@student(0)
def keyboard_interrupt(scene):
    """row 35: raises KeyboardInterrupt"""
    return _raises("KeyboardInterrupt")


@student(0)
def generator_exit(scene):
    """raises GeneratorExit, in the cell and when a test calls"""
    return _raises("GeneratorExit") + "raise GeneratorExit\n"


@student(0)
def stop_iteration(scene):
    """raises StopIteration, and asks for no attempt"""
    return _raises("StopIteration if len(dm) == 5 else NotImplementedError")


@student(0)
def an_exception_that_is_no_exception(scene):
    """raises its own BaseException, in a group"""
    return "class Odd(BaseException): pass\n" + _raises("BaseExceptionGroup('many', [Odd(), SystemExit()])")


@student(0)
def aborts(scene):
    """os.abort"""
    return "import os\ndef moving_average_backward(dm, cache):\n    os.abort()\n"


@student(0)
def segfaults(scene):
    """reads address 0 through ctypes"""
    return "import ctypes\ndef moving_average_backward(dm, cache):\n    ctypes.string_at(0)\n"


@student(0)
def recurses_without_end(scene):
    """recursion without a bottom, under Python's limit"""
    return "def moving_average_backward(dm, cache):\n    return moving_average_backward(dm, cache)\n"


@student(0)
def recurses_through_the_limit(scene):
    """recursion without a bottom, with the limit taken away, through C"""
    return """
import sys
sys.setrecursionlimit(2**31 - 1)
class Down:
    def __repr__(self):
        return repr([self])
def moving_average_backward(dm, cache):
    return repr(Down())
"""


@student(0)
def stops_itself(scene):
    """SIGSTOP to itself: the process neither ends nor answers"""
    return "import os, signal\ndef stop():\n    os.kill(os.getpid(), signal.SIGSTOP)\nstop()\n" + WRONG


@student(0)
def kills_its_parent(scene):
    """row b1: SIGKILL to the parent"""
    return before(
        f"""# SCENE
{CONFINED}
if os.getppid() not in (0, 1, SCENE["pid"]) or confined:
    os.kill(os.getppid(), 9)
""",
        WRONG,
    )


@student(0)
def kills_pid_1(scene):
    """row b1: SIGKILL to process 1, where it is not the machine's"""
    return before(f"# SCENE\n{CONFINED}\nif confined:\n    os.kill(1, 9)\n", WRONG)


@student(0)
def kills_everything(scene):
    """row b1: SIGKILL and SIGSTOP to every process that it may signal, where the test's is out of sight"""
    return before(f"# SCENE\n{CONFINED}\nif confined:\n    os.kill(-1, 19)\n    os.kill(-1, 9)\n", WRONG)


@student(0)
def kills_its_neighbours(scene):
    """SIGKILL, one by one, to the processes below the test's that run Python, the test's own left out"""
    return before(
        """# SCENE
for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
    try:
        with open(f"/proc/{pid}/stat") as file:
            parent = int(file.read().rpartition(")")[2].split()[1])
        if pid not in (1, os.getpid(), SCENE["pid"]) and parent in (SCENE["pid"], os.getppid()):
            os.kill(pid, 9)
    except OSError:
        pass
""",
        WRONG,
    )


@student(0)
def becomes_another_program(scene):
    """os.execv of another interpreter, which speaks on every descriptor"""
    return """
import os, sys
said = "import os, time\\nfor n in range(1, 20):\\n  for t in (b'5', b'true', b'[null, 0, {}]'):\\n"
said += "    try: os.write(n, t + b'\\\\n')\\n    except OSError: pass\\ntime.sleep(0.2)\\n"
for number in range(3, 20):
    try:
        os.set_inheritable(number, True)
    except OSError:
        pass
os.execv(sys.executable, [sys.executable, "-c", said])
"""


@student(2)
def forks_150_times(scene):
    """rows 14 and 41: 150 children that sleep for four seconds"""
    return before(
        """
        for _ in range(150):
            try:
                if os.fork() == 0:
                    time.sleep(4)
                    os._exit(0)
            except OSError:
                break
        """
    )


@student(0)
def children_that_answer_too(scene):
    """forks when a test calls: two processes return from the same call"""
    return before("pass", WRONG.replace("    x, beta", "    os.fork()\n    x, beta", 1))


@student(2)
def starts_300_threads(scene):
    """300 threads that sleep for three seconds"""
    return before(
        """
        import threading
        for _ in range(300):
            threading.Thread(target=time.sleep, args=(3,), daemon=True).start()
        """
    )


@student(2)
def a_thread_that_does_not_end(scene):
    """leaves a thread that is no daemon, and sleeps for eight seconds"""
    return before("import threading\nthreading.Thread(target=time.sleep, args=(8,)).start()")
