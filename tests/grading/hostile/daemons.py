"""Leaves a process behind that outlives the verdict, by at most 15 seconds."""

from hostile.student import HALF, WRONG, before, student

AWAY = """# SCENE
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        import ctypes
        ctypes.CDLL(None).prctl(15, SCENE["mark"].encode(), 0, 0, 0)  # its name
        end = time.time() + 15
        try:
            {work}
            time.sleep(max(0, end - time.time()))
        finally:
            os._exit(0)
    os._exit(0)
"""


@student(2)
def a_daemon_that_waits(scene):
    """row 26: forks twice, leaves the session, becomes another program and sleeps"""
    return before(
        AWAY.format(
            work='os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(15)", SCENE["mark"]])'
        )
    )


@student(2)
def a_daemon_that_writes(scene):
    """row 26: writes a file where it can, three seconds after its student is gone"""
    return before(
        AWAY.format(
            work="""time.sleep(3)
            for place in SCENE["places"]:
                try:
                    with open(os.path.join(place, SCENE["mark"] + "-daemon"), "w") as file:
                        file.write("here")
                except OSError:
                    pass"""
        )
    )


@student(0)
def a_daemon_that_answers(scene):
    """row 26: says again and again, on every descriptor, that the tests of the next student passed"""
    return before(
        AWAY.format(
            work="""said = "".join('{"cell": "%s", "key": null, "message": null}\\n' % cell
                for cell in ("ema-dx", "ema-dbeta", "ema-other-sizes")).encode()
            while time.time() < end:
                for number in range(64):
                    try:
                        os.set_blocking(number, False)
                        os.write(number, said)
                    except OSError:
                        pass
                time.sleep(0.01)"""
        ),
        WRONG,
    )


@student(2)
def a_daemon_that_kills(scene):
    """row 26: kills what starts after its student is gone: the children of the test's own process, never that one"""
    return before(
        AWAY.format(
            work="""while time.time() < end - 7:
                time.sleep(0.1)
                for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
                    try:
                        with open(f"/proc/{pid}/stat") as file:
                            parent = int(file.read().rpartition(")")[2].split()[1])
                        if parent == SCENE["pid"] and pid != SCENE["pid"]:
                            os.kill(pid, 9)
                    except (OSError, ValueError, IndexError):
                        pass"""
        )
    )


@student(2)
def a_daemon_in_a_session_of_its_own_with_signals_ignored(scene):
    """row 26: ignores every signal"""
    return before(
        AWAY.format(
            work="""import signal
            for number in range(1, 65):
                try:
                    signal.signal(number, signal.SIG_IGN)
                except (OSError, ValueError):
                    pass
            while time.time() < end:
                time.sleep(0.5)"""
        )
    )


@student(2)
def a_daemon_out_of_a_thread(scene):
    """row 26: started by a thread, with subprocess, in a new session"""
    return before(
        """# SCENE
import subprocess, threading
def start():
    command = [sys.executable, "-c", "import time; time.sleep(15)", SCENE["mark"]]
    quiet = subprocess.DEVNULL
    subprocess.Popen(command, start_new_session=True, stdin=quiet, stdout=quiet, stderr=quiet)
thread = threading.Thread(target=start)
thread.start()
thread.join()
""",
        HALF,
    )
