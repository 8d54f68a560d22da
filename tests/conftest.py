"""What several tests share: the example chapter, built, and its manifest in place of the released ones."""

import contextlib
import pathlib

import pytest

from dlbook.check import manifest
from dlbook.course import build

EXAMPLE = pathlib.Path(__file__).parent / "example/00-moving-average"


@pytest.fixture(scope="session")
def example():
    """The example chapter, loaded."""
    return build.load(EXAMPLE)


@pytest.fixture(scope="session")
def example_files(example):
    """What the build writes for the example chapter, text by path."""
    return build.files(example)


@contextlib.contextmanager
def as_released(example_files, folder):
    """Inside this context the example is the only released chapter; the value is the folder of manifests."""
    text = example_files["dlbook/check/manifest/00-moving-average.json"]
    (folder / "00-moving-average.json").write_text(text, encoding="utf8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest, "FOLDER", folder)
        manifest.of_chapter.cache_clear()
        yield folder
    manifest.of_chapter.cache_clear()


@pytest.fixture
def released(example_files, tmp_path_factory):
    """The example as the only released chapter, for one test."""
    with as_released(example_files, tmp_path_factory.mktemp("manifest")) as folder:
        yield folder


@pytest.fixture(scope="module")
def released_for_all(example_files, tmp_path_factory):
    """The example as the only released chapter, for all tests of a file."""
    with as_released(example_files, tmp_path_factory.mktemp("manifest")) as folder:
        yield folder
