"""Whoever owns sockets, threads and processes is interrupted, killed, or badly housed."""

import functools
import gc
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from operator import gt
from pathlib import Path
from random import Random
from time import monotonic, sleep

import psutil

from netlib.child import Child
from netlib.links.link import Link
from netlib.sockets import Background, Collector, TCPConnection, TCPListener, UDPReceiver, UDPSender
from netlib.worlds import Driver, Relay, TCPRelay
from netlib.worlds.traffic import Echo

ROOT = Path(__file__).parents[2]
NOWHERE = ("127.0.0.1", 9)
PATIENCE = 10.0  # seconds that what was left may take to end


def held() -> tuple[int, int, int]:
    """Return how many files, threads and children this process has."""
    children = [one for one in psutil.Process().children() if "resource_tracker" not in line(one)]
    return len(os.listdir("/dev/fd")), threading.active_count(), len(children)


def left(what: object, before: tuple, after: tuple) -> str:
    """Return what can be said of what is left."""
    files = [str(path.readlink()) for path in Path("/proc/self/fd").glob("*") if path.is_symlink()]
    threads = [thread.name for thread in threading.enumerate()]
    return f"{what}: (files, threads, children) were {before}, are {after}; {files}, {threads}"


def line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def as_before(case: Callable[[int], object]) -> Callable[[int], None]:
    """Hold a case to leaving no file, no thread and no process behind, not even a zombie.

    What it returns is named if it does not.
    """

    @functools.wraps(case)
    def held_to_it(seed: int):
        before = held()
        what = case(seed)
        end = monotonic() + PATIENCE
        while any(map(gt, after := collected(), before)):
            assert monotonic() < end, left(what, before, after)
            sleep(0.01)

    return held_to_it


def collected() -> tuple[int, int, int]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what an interrupt kept from being closed
        gc.collect()
        subprocess._cleanup()  # which Python calls when it starts its next process
    return held()


# What can be opened


@contextmanager
def connection():
    """Yield a connection that a thread has accepted.

    In the main thread, Python's own accept loses a descriptor if the interrupt comes between the
    kernel's answer and the socket object that is made of it.
    """
    with TCPListener() as listener:
        with Background(TCPListener.accept, listener) as accepting:
            client = TCPConnection.connect(listener.address)
        with client, accepting.result as server:
            client.send_all(b"x")
            yield server


@contextmanager
def collecting():
    with UDPReceiver() as receiver, Collector(receiver) as collector:
        yield collector


@contextmanager
def waiting():
    with (
        UDPReceiver() as receiver,
        UDPSender() as sender,
        Background(UDPReceiver.receive, receiver),
    ):
        sender.send(b"x", receiver.address)
        yield receiver


@contextmanager
def child():
    one = Child(os.path.join)  # any function: the first request never comes
    try:
        yield one
    finally:
        one.end()


OPENED: dict[str, Callable] = {
    "UDPReceiver": UDPReceiver,
    "UDPSender": UDPSender,
    "TCPListener": TCPListener,
    "TCPConnection": connection,
    "Collector": collecting,
    "Background": waiting,
    "Child": child,
    "Driver": lambda: Driver(Echo(), NOWHERE),
    "TCPRelay": lambda: TCPRelay(NOWHERE),
    "Relay in a thread": lambda: Relay(NOWHERE, Link(), Link(), thread=True),
    "Relay": lambda: Relay(NOWHERE, Link(), Link()),
}


def open_all(coin: Random):
    """Open one of each, inside one another in any order, and close them."""
    with ExitStack() as stack:
        for name in shuffled(coin):
            stack.enter_context(OPENED[name]())


def shuffled(coin: Random) -> list[str]:
    return coin.sample(list(OPENED), len(OPENED))


class Trouble(Exception):
    """What a cell may raise."""


@as_before
def opening(seed: int):
    """Each is opened and closed; in half of the cases the block raises."""
    for name in shuffled(Random(seed)):
        try:
            with OPENED[name]():
                if seed % 2:
                    raise Trouble
        except Trouble:
            pass


@as_before
def interrupted(seed: int) -> str:
    """The stop button is pressed at a random moment of opening and closing one of them."""
    coin = Random(seed)
    name = coin.choice(list(OPENED))
    handler = signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        signal.setitimer(signal.ITIMER_REAL, coin.uniform(1e-4, 0.05), 1.0)  # again, if it is lost
        while True:
            with OPENED[name]():
                pass
    except KeyboardInterrupt:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
    return name


# Processes of their own


def start(*arguments: str, **options) -> subprocess.Popen:
    """Start this file as a program, at the root, with netlib and the tests in its path."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    env = {**os.environ, "PYTHONPATH": path, **options.pop("env", {})}
    return subprocess.Popen([sys.executable, __file__, *arguments], env=env, **options)


@as_before
def killed(seed: int):
    """The owner of everything is killed at a random moment; its children end by themselves."""
    with start("for ever", stdout=subprocess.PIPE) as owner:
        assert owner.stdout.readline() == b"begun\n"
        sleep(Random(seed).uniform(0, 0.5))  # the moment is chance; nothing is waited for
        owner.send_signal(signal.SIGSTOP)  # so that no child comes after they are listed
        children = psutil.Process(owner.pid).children(recursive=True)
        owner.kill()
    _, alive = psutil.wait_procs(children, PATIENCE)
    assert not alive, [line(one) for one in alive]


@as_before
def few_files(seed: int):
    """With so few files that not all can be opened, it works, or an error names the reason."""
    most = Random(seed).randrange(8, 70)

    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    code, errors = finished(start("once", stderr=subprocess.PIPE, preexec_fn=limit))
    assert code == 0 or "Too many open files" in errors, (most, errors)


def finished(process: subprocess.Popen) -> tuple[int, str]:
    try:
        errors = process.communicate(timeout=30)[1]
    finally:
        process.kill()
    return process.returncode, (errors or b"").decode(errors="replace")


def little_memory():
    resource.setrlimit(resource.RLIMIT_AS, (4 * 2**30, 4 * 2**30))


def no_input_or_output():
    for number in (0, 1, 2):
        os.close(number)


NO_IPV6 = (
    "ip link set lo up && "
    'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6 && exec "$0" "$@"'
)  # in a network of its own
PLACES: dict[str, dict] = {
    "a home that cannot be written": {"env": {"HOME": "/proc/nowhere"}},
    "the C locale": {"env": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}},
    "an odd zone": {"env": {"TZ": "Asia/Kathmandu"}},
    "warnings as errors": {"env": {"PYTHONWARNINGS": "error"}},
    "little memory": {"preexec_fn": little_memory},
    "128 files": {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))},
    "no standard files": {"preexec_fn": no_input_or_output},
    "an odd folder": {"cwd": "odd é ' $(x)"},
    "no IPv6": {"how": "no IPv6"},
    "a thread": {"how": "thread"},
    "a child by fork": {"how": "fork"},
    "a child by spawn": {"how": "spawn"},
    "a child by forkserver": {"how": "forkserver"},
    "python -c": {"how": "-c"},
    "python from standard input": {"how": "stdin"},
}


@as_before
def odd_place(seed: int):
    """Everything is opened and used in one of PLACES: it works, and complains of nothing."""
    name, settings = list(PLACES.items())[seed % len(PLACES)]
    how = settings.get("how", "once")
    options = {key: value for key, value in settings.items() if key != "how"}
    with tempfile.TemporaryDirectory() as folder:
        if "cwd" in options:
            options["cwd"] = Path(folder, options["cwd"])
            options["cwd"].mkdir()
        code, errors = finished(start_as(how, options))
    assert (code, errors) == (0, ""), f"{name}: exit code {code}, {errors}"


def start_as(how: str, options: dict) -> subprocess.Popen:
    source = "from accidents.owners import main; main('once')"
    options["stderr"] = subprocess.PIPE
    if how not in ("-c", "stdin", "no IPv6"):
        return start(how, **options)
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    options["env"] = {**os.environ, "PYTHONPATH": path}
    command = [sys.executable, "-c", source]
    if how == "no IPv6":
        command = ["unshare", "-rn", "sh", "-c", NO_IPV6, *command]
    if how == "stdin":
        command, options["stdin"] = [sys.executable], subprocess.PIPE
    process = subprocess.Popen(command, **options)
    if how == "stdin":
        process.stdin.write(source.encode())
        process.stdin.flush()
    return process


def use_all():
    """Open everything, and have a datagram and a byte pass through both relays."""
    open_all(Random(0))
    with (
        UDPReceiver() as receiver,
        UDPSender() as sender,
        Relay(receiver.address, Link(delay=0.001), Link()) as relay,
    ):
        sender.send(b"x", relay.address)
        assert receiver.receive().payload == b"x"
    with (
        TCPListener() as listener,
        TCPRelay(listener.address, delay=0.001) as relay,
        TCPConnection.connect(relay.address) as client,
        listener.accept() as server,
    ):
        client.send_all(b"x")
        assert server.receive() == b"x"


def main(how: str):
    """Be the process of a row."""
    if how == "thread":
        thread = threading.Thread(target=use_all)
        thread.start()
        thread.join()
    elif how in ("fork", "spawn", "forkserver"):
        import multiprocessing

        process = multiprocessing.get_context(how).Process(target=use_all)
        process.start()
        process.join()
        sys.exit(process.exitcode)
    elif how == "for ever":
        sys.stdout.write("begun\n")
        sys.stdout.flush()
        while True:
            open_all(Random())
    else:
        use_all()


if __name__ == "__main__":
    main(sys.argv[1])
