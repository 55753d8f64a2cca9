"""The thread behind a live panel: it never ends in silence, and never holds up a panel for ever."""

import threading
import time

import pytest

from netlib.panels import session
from netlib.panels.session import End, Session

pytestmark = pytest.mark.usefixtures("nothing_left_open")


def reports(work, **options) -> tuple[Session, list]:
    items: list = []
    return Session(work, items.append, **options), items


def ended(live: Session, items: list) -> list:
    """Return what a session has reported, once its thread has ended."""
    live._thread.join(10)
    return items


@pytest.mark.parametrize("failure", [OSError("no route"), SystemExit(3), KeyboardInterrupt()])
def test_whatever_ends_the_thread_is_reported_by_name(failure):
    def fail() -> str:
        raise failure

    live, items = reports(fail)
    live.start()
    ((why,),) = ended(live, items)
    assert why.startswith(type(failure).__name__)


def test_work_that_is_done_says_why():
    live, items = reports(lambda: "all was said")
    live.start()
    assert ended(live, items) == [End("all was said")]
    assert live.stop() and live.stop()


def test_stop_ends_a_wait_at_once_and_waits_for_the_thread():
    def work() -> str:
        return live.over(wait=60)

    live, items = reports(work)
    live.start()
    began = time.monotonic()
    assert live.stop()
    assert items == [End("it was stopped")] and time.monotonic() - began < session.FAREWELL


def test_without_a_touch_it_is_over():
    live, _ = reports(lambda: "", patience=0.0)
    time.sleep(0.001)
    assert live.over() == "it ended by itself, after 0 seconds without a touch"
    live.patience = 60.0
    assert live.over() == ""


def test_a_thread_that_does_not_end_is_forced_then_given_up_and_heard_no_more(monkeypatch):
    monkeypatch.setattr(session, "FAREWELL", 0.01)
    monkeypatch.setattr(session, "FORCED", 0.01)
    forced, released = [], threading.Event()
    live, items = reports(lambda: str(released.wait(60)))
    live.start()
    assert not live.stop(force=lambda: forced.append(True))
    released.set()
    assert ended(live, items) == [] and forced == [True]


def test_a_session_that_is_stopped_before_it_begins_opens_nothing():
    opened = []
    live, items = reports(lambda: str(opened.append(True)))
    assert live.stop()
    live.start()
    assert ended(live, items) == [End("it was stopped")] and opened == []


def test_an_interrupt_while_it_starts_ends_the_thread_all_the_same():
    class Slow(threading.Thread):  # the moment in which an interrupt finds it: begun, not known
        def start(self):
            super().start()
            raise KeyboardInterrupt

    live, items = reports(lambda: live.over(wait=60))
    live._thread = Slow(target=live._run, daemon=True)
    with pytest.raises(KeyboardInterrupt):
        live.start()
    assert not live._thread.is_alive()
    assert items[0] == End("it was stopped")
