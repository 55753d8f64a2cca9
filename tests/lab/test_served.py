"""A server for the length of a block: it answers, it ends, and it does not wait for ever."""

import socket
import threading

import pytest

from netlib.lab.serving import served


def greet(listener, *words):
    connection, _ = listener.accept()
    with connection:
        connection.sendall(b" ".join(words))


def test_a_client_reaches_the_function_with_its_arguments():
    with served(greet, b"good", b"day") as address, socket.create_connection(address, 2) as client:
        assert client.recv(100) == b"good day"


def test_when_the_block_ends_nobody_listens_and_no_thread_is_left():
    threads = threading.active_count()
    with served(greet) as address, socket.create_connection(address, 2):
        pass
    assert threading.active_count() == threads
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, 2)


def test_a_server_that_nobody_calls_gives_up():
    with pytest.raises(TimeoutError), served(greet, timeout=0.05):
        pass


def test_a_client_that_resets_is_no_error():
    def read(listener):
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"unread")
            connection.recv(1)

    with served(read) as address, socket.create_connection(address, 2) as client:
        client.recv(1)  # and closes with bytes unread: RST
