"""What the tests of Child run in it: a module without imports that cost time."""

import os
import sys
import threading

from netlib import child


def double(request, answer):
    while True:
        answer(2 * request())


def describe(request, answer):
    answer((sys.path, sys.flags.isolated, sys.flags.no_site, sys.dont_write_bytecode))
    answer((child.__file__, os.getpid()))


def chatter(request, answer):
    print("x" * 100_000)  # noqa: T201
    answer("after all that")


def fail(request, answer):
    raise ValueError("broken on purpose")


def leave(request, answer):
    os._exit(7)


def wait(request, answer):
    answer(os.getpid())
    threading.Event().wait()


class Unreadable:
    """Something whose pickle cannot be read again."""

    def __reduce__(self):
        return explode, ()


def explode():
    raise RuntimeError("not to be read")
