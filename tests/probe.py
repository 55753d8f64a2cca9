"""What a kernel says about itself; imported inside the kernels that the tests start."""

import asyncio
import os
import stat
import sys
import threading

ADDRESSES: set[str] = set()  # every host that this process has bound a socket to


def note_every_bind():
    """From now on, keep the host of each bind, however short the socket's life."""
    sys.addaudithook(_note)


def _note(event: str, arguments: tuple):
    if event == "socket.bind" and isinstance(arguments[1], tuple):
        ADDRESSES.add(str(arguments[1][0]))


def held() -> dict:
    """Return how many sockets this process holds (of any kind), and the names of its threads.

    Threads of the kernel's own classes are left out: pyzmq starts one at its first large message.
    """
    others = [t for t in threading.enumerate() if type(t).__module__ == "threading"]
    sockets = sum(map(_is_socket, range(1024)))
    return {"sockets": sockets, "threads": sorted(t.name for t in others)}


def _is_socket(number: int) -> bool:
    try:
        return stat.S_ISSOCK(os.fstat(number).st_mode)
    except OSError:
        return False


def stop_panels() -> int:
    """Stop every live panel; return how many there were."""
    module = sys.modules.get("netlib.panels.panel")  # None: the notebook shows no panel
    panels = list(module.Panel.running.values()) if module else []
    for panel in panels:
        panel.stop()
    return len(panels)


def render_nothing():
    """Make figures from now on, but no pictures of them: a tenth of a second each, and 50 kB."""
    from IPython import get_ipython
    from matplotlib import pyplot
    from matplotlib_inline import backend_inline

    pyplot.draw_all = lambda force=False: None  # at the end of each cell, before the PNG is made
    backend_inline.set_matplotlib_formats = lambda *formats, **settings: None
    backend_inline.InlineBackend.instance(parent=get_ipython()).figure_formats = set()
    backend_inline._fetch_figure_metadata = lambda figure: {}  # it works out every tick


def divide_limits(by: float):
    """Let every limit of an exercise end so many times sooner, from now on."""
    from netlib.show.within import TimeLimit

    def divided(self, seconds: float):
        INIT(self, seconds / by)

    INIT = TimeLimit.__init__
    TimeLimit.__init__ = divided


def allow_files(most: int):
    """Live from now on with a hard limit of so many files, as some systems set one."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def be_a_plain_machine():
    """Be from now on a machine at level L1: no gauge, TCP_INFO, raw sockets, namespaces or IPv6.

    What Linux tells in /proc of TCP's states comes from psutil, as on macOS and Windows.
    """
    import errno
    import socket
    from pathlib import Path

    from netlib.kernel import capabilities, gauge, namespace, states, tcp_info, tcp_queues

    def refuse(number: int):
        raise OSError(number, os.strerror(number))

    def open_socket(self, family=-1, *rest, _open=socket.socket.__init__, **named):
        raw = family == getattr(socket, "AF_PACKET", None)
        refuse(errno.EPERM) if raw else _open(self, family, *rest, **named)

    def bind(self, address, _bind=socket.socket.bind):
        ipv6 = isinstance(address, tuple) and ":" in str(address[0])
        refuse(errno.EADDRNOTAVAIL) if ipv6 else _bind(self, address)

    def state(sock) -> str:
        rows = states._by_psutil()
        return next((row.state for row, number in rows if number == sock.fileno()), "unknown")

    socket.socket.__init__, socket.socket.bind = open_socket, bind
    gauge.gauge = capabilities.gauge = lambda endpoint: None
    tcp_info.tcp_info = capabilities.tcp_info = lambda sock: None
    tcp_queues.tcp_queues = lambda endpoint: None
    if hasattr(socket, "TCP_INFO"):
        del socket.TCP_INFO
    states.TABLE, states.state = Path("/nowhere"), state
    namespace.alone = capabilities.alone = lambda *_: refuse(errno.EPERM)


async def run_cells(sources: list[str]):
    """Run cells one after the other as ipykernel does, until one of them raises."""
    from IPython import get_ipython

    shell = get_ipython()
    for source in sources:
        code = shell.transform_cell(source)
        result = await shell.run_cell_async(source, store_history=True, transformed_cell=code)
        shell.events.trigger("post_execute")
        shell.events.trigger("post_run_cell", result)
        if not result.success:  # the traceback is out already
            raise RuntimeError(f"this cell has failed: {source}")
        await asyncio.sleep(0)  # between cells, too, others have their turn in the event loop
