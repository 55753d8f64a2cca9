"""Fork the tests' kernels from one process that has done their common imports already.

Most of what a kernel does before its first answer is the same in every kernel: importing IPython,
then numpy, matplotlib and netlib. Here one process for each worker of pytest does that once and
waits; asked for a kernel, it copies itself (os.fork), and the copy becomes the kernel. The tests do
not notice: jupyter_client calls `Nursery.launch` where it would have started a new Python.

What that saves: started, asked to import those three, and stopped, a kernel takes 0.53 s instead
of 1.15 (55 of each, in turns, on two busy cores; at best 0.43 and 0.98). The tests of
notebooks start some sixty; the twenty notebooks by themselves took 52 s instead of 60, both running
at the same time. Each worker pays 0.8 s of processor time once.

The browser tests' JupyterLab and test_binder start their kernels in full. Linux only: elsewhere
jupyter_client starts each kernel as it does for everybody.
"""

import contextlib
import gc
import importlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from multiprocessing.connection import Connection

COMMON = (
    "ipykernel.debugger",
    "ipykernel.kernelapp",
    "IPython.extensions.storemagic",
    "matplotlib.pyplot",
    "netlib.worlds.relay.relay",
    "netlib.worlds.tcp_relay.relay",
    "netlib.measure.stats",
    "netlib.measure.theory",
    "netlib.protocols",
    "sqlite3",
    "tornado.platform.asyncio",
)  # none of them may start a thread or ask for the running IPython


class Forked:
    """What jupyter_client asks of a kernel's process, for one that is no child of this process."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int):
        self.pid = pid
        self._handle = os.pidfd_open(pid)

    def poll(self) -> int | None:
        """Return None while it runs, then 0: its status goes to its parent."""
        return 0 if self._handle is None or select.select([self._handle], [], [], 0)[0] else None

    def wait(self) -> int:
        if self._handle is not None:
            select.select([self._handle], [], [])
            os.close(self._handle)
            self._handle = None
        return 0

    def send_signal(self, number: int):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def terminate(self):
        self.send_signal(signal.SIGTERM)


class Nursery:
    """The process that forks kernels, started with the first of them; it ends with this process."""

    def __init__(self):
        self._lock, self._line = threading.Lock(), None

    def launch(self, command: list[str], env: dict, cwd: str | None = None, **_) -> Forked:
        """Start `python -m ipykernel_launcher ...`; what jupyter_client.launcher does otherwise."""
        with self._lock:
            self._line = self._line or self._open()
            self._line.send((command[command.index("-f") :], env, str(cwd or os.getcwd())))
            return Forked(self._line.recv())

    def _open(self) -> Connection:
        here, there = socket.socketpair()
        with there:
            number = there.fileno()
            command = [sys.executable, __file__, str(number)]
            subprocess.Popen(command, pass_fds=[number], start_new_session=True)
        return Connection(here.detach())


def serve(line: Connection):
    """Fork a kernel for each request, until the other end of the line closes."""
    os.environ["JPY_PARENT_PID"] = str(os.getpid())  # a kernel ends when this process does
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # or debugpy complains of being preloaded
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    for module in COMMON:
        importlib.import_module(module)
    draw_once()
    gc.freeze()  # what all kernels share is no garbage: none of them need look through it
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    with contextlib.suppress(EOFError):
        while True:
            request = line.recv()
            if (pid := os.fork()) == 0:
                line.close()
                become_kernel(*request)
            os.setpgid(pid, pid)  # so that an interrupt reaches it, its children and nobody else
            line.send(pid)


def draw_once():
    """Find the fonts and fill the other caches that the first figure of every kernel would fill."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().errorbar([1, 10], [1, 2], [1, 1], label="$x^2$")
    figure.legend()
    FigureCanvasAgg(figure).draw()


def become_kernel(arguments: list[str], env: dict, cwd: str):
    """Be, in a fork, what `python -m ipykernel_launcher` would be with these arguments."""
    from ipykernel.kernelapp import launch_new_instance

    os.chdir(cwd)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.environ.clear()
    os.environ.update(env)
    paths = filter(None, env.get("PYTHONPATH", "").split(os.pathsep))
    sys.path[:0] = [path for path in paths if path not in sys.path]
    sys.argv = ["ipykernel_launcher", *arguments]
    try:
        launch_new_instance()
    finally:
        os._exit(0)  # not back into the loop of `serve`


if __name__ == "__main__":
    sys.path.pop(0)  # the tests' folder is no kernel's path, unless its environment says so
    serve(Connection(int(sys.argv[1])))
