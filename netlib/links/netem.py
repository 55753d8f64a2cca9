"""A link in the words of netem, the network emulator of Linux (man 8 tc-netem).

The words mean what they mean there, with these differences, each for the sake of a clear lesson:

- a correlation leaves the rate or the distribution as asked. netem's formula does not: its
  "loss 1% 25%" loses a few datagrams in a million (the manual calls it deprecated).
- `limit` counts the datagrams that wait for the `rate`, and there is none unless it is given;
  netem's counts those on their way too, and is 1000.
- a `reorder`ed datagram skips the delay, not the rate; with a `rate`, jitter can still overtake.
- a datagram that is both lost and duplicated is lost; netem delivers one of the two.
- `corrupt` flips a bit of the payload, and the datagram still arrives: whoever carries it sends it
  anew, with a right checksum. netem's is below UDP, whose checksum nearly always throws it away.
- `distribution pareto` has the standard deviation asked for and an endless tail; netem's table is
  15 % wider and ends at 4 jitters.
- every number carries its unit (tc takes a bare one as microseconds, or as percent), and `mbps` is
  refused: to tc it is megabytes per second.
"""

import re
from collections import ChainMap
from collections.abc import Callable, Collection
from decimal import Decimal
from difflib import get_close_matches
from math import inf
from typing import Any

from netlib.links.codel import CoDel
from netlib.links.delays import Constant, Normal, Pareto, Uniform
from netlib.links.loss import NEVER, AtLeastApart, GilbertElliott, Independent
from netlib.links.settings import Settings

Quantity = tuple[str, dict[str, int], float]  # what it looks like, units as powers of ten, maximum
TIME: Quantity = ("a time such as 24ms (s, ms, us)", {"s": 0, "ms": -3, "us": -6}, inf)
PERCENT: Quantity = ("a percentage from 0% to 100%", {"%": -2}, 1.0)
BITS = {"gbit": 9, "mbit": 6, "kbit": 3, "bit": 0}
RATE: Quantity = ("a rate such as 1mbit (bit, kbit, mbit, gbit)", BITS, inf)
LONGEST = 274  # seconds: tc counts a time in 32 bits, by 64 ns
LONG = {"usec": "us", "usecs": "us", "msec": "ms", "msecs": "ms", "sec": "s", "secs": "s"}
NUMBER = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(.*)")
LACKING = ("slot", "ecn", "state", "paretonormal")  # what netem has, and a Link has not
ALIASES = {"latency": "delay", "drop": "loss"}  # tc takes these as well
DISTRIBUTION = ("distribution", "dist")
DISTRIBUTIONS: dict[str, Any] = {"uniform": Uniform, "normal": Normal, "pareto": Pareto}
SAYABLE: dict[str, Any] = {
    "delay": Constant | Uniform | Normal | Pareto,
    "loss": Independent | GilbertElliott,
    "duplicate": Independent,
    "corrupt": Independent,
    "reorder": Independent | AtLeastApart,
}


def parse(text: str) -> Settings:
    """Return the settings that these words describe; all of a tc command will do as well.

    Raises ValueError, which names the word that is wrong and lists what is known in its place.
    """
    words = _Words(text.lower().split("netem", 1)[-1].split()[::-1])
    clauses: dict[str, dict[str, Any]] = {}
    while word := words.take():
        name = ALIASES.get(word, word)
        if name not in CLAUSES:
            raise _unknown("word", name, CLAUSES)
        if name in clauses:
            raise ValueError(f"{name!r} is there twice in {text!r}")
        read, _ = CLAUSES[name]
        clauses[name] = read(words)
    return Settings(**ChainMap(*clauses.values()))


def words(settings: Settings) -> str:
    """Return the settings in netem's words; `parse` makes the same settings of them.

    Raises ValueError for what netem has no words for.
    """
    if lacking := unsayable(settings):
        raise ValueError(f"netem has no words for {', '.join(lacking)}")
    texts = {name: write(settings) for name, (_, write) in CLAUSES.items()}
    return " ".join(f"{name} {text}" for name, text in texts.items() if text)


def unsayable(settings: Settings) -> list[str]:
    """Return what these settings ask for that netem has no words for."""
    models = {name: getattr(settings, name) for name in SAYABLE}
    lacking = [f"{n}={model!r}" for n, model in models.items() if not isinstance(model, SAYABLE[n])]
    if isinstance(settings.delay, Pareto) and settings.delay.shape != 3:
        lacking.append("a Pareto shape other than 3")
    if settings.overhead and not settings.rate:
        lacking.append("an overhead without a rate")
    lacking += ["a CoDel queue"] if isinstance(settings.queue, CoDel) else []
    lacking += ["queue_bytes"] if settings.queue_bytes is not None else []
    return lacking + (["keep_order"] if settings.keep_order else [])


def tc_command(settings: Settings, device: str) -> str:
    """Return the command that makes the interface `device` behave alike (it needs root).

    Without the seed: netem's coin is another. Raises ValueError for what netem or tc cannot do.
    """
    netem = words(settings.changed(seed=0))
    _refuse_for_tc(settings.delay, settings)
    return f"tc qdisc add dev {device} root netem {netem}".rstrip()


def _refuse_for_tc(delay: Any, settings: Settings):
    """Raise ValueError for what netem has words for, but not tc (iproute2 6.1)."""
    times = delay.mean, getattr(delay, "jitter", 0.0)
    queue = settings.queue if isinstance(settings.queue, int) else 0
    counts = queue, settings.overhead, getattr(settings.reorder, "gap", 0)
    if settings.reorder != NEVER and delay.mean < 1e-6:
        raise ValueError("tc refuses reorder without a delay: there is nothing to be ahead of")
    if isinstance(delay, Normal | Pareto) and min(times) < 1e-6:  # tc counts times in us
        raise ValueError("tc refuses a distribution without a delay and a jitter")
    if isinstance(settings.reorder, AtLeastApart) and settings.reorder.p < 2**-32:
        raise ValueError("tc refuses a gap without a chance to reorder")
    if settings.rate and settings.rate < 8:
        raise ValueError("tc counts a rate in bytes per second: below 8bit it would be no limit")
    if max(times) > LONGEST:
        raise ValueError(f"tc refuses a time above {LONGEST} s, got {max(times)!r} s")
    if max(counts) >= 2**31:
        raise ValueError(f"tc refuses a number of 2^31 or more, got {max(counts)!r}")
    if settings.queue == 0:
        raise ValueError("tc has no bottleneck without a queue: limit 0 would drop every datagram")


class _Words(list):
    """The words yet to be read, the next one last."""

    def take(self) -> str:
        return self.pop() if self else ""

    def maybe(self, *names: str) -> bool:
        """Take the next word if it is one of these."""
        return bool(self) and self[-1] in names and bool(self.pop())

    def has_number(self) -> bool:
        return bool(self) and not self[-1][0].isalpha()

    def whole(self) -> int:
        if not (word := self.take()).isdecimal():
            raise _expected("a whole number", word)
        return int(word)

    def number(self, kind: Quantity, default: float | None = None) -> float:
        if default is not None and not self.has_number():
            return default
        expected, units, most = kind
        word = self.take()
        number, unit = match.groups() if (match := NUMBER.fullmatch(word)) else ("", "")
        power = units.get(LONG.get(unit, unit))
        # joined as text, so that 0.1% is exactly the float 0.001
        if power is None or (value := float(f"{number}e{power}")) > most:
            hint = "; to tc that is bytes per second" if word.endswith("bps") else ""
            raise _expected(expected, word, hint)
        return value


def _read_delay(words: _Words) -> dict:
    mean = words.number(TIME)
    if not words.has_number():
        if words.maybe(*DISTRIBUTION):
            raise ValueError("expected a jitter before 'distribution', as in 'delay 24ms 10ms'")
        return {"delay": Constant(mean)}
    jitter, correlation = words.number(TIME), words.number(PERCENT, 0.0)
    name = words.take() if words.maybe(*DISTRIBUTION) else "uniform"
    if not name:
        raise ValueError(f"expected the name of a distribution: {', '.join(DISTRIBUTIONS)}")
    if name not in DISTRIBUTIONS:
        raise _unknown("distribution", name, DISTRIBUTIONS)
    return {"delay": DISTRIBUTIONS[name](mean, jitter, correlation)}


def _write_delay(model: Any) -> str:
    if isinstance(model, Constant):
        return _scaled(model.mean, TIME) if model.mean else ""
    name = next(name for name, kind in DISTRIBUTIONS.items() if kind is type(model))
    text = f"{_scaled(model.mean, TIME)} {_scaled(model.jitter, TIME)}{_correlation(model)}"
    return text if name == "uniform" else f"{text} distribution {name}"


def _read_loss(words: _Words) -> dict:
    if words.maybe("gemodel"):
        p = words.number(PERCENT)
        r, bad, good = (words.number(PERCENT, default) for default in (1 - p, 1.0, 0.0))
        return {"loss": GilbertElliott(p, r, good, bad)}
    if not (words.maybe("random") or words.has_number()):
        raise _expected("random, gemodel or a percentage after 'loss'", words.take())
    return {"loss": _read_picks(words)}


def _read_picks(words: _Words) -> Independent:
    return Independent(words.number(PERCENT), words.number(PERCENT, 0.0))


def _read_reorder(words: _Words) -> dict:
    model = _read_picks(words)
    if not words.maybe("gap"):
        return {"reorder": model}
    return {"reorder": AtLeastApart(model.p, words.whole(), model.correlation)}


def _write_pattern(model: Any) -> str:
    if isinstance(model, GilbertElliott):
        chances = [model.p, model.r, model.loss_bad, model.loss_good]
        shown = 4 if model.loss_good else 3 if model.loss_bad != 1 else 2
        return " ".join(["gemodel", *(_scaled(chance, PERCENT) for chance in chances[:shown])])
    gap = f" gap {model.gap}" if isinstance(model, AtLeastApart) else ""
    return "" if model == NEVER else _scaled(model.p, PERCENT) + _correlation(model) + gap


def _read_rate(words: _Words) -> dict:
    rate = words.number(RATE)
    overhead = words.whole() if words.has_number() else 0
    if words.has_number():
        raise ValueError(f"netem has cells for the rate, a Link has not; got {words.take()!r}")
    return {"rate": rate, "overhead": overhead}


def _write_rate(settings: Settings) -> str:
    overhead = f" {settings.overhead}" if settings.overhead else ""
    return "" if settings.rate is None else _scaled(settings.rate, RATE) + overhead


# clause: (how its words become fields of Settings, how Settings become its words)
CLAUSES: dict[str, tuple[Callable[[_Words], dict], Callable[[Settings], str]]] = {
    "delay": (_read_delay, lambda s: _write_delay(s.delay)),
    "loss": (_read_loss, lambda s: _write_pattern(s.loss)),
    "duplicate": (lambda w: {"duplicate": _read_picks(w)}, lambda s: _write_pattern(s.duplicate)),
    "corrupt": (lambda w: {"corrupt": _read_picks(w)}, lambda s: _write_pattern(s.corrupt)),
    "reorder": (_read_reorder, lambda s: _write_pattern(s.reorder)),
    "rate": (_read_rate, _write_rate),
    "limit": (lambda w: {"queue": w.whole()}, lambda s: "" if s.queue is None else str(s.queue)),
    "seed": (lambda w: {"seed": w.whole()}, lambda s: str(s.seed or "")),
}


def _correlation(model: Any) -> str:
    return f" {_scaled(model.correlation, PERCENT)}" if model.correlation else ""


def _scaled(value: float, kind: Quantity) -> str:
    """Return a number with the first of these units that leaves it at 1 or more, or the last."""
    exact, units = Decimal(repr(float(value))), list(kind[1].items())
    name, power = next((u for u in units if exact.scaleb(-u[1]) >= 1), units[-1])
    number = f"{exact.scaleb(-power):f}"
    return (number.rstrip("0").rstrip(".") if "." in number else number) + name


def _expected(what: str, word: str, hint: str = "") -> ValueError:
    got = repr(word) if word else "nothing more"
    return ValueError(f"expected {what}, got {got}{hint or _lacking(word)}")


def _unknown(kind: str, word: str, known: Collection[str]) -> ValueError:
    close = get_close_matches(word, known, 1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    hint = "; it comes after reorder and its percentages" if word == "gap" else hint
    return ValueError(f"unknown {kind} {word!r}; known: {', '.join(known)}{_lacking(word) or hint}")


def _lacking(word: str) -> str:
    return "; netem has it, a Link has not" if word in LACKING else ""
