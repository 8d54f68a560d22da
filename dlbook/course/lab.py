"""Open JupyterLab on one's own copies of the chapters."""

import os
import pathlib
import subprocess
import sys
import webbrowser

from dlbook.check import manifest
from dlbook.check.page import StudentPage
from dlbook.course import startpage, work


def prepare(folder: pathlib.Path, language: str, *, switch: bool = False) -> pathlib.Path:
    """Fill a student's folder and write its start page, whose path it returns.

    switch : bring what is there into `language` too.
    """
    work.start(folder, language)
    if switch:
        work.update(folder, language=language)
    return startpage.write(folder, language)


def behind(folder: pathlib.Path) -> list[str]:
    """The chapters in a student's folder for which a newer release is installed."""
    paths = {chapter: work.path_of(folder, chapter) for chapter in manifest.chapters()}
    return [chapter for chapter, path in paths.items() if path.exists() and not work.is_current(StudentPage.read(path))]


def command(
    folder: pathlib.Path, start: pathlib.Path, *, browser: bool = True, arguments: list[str] | None = None
) -> list[str]:
    """The command that starts JupyterLab in `folder` on the start page; ModuleNotFoundError where it is missing."""
    import jupyterlab  # noqa: F401

    found = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--log-level=WARN",
        f"--ServerApp.root_dir={folder}",
        f"--LabApp.default_url=/lab/tree/{start.name}",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        found.append("--allow-root")
    if not browser or not _has_browser():
        found.append("--no-browser")
    return [*found, *(arguments or [])]


def run(command: list[str]) -> int:
    """Run JupyterLab until it ends, with one thread for NumPy: two were many times slower on small arrays."""
    environment = {"OMP_NUM_THREADS": "1", **os.environ}
    try:
        return subprocess.run(command, env=environment, check=False).returncode
    except KeyboardInterrupt:
        return 0


def _has_browser():
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
