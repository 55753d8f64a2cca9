"""One experiment at many points: over parameters and seeds, on as many processors as there are."""

import pickle
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from typing import Any

import cloudpickle


def sweep(
    experiment: Callable,
    points: Iterable[tuple],
    executor: Executor | None = None,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> list:
    """Return experiment(*point) for each of the points, in their order.

    It runs on any executor of concurrent.futures, or one that acts alike, such as dask's or
    ipyparallel's; None: processes of this machine. The results are the same on each, if the
    experiment is a function of its point alone. Functions of a notebook are carried there, too.
    progress(done, total) is called after each. What an experiment raises is raised here; then, and
    at an interrupt, those that have not begun are cancelled, and those that run are not waited for.
    """
    work, rows = cloudpickle.dumps(experiment), list(points)
    if executor is not None:
        return _run(executor, work, rows, progress)
    executor = ProcessPoolExecutor()
    try:
        return _run(executor, work, rows, progress)
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


def _run(executor: Executor, work: bytes, points: Sequence[tuple], progress: Callable) -> list:
    futures = [executor.submit(_call, work, point) for point in points]
    try:
        for done, future in enumerate(as_completed(futures), 1):
            future.result()
            progress(done, len(futures))
        return [future.result() for future in futures]
    except BaseException:
        for future in futures:
            future.cancel()
        raise


def _call(work: bytes, point: tuple) -> Any:
    return pickle.loads(work)(*point)
