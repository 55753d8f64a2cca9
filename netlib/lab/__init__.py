"""Servers and peers of a few lines, for experiments on plain sockets."""
