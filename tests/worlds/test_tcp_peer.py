"""Two ends of the course's TCP, each by a command of its own, and a judge of what arrived."""

from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

import pytest

from netlib.worlds import tcp_peer
from netlib.worlds.tcp_peer import connect, listen, main, sealed, verdict


def both(loss, size=20_000):
    """Return what the listener and the connecting end say."""
    bound = SimpleQueue()
    with ThreadPoolExecutor(1) as pool:
        listener = pool.submit(listen, ("127.0.0.1", 0), 20, bound.put)
        said = connect(
            bound.get(timeout=5), size, loss=loss, seed=18, linger=0.2
        )  # of this seed, the tenth dies
        return listener.result(), said


@pytest.mark.parametrize("loss", [0.0, 0.05])
def test_what_one_end_sends_the_other_finds_right(loss):
    heard, said = both(loss)
    assert heard.startswith("right: 20000 bytes arrived")
    assert said.startswith("right: 20000 bytes acknowledged")
    assert ("0 segments sent again" in said) == (not loss)


def test_one_wrong_byte_or_a_stream_that_is_too_short_is_found():
    stream = sealed(b"to be")
    assert verdict(stream).startswith("right: 5 bytes arrived")
    assert verdict(b"T" + stream[1:]).startswith("wrong, their digest")
    assert verdict(stream[:20]) == "wrong: 20 bytes arrived, and no digest of 32 bytes"


def test_nobody_comes_and_nobody_is_there(monkeypatch, capsys):
    monkeypatch.setattr(tcp_peer, "LINGER", 0.01)
    assert main(["--listen", "127.0.0.1:0", "--seconds", "0.1"]) == 1
    assert main(["--connect", "127.0.0.1:9", "--seconds", "0.1"]) == 1
    out = capsys.readouterr().out
    assert "no end of the stream within 0.1 s" in out and "not all acknowledged" in out


def test_it_leaves_this_machine_only_if_it_is_told(capsys):
    assert main(["--listen", "0.0.0.0:0"]) == 2
    assert "--anywhere" in capsys.readouterr().err
