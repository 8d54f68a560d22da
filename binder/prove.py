"""Prove Binder's environment without Docker: its install lines in a clean virtual environment, every chapter run there.

    python binder/prove.py [CHAPTER ...]

Prints the most memory that the kernel of each chapter held.  Fails above 1.5 GB, where a page does not run, or where
nbgrader or PyTorch is installed.
"""

import concurrent.futures
import os
import pathlib
import subprocess
import sys
import tempfile
import venv

ROOT = pathlib.Path(__file__).resolve().parents[1]
LIMIT = 1.5e9
RUN = """
import json, pathlib, resource, sys
import nbformat
from nbclient import NotebookClient
path = pathlib.Path(sys.argv[1])
resources = {"metadata": {"path": str(path.parent)}}
NotebookClient(nbformat.read(path, 4), timeout=300, kernel_name="python3", resources=resources).execute()
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
"""


def main() -> int:
    """Install, run, report."""
    with tempfile.TemporaryDirectory() as folder:
        home = pathlib.Path(folder)
        python = _install(home)
        installed = subprocess.run([python, "-m", "pip", "list"], capture_output=True, text=True, check=True).stdout
        unwanted = [name for name in ("nbgrader", "torch") if f"\n{name} " in installed]
        if unwanted:
            print(f"Binder's environment holds {', '.join(unwanted)}")
            return 1
        _fill(home, python)
        return _run_all(home, python, sys.argv[1:])


def _install(home):
    """The lines that Binder runs when it builds the image: requirements.txt, then postBuild."""
    venv.create(home / "env", with_pip=True)
    python = home / "env/bin/python"
    subprocess.run([python, "-m", "pip", "install", "-q", "-r", ROOT / "binder/requirements.txt"], check=True)
    subprocess.run([ROOT / "binder/postBuild"], env=_environment(home, python), check=True)
    return python


def _fill(home, python):
    content = home / "dlbook"
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", ROOT.as_uri(), content], check=True)
    subprocess.run([ROOT / "binder/start", "true"], env=_environment(home, python), check=True)


def _environment(home, python):
    return {**os.environ, "HOME": str(home), "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}


def _run_all(home, python, names):
    """The chapters two at a time; 1 where one of them fails."""
    pages = [page for page in sorted((home / "work/en").glob("*/*.ipynb")) if not names or page.stem in names]
    with concurrent.futures.ThreadPoolExecutor(2) as two:
        return int(not all(list(two.map(lambda page: _runs(python, page), pages))))


def _runs(python, page):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "DLBOOK_LANG": "en"}
    done = subprocess.run([python, "-c", RUN, page], env=environment, capture_output=True, text=True)
    if done.returncode:
        print(f"{page.stem}: does not run\n{done.stderr[-2000:]}")
        return False
    memory = float(done.stdout.split()[-1])
    verdict = "within" if memory <= LIMIT else "ABOVE"
    print(f"{page.stem}: {memory / 1e6:.0f} MB, {verdict} {LIMIT / 1e6:.0f} MB")
    return memory <= LIMIT


if __name__ == "__main__":
    sys.exit(main())
