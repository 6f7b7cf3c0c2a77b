"""Work of a library that says nothing while it runs, made to tell that it goes on."""

from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

from workbench.jobs import Progress

T = TypeVar("T")

SECONDS = 0.5


def waited(work: Callable[[], T], told: Progress) -> Generator[Progress, None, T]:
    """Do ``work`` in a thread and yield ``told`` now and then; return what it returned. Use it with ``yield from``.

    A job that is stopped meanwhile ends when the work does.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="waited") as pool:
        future = pool.submit(work)
        while wait((future,), timeout=SECONDS).not_done:
            yield told
        return future.result()
