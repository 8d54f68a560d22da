"""What the course adds to a Jupyter server: one's work as a zip, and a start page that follows one's progress."""

import io
import json
import os
import pathlib
import zipfile
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web

from dlbook.course import startpage
from dlbook.language import closest, of_person, say, speaking

IDLE_SECONDS = 420  # Binder stops a session after about ten minutes without activity


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "dlbook.course.server"}]


def _load_jupyter_server_extension(app: Any) -> None:
    root = pathlib.Path(app.root_dir)
    base = app.web_app.settings["base_url"]
    routes = [(r"work\.zip", WorkHandler), ("state", StateHandler)]
    app.web_app.add_handlers(
        ".*$", [(url_path_join(base, "dlbook", path), kind, {"root": root}) for path, kind in routes]
    )
    if folders(root):
        app.contents_manager.register_post_save_hook(_after_save(root))


def folders(root: pathlib.Path) -> list[pathlib.Path]:
    """The students' folders that a server serves: its root, or the ones in it, one a language."""
    found = [root, *(path for path in root.iterdir() if path.is_dir())]
    return [path for path in found if any((path / name).exists() for name in startpage.NAMES.values())]


def work_zip(root: pathlib.Path) -> bytes:
    """Every notebook, text and image below `root` that is no checkpoint and no link, in one zip."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(root.rglob("*")):
            hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
            if path.is_file() and not path.is_symlink() and not hidden:
                archive.write(path, path.relative_to(root))
    return packed.getvalue()


class _Handler(JupyterHandler):
    def initialize(self, root: pathlib.Path) -> None:
        self.work = root


class WorkHandler(_Handler):
    """GET dlbook/work.zip: the student's folder."""

    @web.authenticated
    def get(self) -> None:
        self.set_header("Content-Type", "application/zip")
        self.set_header("Content-Disposition", 'attachment; filename="dlbook-work.zip"')
        self.finish(work_zip(self.work))


class StateHandler(_Handler):
    """GET dlbook/state?language=pt-BR: the words of the button, and the idle seconds before a warning, or null."""

    @web.authenticated
    def get(self) -> None:
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(_state(self.work, self.get_argument("language", ""))))


def _state(root, asked):
    languages = [key for key, name in startpage.NAMES.items() if (root / name).exists()]
    language = languages[0] if len(languages) == 1 else closest(asked) if asked else of_person()
    on_binder = "BINDER_LAUNCH_HOST" in os.environ or "BINDER_REPO_URL" in os.environ
    with speaking(language):
        words = {
            "download": say("Download my work"),
            "stay": say("I am still here"),
            "warning": say(
                "Nothing has happened for a while. This free session will soon be stopped, "
                "and what is in it is lost: download your work now."
            ),
        }
    seconds = float(os.environ.get("DLBOOK_IDLE_SECONDS", IDLE_SECONDS if on_binder else 0))
    return {"words": words, "idle_seconds": seconds or None}


def _after_save(root):
    def refresh(model: dict[str, Any], os_path: str, contents_manager: Any, **_: Any) -> None:
        if model.get("type") == "notebook":
            for folder in folders(root):
                startpage.refresh(folder)

    return refresh
