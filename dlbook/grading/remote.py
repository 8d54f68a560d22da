"""Judging on other machines: a Dask scheduler as an executor of `concurrent.futures`.

Dask carries the cells of the chapter, hidden tests among them, and the answers to its workers in the clear and
unpickles what they send: workers are the course's own machines, on a network of its own.  The sandbox is inside each
worker; a submission never sees Dask.
"""

import contextlib
from collections.abc import Iterator
from concurrent.futures import Executor

from dlbook.course.errors import CourseError

SECONDS = 10
"""How long a scheduler may take to answer."""


@contextlib.contextmanager
def executor(address: str | None) -> Iterator[Executor | None]:
    """The workers of the scheduler at "dask://HOST:PORT"; None without an address.

    Raises CourseError for another kind of address or where no scheduler answers, ModuleNotFoundError without the extra
    `cluster`.
    """
    if address is None:
        yield None
        return
    kind, _, where = address.partition("://")
    if kind != "dask" or not where:
        raise CourseError(f"--executor {address}: expected dask://HOST:PORT, the address of a Dask scheduler.")
    from distributed import Client

    try:
        client = Client(f"tcp://{where}", timeout=SECONDS, set_as_default=False)
    except (OSError, TimeoutError):
        raise CourseError(f"--executor {address}: no Dask scheduler answers there within {SECONDS} s.") from None
    with client:
        yield client.get_executor(retries=2, pure=False)
