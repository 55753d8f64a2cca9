"""Numbers from an experiment (stats), and the numbers they must match (theory)."""
