"""Inside the student's server: what each pass may do, and the end of all that it started.

Landlock (files, TCP, signals), a seccomp filter (sockets, namespaces, tracing, shared memory …), limits, and a private
folder that is emptied after each pass.  `dlbook.grading.sandbox` starts the server and says which of these it needs.
Sources: Linux `landlock(7)`, `seccomp(2)`, `prctl(2)`, `bpf(2)`, and `Documentation/userspace-api/landlock.rst`.
"""

import contextlib
import ctypes
import json
import os
import pathlib
import platform
import resource
import shutil
import signal
import stat
import struct
from collections.abc import Iterator, Sequence

SETTINGS = "DLBOOK_CONFINED"
"""The environment variable that brings the settings, as JSON: see `Confined`."""
MEMORY = 2_000_000_000
"""Bytes of address space of one process, and of memory that all processes of a pass hold together."""
PROCESSES = 32
"""Processes and threads at a time."""
LARGEST_FILE = 32_000_000
"""Bytes of a file that an answer may write."""
OPEN_FILES = 128
LANDLOCK_NEEDED = 6
"""The first version of Landlock that keeps signals and abstract sockets inside."""


class ConfineError(RuntimeError):
    """The kernel refused a part of the confinement: nothing of a student's runs without it."""


class Confined:
    """The confinement of one server.

    Settings: "folder", where each pass gets a private folder; "readable", the files and folders that it may read;
    "alone", whether the server is alone in its process namespace or with its user id; "user", a user id to become
    first, or null.
    """

    def __init__(self, memory: int | None) -> None:
        settings = json.loads(os.environ.pop(SETTINGS))
        self.memory = memory or MEMORY
        self.folder = pathlib.Path(settings["folder"])
        self.readable: list[str] = settings["readable"]
        self.alone: bool = settings["alone"]
        self.user: int | None = settings["user"]

    def prepare(self) -> None:
        """Become a user without rights, whom no pass can trace."""
        if self.user is not None:
            with contextlib.suppress(PermissionError):
                os.setgroups([])
            os.setresgid(self.user, self.user, self.user)
            os.setresuid(self.user, self.user, self.user)
        _prctl(_NO_NEW_PRIVS, 1)
        _prctl(_DUMPABLE, 0)
        _prctl(_CHILD_SUBREAPER, 1)

    def enter(self) -> None:
        """In a pass's process, before any code of a student."""
        os.setsid()
        home = self.folder / f"pass{os.getpid()}"
        home.mkdir(mode=0o700)
        os.environ.update(HOME=str(home), TMPDIR=str(home), MPLCONFIGDIR=str(home))
        os.chdir(home)
        others = 0 if self.alone else len(list(_processes(os.getuid())))
        for limit, most in {
            resource.RLIMIT_AS: self.memory,
            resource.RLIMIT_NPROC: others + PROCESSES,
            resource.RLIMIT_FSIZE: LARGEST_FILE,
            resource.RLIMIT_NOFILE: OPEN_FILES,
            resource.RLIMIT_CORE: 0,
            resource.RLIMIT_MEMLOCK: 0,
            resource.RLIMIT_MSGQUEUE: 0,
        }.items():
            resource.setrlimit(limit, (most, most))
        landlock(self.readable, [str(home)])
        seccomp()

    def watch(self) -> None:
        """End the passes when their processes together hold more memory than one may address."""
        held = 0
        for pid in self._started():
            with contextlib.suppress(OSError, ValueError):
                resident, shared = pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1:3]
                held += (int(resident) - int(shared)) * resource.getpagesize()
        if held > self.memory:
            self._end()

    def leave(self, children: Sequence[int]) -> None:
        """End all that the passes started and empty their folders; where something stays, end this server."""
        self._end()
        for path in self.folder.glob("pass*"):
            _remove(path)
        if any(self.folder.glob("pass*")):
            os._exit(1)

    def close(self) -> None:
        """At the end of the server: remove the folder, where it is its own."""
        with contextlib.suppress(OSError):
            self.folder.rmdir()

    def _end(self):
        """Kill every process that a pass started and wait for it; the parent of an orphan is this server."""
        for _ in range(1000):
            if self.alone:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(-1, signal.SIGKILL)
            for pid in self._started():
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            try:
                while True:
                    os.waitpid(-1, 0)
            except ChildProcessError:
                if not list(self._started()):
                    return
        os._exit(1)

    def _started(self) -> Iterator[int]:
        """The processes that descend from this server."""
        parents = dict(_processes(os.getuid()))
        for pid in parents:
            above = parents.get(pid)
            while above in parents and above != os.getpid():
                above = parents[above]
            if above == os.getpid():
                yield pid


def landlock_version() -> int:
    """The version of Landlock that the kernel speaks, 0 for none."""
    return max(0, _libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), 1))


def landlock(readable: Sequence[str], writable: Sequence[str]) -> None:
    """From now on this process and its children read below `readable`, write below `writable`, execute no program, use
    no TCP, and signal only each other.  Raises ConfineError."""
    version = landlock_version()
    if version < 1:
        raise ConfineError("this kernel has no Landlock")
    handled = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}.get(version, (1 << 16) - 1)
    attributes = struct.pack("QQQ", handled, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    rules = _libc.syscall(_CREATE_RULESET, ctypes.create_string_buffer(attributes), ctypes.c_size_t(size), 0)
    if rules < 0:
        raise ConfineError("Landlock refused its rules")
    for paths, rights in ((readable, _READING), (writable, _READING | _WRITING)):
        for path in paths:
            _allow(rules, path, rights & handled)
    if _libc.syscall(_RESTRICT_SELF, rules, 0):
        raise ConfineError("Landlock refused to restrict")
    os.close(rules)


def _allow(rules, path, rights):
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
        rights &= _OF_A_FILE
    rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, descriptor))
    if _libc.syscall(_ADD_RULE, rules, 1, rule, 0):
        raise ConfineError(f"Landlock refused the rule for {path}")
    os.close(descriptor)


def seccomp() -> None:
    """From now on this process and its children get EPERM for the system calls of `_DENIED` and for new namespaces.

    Raises ConfineError on another processor than x86-64 and 64-bit Arm.
    """
    try:
        architecture, column = MACHINES[platform.machine()]
    except KeyError:
        raise ConfineError(f"no list of system calls for {platform.machine()}") from None
    denied = [numbers[column] for numbers in _DENIED.values() if numbers[column] is not None]
    clone, clone3 = _CLONE[column], 435
    refuse, absent, allow = 0x00050000 | 1, 0x00050000 | 38, 0x7FFF0000
    program = [
        _load(4),
        _jump(_EQUAL, architecture, 1, 0),
        _give(0x80000000),
        _load(0),
        _jump(_AT_LEAST, 0x40000000, 0, 1),
        _give(refuse),
        _jump(_EQUAL, clone3, 0, 1),
        _give(absent),
    ]
    for number in denied:
        program += [_jump(_EQUAL, number, 0, 1), _give(refuse)]
    program += [_jump(_EQUAL, clone, 0, 3), _load(16), _jump(_ANY_BIT, _NEW_NAMESPACES, 0, 1), _give(refuse)]
    program += [_give(allow)]
    code = ctypes.create_string_buffer(b"".join(program))
    filters = ctypes.create_string_buffer(struct.pack("@HP", len(program), ctypes.addressof(code)))
    _prctl(_NO_NEW_PRIVS, 1)
    _prctl(_SECCOMP, 2, ctypes.addressof(filters))


def _load(offset):
    """Load 32 bits of `struct seccomp_data`: number at 0, architecture at 4, the first argument's low half at 16."""
    return struct.pack("HBBI", 0x20, 0, 0, offset)


def _jump(test, value, yes, no):
    return struct.pack("HBBI", 0x05 | test, yes, no, value)


def _give(action):
    return struct.pack("HBBI", 0x06, 0, 0, action)


def _prctl(option, value, pointer=0):
    arguments = [ctypes.c_ulong(number) for number in (value, pointer, 0, 0)]
    if _libc.prctl(option, *arguments):
        raise ConfineError(f"prctl {option}: {os.strerror(ctypes.get_errno())}")


def _processes(user) -> Iterator[tuple[int, int]]:
    """(process, its parent) of a user, zombies left out."""
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        with contextlib.suppress(OSError, ValueError, IndexError):
            lines = pathlib.Path(f"/proc/{name}/status").read_text().splitlines()
            told = dict(line.split(":", 1) for line in lines if ":" in line)
            if int(told["Uid"].split()[1]) == user and "Z" not in told["State"]:
                yield int(name), int(told["PPid"])


def _remove(path):
    """Remove a folder whatever its rights and depth."""
    for here, folders, _ in os.walk(path):
        for folder in folders:
            with contextlib.suppress(OSError):
                os.chmod(os.path.join(here, folder), 0o700, follow_symlinks=False)
    with contextlib.suppress(OSError, RecursionError):
        shutil.rmtree(path)


_libc = ctypes.CDLL(None, use_errno=True)
_DUMPABLE, _SECCOMP, _CHILD_SUBREAPER, _NO_NEW_PRIVS = 4, 22, 36, 38
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_READING = 1 << 2 | 1 << 3
_WRITING = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 12 | 1 << 14
_OF_A_FILE = 1 << 1 | 1 << 2 | 1 << 14
_EQUAL, _AT_LEAST, _ANY_BIT = 0x10, 0x30, 0x40
_NEW_NAMESPACES = 0x7E020080
MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
_CLONE = (56, 220)
_DENIED = {
    "socket": (41, 198),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "ptrace": (101, 117),
    "kcmp": (312, 272),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "unshare": (272, 97),
    "setns": (308, 268),
    "chroot": (161, 51),
    "pivot_root": (155, 41),
    "mount": (165, 40),
    "umount2": (166, 39),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsmount": (432, 432),
    "mount_setattr": (442, 442),
    "open_by_handle_at": (304, 265),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "personality": (135, 92),
}
