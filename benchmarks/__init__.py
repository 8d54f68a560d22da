"""Comparisons that print ratios: `python -m benchmarks [NAME ...]`, from the root of the repository.

They measure and never judge: the targets stand beside the figures, and the exit code is 0.
"""

import os

for _library in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM"):
    os.environ[f"{_library}_NUM_THREADS"] = "1"  # read when NumPy is loaded, which the modules below do
