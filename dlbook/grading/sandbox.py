"""Where students' code runs: the tiers of isolation, and how the student's server is started in each.

See SECURITY.md beside this file for what each tier keeps out, and what none does.
"""

import functools
import json
import os
import pathlib
import platform
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

import dlbook
from dlbook.check.runner import Launch
from dlbook.course.errors import CourseError
from dlbook.grading import confine

USERS = range(61184, 65520)
"""User ids that no account has (systemd's range for dynamic users): root's grader gives each server one of them."""
_PACKAGE = pathlib.Path(dlbook.__file__).parent
_INSIDE = "/course"
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
_SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime")


@dataclass(frozen=True)
class Tier:
    """A kind of isolation.  name : as it stands in every verdict; says : what it is."""

    name: str
    says: str


BUBBLEWRAP = Tier("bubblewrap+landlock", "own namespaces by bubblewrap, Landlock, seccomp, limits")
LANDLOCK = Tier("landlock+seccomp", "Landlock, seccomp and limits, for containers without user namespaces")
UNSAFE = Tier("unsafe", "nothing isolates the code: for one's own files only")
TIERS = {tier.name: tier for tier in (BUBBLEWRAP, LANDLOCK, UNSAFE)}


def choose(unsafe: bool = False) -> Tier:
    """The best tier of this machine.  Raises CourseError where there is none and `unsafe` was not asked for."""
    if unsafe:
        return UNSAFE
    reasons = []
    for tier, reason in ((BUBBLEWRAP, _no_bubblewrap()), (LANDLOCK, _no_landlock())):
        if reason is None:
            return tier
        reasons.append(f"{tier.name}: {reason}")
    raise CourseError(f"Students' code cannot be isolated here ({'; '.join(reasons)}). {_advice()}")


def launcher(tier: Tier) -> Launch | None:
    """What starts a student's server in this tier; None for the unsafe one."""
    return {BUBBLEWRAP: _in_bubblewrap, LANDLOCK: _in_landlock, UNSAFE: None}[tier]


def _advice():
    system = platform.system()
    if system == "Windows":
        return (
            "On Windows, grade inside WSL 2 (`wsl --install`, then `apt install bubblewrap`) or in the container image."
        )
    if system == "Darwin":
        return "On macOS, grade in the container image, or in a Linux virtual machine with bubblewrap."
    return (
        "Install bubblewrap (`apt install bubblewrap`), or grade in the container image; "
        "--unsafe grades your own files with no isolation."
    )


@functools.cache
def _no_bubblewrap() -> str | None:
    """Why bubblewrap cannot be used, None where it can: it was started once."""
    if said := _no_confinement(1):
        return said
    if shutil.which("bwrap") is None:
        return "bwrap is not installed"
    tried = subprocess.run([*_bubblewrap(), "/usr/bin/true"], capture_output=True, text=True)
    return None if tried.returncode == 0 else (tried.stderr.strip().splitlines() or ["bwrap failed"])[-1]


@functools.cache
def _no_landlock() -> str | None:
    if said := _no_confinement(confine.LANDLOCK_NEEDED):
        return said
    hidden = [path for path in (*_python(), str(_PACKAGE)) if os.getuid() == 0 and not _open_to_all(path)]
    return f"only root can read {hidden[0]}, and students' code does not run as root" if hidden else None


def _no_confinement(landlock):
    """Why `dlbook.grading.confine` cannot work with this version of Landlock, None where it can."""
    if platform.system() != "Linux":
        return "not Linux"
    if confine.landlock_version() < landlock:
        return f"Landlock version {confine.landlock_version()}, {landlock} is needed"
    if platform.machine() not in confine.MACHINES:
        return f"no list of system calls for {platform.machine()}"
    return None


def _open_to_all(path):
    """Whether a user without rights can reach a folder."""
    return all(os.stat(part).st_mode & 0o005 == 0o005 for part in (path, *pathlib.Path(path).parents))


def _user() -> int | None:
    """Whom the student's server becomes: nobody's id where the grader is root."""
    return random.choice(USERS) if os.getuid() == 0 else None


def _bubblewrap() -> list[str]:
    """The command without the program: its own namespaces, the system and this Python to read, one small folder."""
    command = ["bwrap", "--die-with-parent", "--new-session", "--unshare-ipc", "--unshare-pid", "--unshare-net"]
    command += ["--unshare-uts", "--unshare-cgroup-try", "--cap-drop", "ALL"]
    if os.getuid() == 0:
        command += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        command += ["--unshare-user", "--disable-userns", "--uid", str(USERS[0]), "--gid", str(USERS[0])]
    command += ["--perms", "0755", "--dir", "/etc"]
    for path in _SYSTEM:
        if os.path.islink(path):
            command += ["--symlink", os.readlink(path), path]
        else:
            command += ["--ro-bind-try", path, path]
    command += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev", "--perms", "1777"]
    command += ["--size", str(2 * confine.LARGEST_FILE), "--tmpfs", "/tmp"]
    for path in _python():
        for above in reversed(pathlib.Path(path).parents):  # bubblewrap would make them for its own user alone
            if above not in (pathlib.Path("/"), pathlib.Path("/tmp"), pathlib.Path("/usr")):
                command += ["--perms", "0755", "--dir", str(above)]
        command += ["--ro-bind", path, path]
    return [*command, "--ro-bind", str(_PACKAGE), f"{_INSIDE}/dlbook", "--chdir", "/tmp"]


def _python() -> list[str]:
    """The folders of this Python and its packages that are not below /usr."""
    found = dict.fromkeys((os.path.realpath(sys.base_prefix), sys.base_prefix, sys.prefix))
    return [path for path in found if not pathlib.Path(path).is_relative_to("/usr")]


def _in_bubblewrap(descriptor: int, arguments: Sequence[str]) -> subprocess.Popen:
    readable = [*_SYSTEM, *_python(), _INSIDE, *_DEVICES]
    settings = {"folder": "/tmp", "readable": readable, "alone": True, "user": _user()}
    environment = _environment(settings, "/tmp")
    variables = [part for name, value in environment.items() for part in ("--setenv", name, value)]
    return _start([*_bubblewrap(), "--clearenv", *variables, *_server(_INSIDE, arguments)], descriptor, environment)


def _in_landlock(descriptor: int, arguments: Sequence[str]) -> subprocess.Popen:
    user = _user()
    folder = tempfile.mkdtemp(prefix="dlbook-")
    if user is not None:
        os.chown(folder, user, user)
    readable = [*_SYSTEM, *_python(), str(_PACKAGE), *_DEVICES]
    settings = {"folder": folder, "readable": readable, "alone": user is not None, "user": user}
    return _start(_server(str(_PACKAGE.parent), arguments), descriptor, _environment(settings, folder))


def _server(above: str, arguments):
    """The student's server: this package is found below `above`, after all else."""
    boot = "import sys; sys.path.append(sys.argv.pop(1)); from dlbook.check import student; student.main(sys.argv[1:])"
    return [sys.executable, "-I", "-c", boot, above, "--confine", "dlbook.grading.confine", *arguments]


def _environment(settings, home):
    return {
        confine.SETTINGS: json.dumps(settings),
        "PATH": "/usr/bin:/bin",
        "HOME": home,
        "LANG": "C.UTF-8",
        "MPLBACKEND": "Agg",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _start(command, descriptor, environment):
    nowhere = subprocess.DEVNULL
    return subprocess.Popen(
        command, pass_fds=[descriptor], stdin=nowhere, stdout=nowhere, stderr=nowhere, env=environment, cwd="/"
    )
