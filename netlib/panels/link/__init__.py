"""A link's knobs under a running stream, beside the same link in virtual time."""

from netlib.panels.link.panel import LinkPanel
