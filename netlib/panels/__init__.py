"""Panels: live widgets that use real sockets, and close them when they are done."""

from netlib.panels.style import room
