"""A process that opens everything is killed, has few files, or runs in an odd place."""

import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from random import Random
from time import sleep

import psutil

from accidents.owners import PATIENCE, as_before, line, open_all
from netlib.links.link import Link
from netlib.sockets import TCPConnection, TCPListener, UDPReceiver, UDPSender
from netlib.worlds import Relay, TCPRelay

ROOT = Path(__file__).parents[2]
PATHS = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}


def start(*arguments: str, **options) -> subprocess.Popen:
    """Start this file as a program, at the root, with netlib and the tests in its path."""
    env = os.environ | PATHS | options.pop("env", {})
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
    """Start this file's program in one of the ways in which Python can be started."""
    source = "from accidents.processes import main; main('once')"
    options["stderr"] = subprocess.PIPE
    if how not in ("-c", "stdin", "no IPv6"):
        return start(how, **options)
    options["env"] = os.environ | PATHS
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
