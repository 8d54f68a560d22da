"""A real JupyterLab on a student's folder, and a real browser in front of it."""

import os
import pathlib
import shutil
import socket
import subprocess
import time
import urllib.request

import pytest

from dlbook.course import lab

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]
SHOTS = pathlib.Path(__file__).parents[2] / "build/screenshots"


@pytest.fixture(scope="session")
def browser():
    """Chromium, driven by Playwright."""
    from playwright.sync_api import sync_playwright

    if CHROMIUM is None:
        pytest.fail("no Chromium on this machine: install the package chromium")
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def serve(tmp_path):
    """Start JupyterLab on a new student's folder; returns its folder and its address."""
    running = []

    def start(language, **environment):
        folder = tmp_path / f"work-{len(running)}"
        first = lab.prepare(folder, language)
        with socket.socket() as chosen:
            chosen.bind(("127.0.0.1", 0))
            port = chosen.getsockname()[1]
        arguments = [f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token="]
        arguments.append("--LabApp.expose_app_in_browser=True")
        command = lab.command(folder, first, browser=False, arguments=arguments)
        kept = {name: value for name, value in os.environ.items() if name != "DLBOOK_LANG"}
        settings = {
            "JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(tmp_path / "spaces"),
        }
        log = (tmp_path / "lab.log").open("w")
        process = subprocess.Popen(
            command, env={**kept, "OMP_NUM_THREADS": "1", **settings, **environment}, stdout=log, stderr=log
        )
        running.append(process)
        address = f"http://127.0.0.1:{port}"
        _wait_for(f"{address}/api/status", process)
        return folder, address

    yield start
    for process in running:
        process.kill()
        process.wait()


@pytest.fixture
def shot():
    """Keep a screenshot under build/screenshots."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    return lambda page, name: page.screenshot(path=SHOTS / f"{name}.png")


def _wait_for(address, process):
    for _ in range(240):
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            if process.poll() is not None:
                pytest.fail(f"JupyterLab ended with code {process.returncode}", pytrace=False)
            time.sleep(0.25)
    pytest.fail("JupyterLab did not answer within a minute")
