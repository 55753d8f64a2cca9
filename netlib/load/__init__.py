"""A thousand clients at once, for a chat server: from Python, or python -m netlib.load."""

from netlib.load.load import Report, load
from netlib.load.visitors import visits
