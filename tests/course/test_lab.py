"""The server of a student: start page, download, the words of the warning."""

import io
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile

import pytest

from dlbook.course import lab, server, startpage, work


@pytest.fixture
def folder(released, tmp_path):
    start = lab.prepare(tmp_path / "work", "pt-BR")
    assert start.name == startpage.NAMES["pt-BR"]
    return tmp_path / "work"


def free_port():
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return chosen.getsockname()[1]


def get(address, tries=1):
    for left in reversed(range(tries)):
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return answer.read()
        except urllib.error.HTTPError:
            raise
        except OSError:
            if not left:
                raise
            time.sleep(0.25)


def test_a_real_server_gives_the_work_and_the_words(folder):
    port = free_port()
    arguments = [f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=secret"]
    command = lab.command(folder, folder / startpage.NAMES["pt-BR"], browser=False, arguments=arguments)
    environment = {**os.environ, "BINDER_LAUNCH_HOST": "https://binder.example"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        try:
            base = f"http://127.0.0.1:{port}"
            state = json.loads(get(f"{base}/dlbook/state?token=secret", tries=120))
            assert state["words"]["download"] == "Baixar meu trabalho"
            assert state["idle_seconds"] == server.IDLE_SECONDS
            with zipfile.ZipFile(io.BytesIO(get(f"{base}/dlbook/work.zip?token=secret"))) as archive:
                assert "00-moving-average/00-moving-average.ipynb" in archive.namelist()
            assert not get(f"{base}/dlbook/work.zip?token=wrong").startswith(b"PK")
        finally:
            running.terminate()


def test_the_zip_holds_no_hidden_files_and_follows_no_links(tmp_path):
    root = tmp_path / "work"
    (root / ".history").mkdir(parents=True)
    (root / ".history/old.ipynb").write_text("old")
    (root / "mine.txt").write_text("mine")
    (tmp_path / "secret").write_text("secret")
    (root / "link").symlink_to(tmp_path / "secret")
    with zipfile.ZipFile(io.BytesIO(server.work_zip(root))) as archive:
        assert archive.namelist() == ["mine.txt"]


def test_a_new_release_is_announced_and_a_language_brought(folder, released):
    assert lab.behind(folder) == []
    lab.prepare(folder, "en", switch=True)
    path = work.path_of(folder, "00-moving-average")
    assert json.loads(path.read_text(encoding="utf8"))["metadata"]["dlbook"]["language"] == "en"
    known = json.loads(path.read_text(encoding="utf8"))
    known["metadata"]["dlbook"]["release"] = "0.0.1"
    work.write(path, known)
    assert lab.behind(folder) == ["00-moving-average"]


def test_a_user_sees_one_sentence_and_no_stack_trace(tmp_path):
    for arguments in (["check", str(tmp_path / "none.ipynb")], ["check", "99"], ["update", "--work", str(tmp_path)]):
        done = subprocess.run([sys.executable, "-m", "dlbook.cli", *arguments], capture_output=True, text=True)
        assert done.returncode == 2, arguments
        assert "Traceback" not in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_the_command_line_speaks_the_language_of_the_person(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name not in ("DLBOOK_LANG", "LC_ALL")}
    done = subprocess.run(
        [sys.executable, "-m", "dlbook.cli", "check", "99"],
        capture_output=True,
        text=True,
        encoding="utf8",
        env={**environment, "LC_MESSAGES": "pt_BR.UTF-8", "PYTHONUTF8": "1"},
    )
    assert done.stderr.startswith("Não há o capítulo '99'")
