"""A server that runs for a block: it is reached, it is stopped, and what it raised is not lost."""

import asyncio
import socket

import pytest

from netlib.lab.serving import arrivals, arrivals_to_await, running

pytestmark = pytest.mark.usefixtures("nothing_left_open")


def greet(listener, stop, word=b"hello"):
    for connection in arrivals(listener, stop):
        with connection:
            connection.sendall(word)


def greet_in_tasks(listener, stop, word=b"hello"):
    async def serve():
        async for connection in arrivals_to_await(listener, stop):
            with connection:
                await asyncio.get_running_loop().sock_sendall(connection, word)

    asyncio.run(serve())


@pytest.mark.parametrize("serve", [greet, greet_in_tasks])
def test_each_client_arrives_until_the_block_ends(serve):
    with running(serve, b"hi") as address:
        for _ in range(3):
            with socket.create_connection(address, 5) as client:
                assert client.recv(100) == b"hi"
                assert client.getpeername()[0] == "127.0.0.1"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, 1)


@pytest.mark.parametrize("serve", [greet, greet_in_tasks])
def test_what_the_server_raised_is_raised_at_the_end(serve):
    with (
        pytest.raises(TypeError),
        running(serve, "no bytes") as address,
        socket.create_connection(address, 5) as client,
    ):
        assert client.recv(100) == b""


@pytest.mark.parametrize("serve", [greet, greet_in_tasks])
def test_a_block_that_fails_stops_the_server_too(serve):
    with pytest.raises(ZeroDivisionError), running(serve):
        1 / 0  # noqa: B018
