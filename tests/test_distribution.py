"""What is handed to students: a wheel without solutions and hidden tests, a README whose commands exist."""

import pathlib
import re
import shutil
import subprocess
import sys
import zipfile

import pytest
from typer.testing import CliRunner

from dlbook.cli import app
from dlbook.course import source

ROOT = pathlib.Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of this checkout, its texts by path."""
    folder = tmp_path_factory.mktemp("wheel")
    tree = folder / "tree"
    for name in ("dlbook", "pyproject.toml", "README.md", "LICENSE", "constraints.txt"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        tree.mkdir(exist_ok=True)
        copy(ROOT / name, tree / name)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=tree,
        check=True,
        capture_output=True,
    )
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        return {name: archive.read(name).decode("utf8", errors="replace") for name in archive.namelist()}


def test_the_wheel_holds_no_solution_and_no_hidden_test(wheel):
    manifests = "\n".join(text for name, text in wheel.items() if "/manifest/" in name)
    assert not [name for name in wheel if name.startswith(("solutions", "tests"))]
    for folder in source.chapters(ROOT / "solutions"):
        page = source.read(folder)
        for test in page.of_kind("test"):
            if test.hidden:
                body = max(test.source.splitlines(), key=len).strip()
                assert body not in manifests or _is_public(page, body), f"{folder.name}: {test.id}: {body}"
        for answer in page.of_kind("exercise"):
            solved = source.SOLUTION.findall(answer.source)
            assert solved
            assert all(found.strip() not in manifests for found in solved)


def test_the_wheel_holds_what_jupyterlab_needs(wheel):
    names = "\n".join(wheel)
    for part in (
        "data/share/jupyter/labextensions/dlbook/package.json",
        "data/share/jupyter/labextensions/dlbook/static/remoteEntry.js",
        "data/share/jupyter/lab/settings/overrides.d/dlbook.json",
        "data/etc/jupyter/jupyter_server_config.d/dlbook.json",
        "dlbook/locale/pt-BR/check.toml",
        "dlbook/data/files/mnist.npz",
        "dlbook/check/manifest/07-network.json",
    ):
        assert part in names, part


COMMANDS = sorted(
    set(re.findall(r"(?:`|^|bin/)dlbook ([a-z]+[^`\n#]*)", (ROOT / "README.md").read_text(encoding="utf8"), re.M))
)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_readmes_commands_and_their_options_exist(command):
    name, *rest = command.split()
    said = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200"})
    assert said.exit_code == 0, said.output
    plain = re.sub(r"\x1b\[[0-9;]*m", "", said.output)
    assert [option for option in rest if option.startswith("--") and option not in plain] == []


def test_the_readmes_extras_and_targets_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf8")
    project = (ROOT / "pyproject.toml").read_text(encoding="utf8")
    extras = set(re.findall(r"\.?\[([a-z]+)\]\"", readme))
    assert extras
    assert [extra for extra in extras if not re.search(rf"^{extra} = \[", project, re.M)] == []
    makefile = (ROOT / "Makefile").read_text(encoding="utf8")
    targets = set(re.findall(r"^make ([a-z-]+)|`make ([a-z-]+)", readme, re.M))
    assert [t for pair in targets for t in pair if t and not re.search(rf"^{t}:", makefile, re.M)] == []


def _is_public(page, line):
    return any(line in cell.source for cell in page.cells if not (cell.kind == "test" and cell.hidden))


def test_binder_has_the_versions_of_the_constraints():
    def versions(path):
        lines = (ROOT / path).read_text(encoding="utf8").splitlines()
        pinned = [line.split("==") for line in lines if "==" in line and not line.startswith("#")]
        return {re.sub(r"[-_.]+", "-", name).lower(): version.strip() for name, version in pinned}

    constraints = versions("constraints.txt")
    own = versions("binder/requirements.txt")
    assert len(own) > 50
    assert {name: version for name, version in own.items() if constraints.get(name) != version} == {}
