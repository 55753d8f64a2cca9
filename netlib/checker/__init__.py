"""Try a learner's protocol in many small networks, and say in a sentence what is wrong with it."""

from netlib.checker.check import check
