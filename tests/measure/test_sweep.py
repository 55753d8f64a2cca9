"""A sweep gives the same on every executor, says how far it is, and can be ended."""

from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor

import pytest

from netlib.measure.sweep import sweep

POINTS = [(a, b) for a in range(3) for b in range(2)]


def value(a, b):
    return 10 * a + b


def test_processes_threads_and_the_default_give_the_same_in_order():
    factor = 3  # of a closure, as a notebook's function has them
    expected = [factor * value(*point) for point in POINTS]
    results = [sweep(lambda a, b: factor * value(a, b), POINTS)]
    for kind in (ThreadPoolExecutor, ProcessPoolExecutor):
        with kind(2) as executor:
            results.append(sweep(lambda a, b: factor * value(a, b), POINTS, executor))
    assert results == [expected] * 3


def test_progress_counts_to_the_total():
    steps = []
    with ThreadPoolExecutor(2) as executor:
        sweep(value, POINTS, executor, progress=lambda *step: steps.append(step))
    assert steps == [(n, 6) for n in range(1, 7)]


class Hoarder:
    """An executor that does the first thing asked, and keeps the others waiting."""

    def __init__(self):
        self.futures = []

    def submit(self, function, *arguments):
        self.futures.append(Future())
        if len(self.futures) == 1:
            self.futures[0].set_result(function(*arguments))
        return self.futures[-1]


def interrupt(done, total):
    raise KeyboardInterrupt


def test_an_interrupt_cancels_what_has_not_begun():
    hoarder = Hoarder()
    with pytest.raises(KeyboardInterrupt):
        sweep(value, POINTS, hoarder, progress=interrupt)
    assert [future.cancelled() for future in hoarder.futures] == [False] + [True] * 5


def test_what_an_experiment_raises_is_raised():
    with ThreadPoolExecutor(1) as executor, pytest.raises(ZeroDivisionError):
        sweep(lambda a, b: a // b, POINTS, executor)


def test_it_runs_on_dask():
    distributed = pytest.importorskip("distributed", reason="dask is not installed")
    with distributed.Client(processes=False, dashboard_address=None) as client:
        assert sweep(value, POINTS, client.get_executor()) == [value(*point) for point in POINTS]


def test_it_runs_on_ipyparallel():
    ipyparallel = pytest.importorskip("ipyparallel", reason="ipyparallel is not installed")
    with ipyparallel.Cluster(n=1) as clients:
        view = clients.load_balanced_view()
        assert sweep(value, POINTS, view.executor) == [value(*point) for point in POINTS]
