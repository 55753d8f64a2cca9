"""Helpers for a course on network programming.

Import by room: `from netlib.sockets import UDPReceiver`.
"""

__version__ = "0.1.0"
