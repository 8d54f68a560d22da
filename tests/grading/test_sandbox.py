"""What an answer can do inside each tier of isolation, asked of the kernel."""

import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time

import pytest

from dlbook.check.runner import Cell, Limits, Runner
from dlbook.course.errors import CourseError
from dlbook.grading import confine, sandbox

LINUX = sys.platform == "linux"
pytestmark = pytest.mark.skipif(not LINUX, reason="the tiers are Linux's")
NAME = "00-moving-average/tell"
TEST = Cell(
    "told", "test", f"@check.exercise({NAME!r})\ndef told():\n    raise RuntimeError(tell())\n", NAME, points=1.0
)
GIVEN = Cell("setup", "given", "from dlbook import check\n")


@pytest.fixture(scope="module", params=[sandbox.BUBBLEWRAP, sandbox.LANDLOCK], ids=lambda tier: tier.name)
def runner(request):
    """A runner in each tier.  Where root alone can read this Python, the second tier is tried as root: the kernel then
    holds files, signals and sockets, but no number of processes."""
    tier = request.param
    with pytest.MonkeyPatch.context() as patch:
        if tier is sandbox.BUBBLEWRAP and sandbox._no_bubblewrap() is not None:
            pytest.skip(f"no bubblewrap here: {sandbox._no_bubblewrap()}")
        if tier is sandbox.LANDLOCK and sandbox._no_landlock() is not None:
            if "only root" not in sandbox._no_landlock():
                pytest.skip(f"no Landlock here: {sandbox._no_landlock()}")
            patch.setattr(sandbox, "_user", lambda: None)
        with Runner(Limits(cell=5.0, total=30.0), ("numpy",), sandbox.launcher(tier)) as warm:
            warm.tier = tier
            yield warm


def told(runner, expression, before=""):
    """What an answer learns when it evaluates an expression: the value, or the exception, as text."""
    tries = f"    try:\n        return str({expression})\n    except BaseException as error:\n"
    source = f"import os\n{before}\ndef tell():\n{tries}        return type(error).__name__\n"
    (outcome,) = runner.verdict([GIVEN, Cell("tell", "exercise", source, NAME, defines=("tell",)), TEST])
    return outcome.message.removeprefix("The cell raises RuntimeError: ")


def test_an_answer_runs_in_its_private_folder(runner):
    here = told(runner, "os.getcwd()")
    assert pathlib.PurePosixPath(here).name.startswith("pass")
    assert told(runner, "open('x', 'w').write('text') and os.listdir('.')") == "['x']"
    assert told(runner, "os.listdir('.')") == "[]"


@pytest.mark.parametrize(
    "expression",
    [
        "open('/etc/passwd').read()",
        "open('/etc/hostname').read()",
        "os.listdir('/proc')",
        "open('/proc/self/environ').read()",
        "open(f'/proc/{os.getppid()}/mem', 'rb').read(1)",
        "os.listdir(os.path.expanduser('~root'))",
        "os.listdir('/tmp')",
        "open('/tmp/left', 'w')",
        "open('/dev/shm/left', 'w')",
        f"os.listdir({str(pathlib.Path(__file__).parents[2] / 'solutions')!r})",
        f"open({__file__!r}).read()",
        "open(os.__file__, 'a')",
        "os.execv('/usr/bin/true', ['true'])",
        "__import__('subprocess').run(['/bin/true'])",
        "__import__('socket').socket()",
        "__import__('socket').socket(__import__('socket').AF_UNIX)",
        "os.setuid(0) if os.getuid() else open('/root')",
        "os.kill(os.getppid(), 9)",
        "os.link('/usr/bin/true', 'here')",
        "open('large', 'wb').write(bytes(40_000_000))",
        "bytearray(3 * 10**9)",
        "[open(os.devnull) for _ in range(300)]",
    ],
)
def test_what_is_not_its_own_is_out_of_reach(runner, expression):
    assert told(runner, expression) in (
        "PermissionError",
        "FileNotFoundError",
        "OSError",
        "MemoryError",
        "ProcessLookupError",
    )


@pytest.mark.parametrize(
    "call", ["unshare(0x10000000)", "ptrace(0, 0, 0, 0)", "shmget(1, 4096, 0o1600)", "keyctl(0, 0)"]
)
def test_system_calls_that_no_answer_needs_are_refused(runner, call):
    name = call.partition("(")[0]
    library = f"getattr(__import__('ctypes').CDLL(None, use_errno=True), {name!r}, lambda *_: -1)"
    assert told(runner, f"{library}({call.partition('(')[2]}") == "-1"


def test_no_program_of_the_machine_hears_an_answer(runner):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)
        port = server.getsockname()[1]
        told(runner, f"__import__('socket').create_connection(('127.0.0.1', {port}), 0.2)")
        with pytest.raises(TimeoutError):
            server.accept()


def test_the_number_of_processes_is_limited(runner):
    if os.getuid() == 0 and runner.tier is sandbox.LANDLOCK and sandbox._no_landlock() is not None:
        pytest.skip("the kernel counts no processes of root, and no other user can read this Python")
    before = """
def storm():
    import time
    started = 0
    try:
        for _ in range(100):
            if os.fork() == 0:
                time.sleep(2)
                os._exit(0)
            started += 1
    except OSError:
        return started
"""
    assert 1 <= int(told(runner, "storm()", before)) < confine.PROCESSES


def test_nothing_that_an_answer_started_outlives_its_verdict(runner):
    marker = "outlives-its-verdict"
    before = f"""
import ctypes, time
def leave():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            ctypes.CDLL(None).prctl(15, b"{marker[:15]}", 0, 0, 0)
            time.sleep(15)
        os._exit(0)
    time.sleep(0.3)
    return "left"
"""
    assert told(runner, "leave()", before) == "left"
    assert not [name for name in named_processes() if name == marker[:15]]


def named_processes():
    for path in pathlib.Path("/proc").glob("[0-9]*/comm"):
        try:
            yield path.read_text().strip()
        except OSError:
            continue


def test_memory_of_all_processes_together_is_watched():
    if sandbox._no_bubblewrap() is not None:
        pytest.skip(f"no bubblewrap here: {sandbox._no_bubblewrap()}")
    before = """
import time
def greedy():
    for _ in range(8):
        if os.fork() == 0:
            kept = bytearray(150_000_000)
            kept[::4096] = b"x" * len(kept[::4096])
            time.sleep(8)
            os._exit(0)
    time.sleep(4)
"""
    limits = Limits(cell=5.0, total=10.0, memory=600_000_000)
    with Runner(limits, ("numpy",), sandbox.launcher(sandbox.BUBBLEWRAP)) as warm:
        start = time.monotonic()
        assert told(warm, "greedy()", before) == "It ended the Python process."
        assert time.monotonic() - start < 3.5


def test_a_dead_server_is_replaced(runner):
    runner._students.process.kill()
    runner._students.process.wait()
    assert told(runner, "6 * 7") == "42"


def test_the_servers_folder_is_gone_with_the_server(monkeypatch, tmp_path):
    monkeypatch.setattr(
        sandbox.tempfile, "mkdtemp", lambda prefix: str(shutil.os.makedirs(tmp_path / prefix) or tmp_path / prefix)
    )
    monkeypatch.setattr(sandbox, "_user", lambda: None)
    with Runner(Limits(), ("numpy",), sandbox.launcher(sandbox.LANDLOCK)) as warm:
        assert told(warm, "open('kept', 'w').write('x')") == "1"
        assert list(tmp_path.iterdir())
    assert not list(tmp_path.iterdir())


def test_without_any_tier_the_reasons_and_the_way_out_are_one_sentence(monkeypatch):
    monkeypatch.setattr(sandbox, "_no_bubblewrap", lambda: "bwrap is not installed")
    monkeypatch.setattr(sandbox, "_no_landlock", lambda: "Landlock version 0, 6 is needed")
    for system, advice in (("Linux", "apt install bubblewrap"), ("Darwin", "container image"), ("Windows", "WSL 2")):
        monkeypatch.setattr(sandbox.platform, "system", lambda system=system: system)
        with pytest.raises(CourseError, match=advice) as refused:
            sandbox.choose()
        assert "bwrap is not installed" in str(refused.value)
    assert sandbox.choose(unsafe=True) is sandbox.UNSAFE


def test_the_second_tier_is_chosen_where_bubblewrap_is_missing(monkeypatch):
    monkeypatch.setattr(sandbox, "_no_bubblewrap", lambda: "bwrap is not installed")
    monkeypatch.setattr(sandbox, "_no_landlock", lambda: None)
    assert sandbox.choose() is sandbox.LANDLOCK


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_a_grader_that_is_killed_leaves_no_process(tmp_path):
    code = """
import sys, time
from dlbook.check.runner import Limits, Runner
from dlbook.grading import sandbox
runner = Runner(Limits(), ("numpy",), sandbox.launcher(sandbox.BUBBLEWRAP))
from dlbook.check.runner import Cell
runner.verdict([Cell("t", "test", "x = 1", "00-moving-average/tell")])
print(runner._students.process.pid, runner._judges.process.pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as grader:
        pids = [int(pid) for pid in grader.stdout.readline().split()]
        grader.kill()
    deadline = time.monotonic() + 5
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [pid for pid in pids if alive(pid)]


def alive(pid):
    try:
        return "Z" not in pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
