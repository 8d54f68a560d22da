"""What several tests share: the example chapter, built, and its manifest in place of the released ones."""

import contextlib
import pathlib

import numpy as np
import pytest
from hypothesis import settings

from dlbook.check import manifest
from dlbook.course import build

settings.register_profile("dlbook", deadline=None)  # how long a case takes depends on what else the machine does
settings.load_profile("dlbook")

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


@pytest.fixture
def numerical_gradient():
    """Gradient of Σ dy · f(x) with respect to x, by centred differences."""

    def of(f, x, dy, step=1e-6):
        gradient = np.zeros_like(x)
        for index in np.ndindex(x.shape):
            above, below = x.copy(), x.copy()
            above[index] += step
            below[index] -= step
            gradient[index] = np.sum(dy * (f(above) - f(below))) / (2 * step)
        return gradient

    return of
