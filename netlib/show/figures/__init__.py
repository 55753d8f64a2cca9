"""Figures that one notebook draws, a file for each topic."""
