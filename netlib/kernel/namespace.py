"""A network of one's own without privilege (level L3): a process in new namespaces of Linux.

In a new user namespace an ordinary user is root, over a new network namespace and nothing else:
its own loopback, counters, limits and packet filters. A process with threads, such as a notebook's
kernel, may not move there itself; so a fresh one does, and calls a function there.
Source: user_namespaces(7), network_namespaces(7), netdevice(7).
"""

import pickle
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = str(Path(__file__).resolve().parents[2])
PROGRAM = """
import ctypes, os, pickle, sys
sys.path[:] = pickle.load(sys.stdin.buffer)
libc, uid, gid = ctypes.CDLL(None, use_errno=True), os.getuid(), os.getgid()
if libc.unshare(0x50000000):  # CLONE_NEWUSER | CLONE_NEWNET
    sys.exit("unshare: " + os.strerror(ctypes.get_errno()))
for name, text in ("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1"):
    try:
        with open("/proc/self/" + name, "w") as file:
            file.write(text)
    except OSError as failure:
        sys.exit(f"{name}: {failure.strerror}")
from netlib.kernel.namespace import set_up
set_up()
try:
    function, arguments = pickle.load(sys.stdin.buffer)
    answer = pickle.dumps((function(*arguments), None))
except Exception as failure:
    answer = pickle.dumps((None, failure))
sys.stdout.buffer.write(answer)
"""
MTU, FLAGS = 0x8922, 0x8914  # SIOCSIFMTU, SIOCSIFFLAGS
UP = 0x49  # IFF_UP | IFF_LOOPBACK | IFF_RUNNING


def alone(function: Callable[..., Any], *arguments: object, timeout: float = 20.0) -> Any:
    """Call a function of a module in a fresh process with a network of its own; return its result.

    Raises what the function raises; OSError, which says what this system refused, if it could not
    be called; TimeoutError after `timeout` [s].
    """
    if sys.platform != "linux":
        raise OSError("this system has no network namespaces (Linux has)")
    request = pickle.dumps([ROOT, *sys.path]) + pickle.dumps((function, arguments))
    command = [sys.executable, "-I", "-S", "-c", PROGRAM]
    try:
        ended = subprocess.run(command, input=request, capture_output=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"{function.__name__} did not end within {timeout:g} s") from None
    if ended.returncode:
        reason = ended.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise OSError(f"{reason} (a network of one's own is level L3)")
    result, failure = pickle.loads(ended.stdout)
    if failure is not None:
        raise failure
    return result


def run(command: str):
    """Run a program that sets the network up here, such as tc. Raises OSError if it will not."""
    name, *arguments = command.split()
    if not (program := shutil.which(name, path="/usr/sbin:/sbin:/usr/bin:/bin")):
        raise OSError(f"{name} is not installed here")
    ended = subprocess.run([program, *arguments], capture_output=True, text=True)
    if ended.returncode:
        raise OSError(f"{name}: {ended.stderr.strip()}")


def counter(protocol: str, name: str) -> int:
    """Return one of this namespace's counters, such as "Udp", "SndbufErrors"."""
    lines = Path("/proc/net/snmp").read_text().splitlines()
    names, values = (line.split() for line in lines if line.startswith(f"{protocol}:"))
    return int(values[names.index(name)])


def set_up(mtu: int = 65536):
    """Switch this network namespace's loopback on, with packets of up to `mtu` bytes."""
    if sys.platform != "linux":
        raise OSError("this system has no network namespaces (Linux has)")
    import fcntl  # Windows has none

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for request, value in ((MTU, mtu), (FLAGS, UP)):
            fcntl.ioctl(sock, request, struct.pack("16si12x", b"lo", value))
