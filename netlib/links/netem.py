"""A link in the words of netem, the network emulator of Linux (man 8 tc-netem).

The words mean what they mean there, with these differences, each for the sake of a clear lesson:

- a correlation leaves the rate or the distribution as asked. netem's formula does not: its
  "loss 1% 25%" loses a few datagrams in a million (the manual calls it deprecated).
- `limit` counts the datagrams that wait for the `rate`; netem's counts those on their way too.
- a `reorder`ed datagram skips the delay, not the rate; with a `rate`, jitter can still overtake.
- a datagram that is both lost and duplicated is lost; netem delivers one of the two.
- `distribution pareto` has the standard deviation asked for and an endless tail; netem's table is
  15 % wider and ends at 4 jitters.
- every number carries its unit (tc takes a bare one as microseconds, or as percent), and `mbps` is
  refused: to tc it is megabytes per second.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from difflib import get_close_matches
from math import inf

from netlib.links.delays import Constant, DelayModel, Normal, Pareto, Uniform
from netlib.links.loss import AtLeastApart, GilbertElliott, Independent, LossModel
from netlib.links.settings import Settings

TIME = {"us": -6, "ms": -3, "s": 0}  # powers of ten of a second
LONG = {"usec": "us", "usecs": "us", "msec": "ms", "msecs": "ms", "sec": "s", "secs": "s"}
RATE = {"bit": 0, "kbit": 3, "mbit": 6, "gbit": 9}  # of bits per second
NUMBER = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(.*)")
DISTRIBUTIONS = {"uniform": Uniform, "normal": Normal, "pareto": Pareto}


def parse(text: str) -> Settings:
    """Return the settings that these words describe; all of a tc command will do as well.

    Raises ValueError, which names the word that is wrong and lists what is known in its place.
    """
    words = _Words(text.lower().split("netem", 1)[-1].split())
    found: dict[str, object] = {}
    while word := words.take():
        if word not in CLAUSES:
            raise ValueError(_unknown("word", word, CLAUSES))
        told = CLAUSES[word](words)
        if again := found.keys() & told.keys():
            raise ValueError(f"{again.pop()!r} is there twice in {text!r}")
        found |= told
    return Settings(**found)


def words(settings: Settings) -> str:
    """Return the settings in netem's words; `parse` makes the same settings of them.

    Raises ValueError for what netem has no words for.
    """
    if lacking := unsayable(settings):
        raise ValueError(f"netem has no words for {', '.join(lacking)}")
    clauses = [
        _delay_words(settings.delay),
        _loss_words(settings.loss),
        _picks_words("duplicate", settings.duplicate),
        _picks_words("reorder", settings.reorder),
        _rate_words(settings),
        "" if settings.queue is None else f"limit {settings.queue}",
        f"seed {settings.seed}" if settings.seed else "",
    ]
    return " ".join(filter(None, clauses))


def unsayable(settings: Settings) -> list[str]:
    """Return what these settings ask for that netem has no words for."""
    lacking = []
    if not isinstance(settings.delay, Constant | Uniform | Normal | Pareto):
        lacking.append(f"delay={settings.delay!r}")
    elif isinstance(settings.delay, Pareto) and settings.delay.shape != 3:
        lacking.append("a Pareto shape other than 3")
    allowed = {"loss": GilbertElliott, "duplicate": Independent, "reorder": AtLeastApart}
    for name, model in allowed.items():
        if not isinstance(given := getattr(settings, name), Independent | model):
            lacking.append(f"{name}={given!r}")
    if settings.overhead and not settings.rate:
        lacking.append("an overhead without a rate")
    lacking += ["queue_bytes"] if settings.queue_bytes is not None else []
    return lacking + (["keep_order"] if settings.keep_order else [])


def tc_command(settings: Settings, device: str) -> str:
    """Return the command that makes the interface `device` behave alike (it needs root).

    Without the seed: netem's coin is another. Raises ValueError for what netem cannot do.
    """
    if settings.reorder != Independent(0.0) and settings.delay == Constant(0.0):
        raise ValueError("tc refuses reorder without a delay: there is nothing to be ahead of")
    netem = words(settings.changed(seed=0))
    return f"tc qdisc add dev {device} root netem {netem}".rstrip()


class _Words:
    """The words yet to be read, and what was expected where one does not fit."""

    def __init__(self, words: list[str]):
        self._words = words[::-1]

    def take(self) -> str:
        return self._words.pop() if self._words else ""

    def maybe(self, name: str) -> bool:
        """Take the next word if it is this one."""
        found = self._words[-1:] == [name]
        return bool(found and self.take())

    def has_number(self) -> bool:
        return bool(self._words) and not self._words[-1][0].isalpha()

    def time(self) -> float:
        return self._quantity(TIME, "a time such as 24ms (s, ms, us)")

    def percent(self) -> float:
        return self._quantity({"%": -2}, "a percentage from 0% to 100%", most=1.0)

    def rate(self) -> float:
        return self._quantity(RATE, "a rate such as 1mbit (bit, kbit, mbit, gbit)")

    def whole(self) -> int:
        if not (word := self.take()).isdecimal():
            raise ValueError(f"expected a whole number, got {_quoted(word)}")
        return int(word)

    def _quantity(self, units: dict[str, int], expected: str, most: float = inf) -> float:
        word = self.take()
        match = NUMBER.fullmatch(word)
        unit = LONG.get(match[2], match[2]) if match else None
        # joined as text, so that 0.1% is exactly the float 0.001
        value = float(f"{match[1]}e{units[unit]}") if unit in units else inf
        if value > most or unit not in units:
            hint = "; to tc that is bytes per second" if word.endswith("bps") else ""
            raise ValueError(f"expected {expected}, got {_quoted(word)}{hint}")
        return value


def _read_delay(words: _Words) -> dict:
    mean = words.time()
    if not words.has_number():
        if words.maybe("distribution"):
            raise ValueError("expected a jitter before 'distribution', as in 'delay 24ms 10ms'")
        return {"delay": Constant(mean)}
    jitter, correlation = words.time(), words.percent() if words.has_number() else 0.0
    name = words.take() if words.maybe("distribution") else "uniform"
    if not name:
        raise ValueError(f"expected the name of a distribution: {', '.join(DISTRIBUTIONS)}")
    if name not in DISTRIBUTIONS:
        raise ValueError(_unknown("distribution", name, DISTRIBUTIONS))
    return {"delay": DISTRIBUTIONS[name](mean, jitter, correlation)}


def _read_loss(words: _Words) -> dict:
    if words.maybe("gemodel"):
        return {"loss": _read_bursts(words)}
    if not (words.maybe("random") or words.has_number()):
        expected = "expected random, gemodel or a percentage after 'loss'"
        raise ValueError(f"{expected}, got {_quoted(words.take())}")
    return {"loss": _read_picks(words)}


def _read_bursts(words: _Words) -> GilbertElliott:
    p = words.percent()
    r = words.percent() if words.has_number() else 1 - p
    bad = words.percent() if words.has_number() else 1.0
    return GilbertElliott(p, r, words.percent() if words.has_number() else 0.0, bad)


def _read_picks(words: _Words) -> Independent:
    return Independent(words.percent(), words.percent() if words.has_number() else 0.0)


def _read_reorder(words: _Words) -> dict:
    picks = _read_picks(words)
    if words.maybe("gap"):
        picks = AtLeastApart(picks.p, words.whole(), picks.correlation)
    return {"reorder": picks}


def _read_rate(words: _Words) -> dict:
    rate = words.rate()
    return {"rate": rate, "overhead": words.whole()} if words.has_number() else {"rate": rate}


CLAUSES: dict[str, Callable[[_Words], dict]] = {
    "delay": _read_delay,
    "loss": _read_loss,
    "duplicate": lambda words: {"duplicate": _read_picks(words)},
    "reorder": _read_reorder,
    "rate": _read_rate,
    "limit": lambda words: {"queue": words.whole()},
    "seed": lambda words: {"seed": words.whole()},
}


def _quoted(word: str) -> str:
    return repr(word) if word else "nothing more"


def _unknown(kind: str, word: str, known) -> str:
    close = get_close_matches(word, known, 1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"unknown {kind} {word!r}; known: {', '.join(known)}{hint}"


def _delay_words(model: DelayModel) -> str:
    if model == Constant(0.0):
        return ""
    if isinstance(model, Constant):
        return f"delay {_scaled(model.mean, TIME)}"
    text = f"delay {_scaled(model.mean, TIME)} {_scaled(model.jitter, TIME)}"
    text += f" {_percent(model.correlation)}" if model.correlation else ""
    named = {kind: name for name, kind in DISTRIBUTIONS.items()}[type(model)]
    return text if named == "uniform" else f"{text} distribution {named}"


def _loss_words(model: LossModel) -> str:
    if isinstance(model, Independent):
        return _picks_words("loss", model)
    chances = [_percent(chance) for chance in (model.p, model.r, model.loss_bad, model.loss_good)]
    shown = 4 if model.loss_good else 3 if model.loss_bad != 1 else 2
    return " ".join(["loss gemodel", *chances[:shown]])


def _picks_words(name: str, model: Independent | AtLeastApart) -> str:
    if model == Independent(0.0):
        return ""
    text = f"{name} {_percent(model.p)}"
    text += f" {_percent(model.correlation)}" if model.correlation else ""
    return f"{text} gap {model.gap}" if isinstance(model, AtLeastApart) else text


def _rate_words(settings: Settings) -> str:
    if settings.rate is None:
        return ""
    overhead = f" {settings.overhead}" if settings.overhead else ""
    return f"rate {_scaled(settings.rate, RATE)}{overhead}"


def _percent(chance: float) -> str:
    return _scaled(chance, {"%": -2})


def _scaled(value: float, units: dict[str, int]) -> str:
    """Return a number with the largest of these units that leaves it at 1 or more."""
    exact = Decimal(repr(value))
    ranked = sorted(units.items(), key=lambda unit: -unit[1])
    name, power = next((u for u in ranked if exact.scaleb(-u[1]) >= 1), ranked[-1])
    number = f"{exact.scaleb(-power):f}"
    return (number.rstrip("0").rstrip(".") if "." in number else number) + name
