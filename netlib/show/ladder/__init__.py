"""Sequence diagrams: a trace of datagrams as arrows between lines on which time runs down."""

from netlib.show.ladder.ladder import Ladder
