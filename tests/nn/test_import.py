import subprocess
import sys


def test_nn_loads_numpy_alone():
    code = "import sys, dlbook.nn; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "numpy" in loaded
    assert not loaded & {"torch", "matplotlib", "scipy", "rich", "typer", "safetensors", "ipywidgets", "IPython"}


def test_public_names_exist():
    from dlbook import nn

    assert len(set(nn.__all__)) == len(nn.__all__)
    assert all(hasattr(nn, name) for name in nn.__all__)
