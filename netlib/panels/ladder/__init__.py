"""A conversation over real sockets, drawn while it runs; its datagrams can be clicked."""

from netlib.panels.ladder.panel import LadderPanel
