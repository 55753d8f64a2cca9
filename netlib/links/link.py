"""The bad network as one object: a size and a time go in, arrival times come out."""

from collections.abc import Iterator
from functools import partial
from itertools import repeat
from operator import attrgetter

from netlib.links import netem
from netlib.links.bottleneck import OVERFLOW, Bottleneck
from netlib.links.codel import CoDel
from netlib.links.coin import Coin
from netlib.links.delays import Constant, DelayModel, delay_model
from netlib.links.loss import NEVER, Pattern, loss_model
from netlib.links.settings import PATTERNS, Settings

COIN = "coin"  # why a datagram was lost, if the bottleneck did not drop it


class Link:
    """One direction of a network path, with everything that can go wrong on it.

    A datagram that enters may be lost by the coin (`loss`); if not, it may become two
    (`duplicate`), and one bit of it may be flipped (`corrupt`); it waits for its turn at the
    bottleneck (`rate`, `queue`), or is lost there if the queue is full; then it travels (`delay`,
    `jitter`), unless it is one of those that skip this (`reorder`) and so overtake the datagrams
    before them. So what the coin loses uses no time of the bottleneck, as in netem; a model of
    errors in ns-3 loses it behind the wire, and the bottleneck has sent it.

    delay, jitter [s]: anything from delay - jitter to delay + jitter, or as `delay` a distribution
    from netlib.links.delays. loss, duplicate, reorder, corrupt: a probability, a set of datagram
    numbers (the first is 0), or a model from netlib.links.loss. rate [bits/s], None: no limit.
    queue: how many datagrams may wait beside the one being sent; None: any number; a CoDel: that
    discipline instead of drop-tail (RFC 8289). queue_bytes: instead, how many bytes there may be
    that are not yet sent, with what is left of the datagram being sent (a queue of ns-3 in bytes is
    without it, and so is tbf's `limit`). overhead: bytes of headers, counted by rate and
    queue_bytes on top of the size given. keep_order: jitter lets no datagram overtake another (as
    netem lets it); a late one holds up those behind it.

    What the coin decides for the n-th datagram is a function of `seed` and n alone, in every world:
    changing the loss leaves the delays as they were. A link carries one run; `copy()` gives a
    fresh one. Two flows share a bottleneck by sharing one Link.
    """

    def __init__(
        self,
        delay: float | DelayModel = 0.0,
        jitter: float = 0.0,
        loss: Pattern = 0.0,
        duplicate: Pattern = 0.0,
        reorder: Pattern = 0.0,
        rate: float | None = None,
        queue: int | CoDel | None = None,
        seed: int = 0,
        *,
        queue_bytes: int | None = None,
        overhead: int = 0,
        keep_order: bool = False,
        corrupt: Pattern = 0.0,
    ):
        self.carried = self.duplicated = self.reordered = 0
        self.lost = self.overflowed = self.managed = 0  # by the coin, for want of room, by CoDel
        self.why_lost = ""  # the last one that was: COIN, OVERFLOW or CODEL
        self.corrupts = False  # whether it does that to the one just carried, and to its copy
        self._now = self._latest = 0.0
        self._bottleneck = Bottleneck()
        path = delay_model(delay, jitter)
        patterns = loss, duplicate, reorder, corrupt
        losses, copies, jumps, flips = map(loss_model, PATTERNS, patterns)
        bounds = rate, queue, queue_bytes, overhead
        self._set(Settings(path, losses, copies, jumps, *bounds, keep_order, seed, flips))

    @classmethod
    def parse(cls, text: str, seed: int | None = None) -> "Link":
        """Return the link that netem's words describe: "delay 24ms 10ms loss 1% rate 1mbit".

        `seed`, if given, wins over the word. Raises ValueError, which names the wrong word.
        """
        link = cls(**vars(netem.parse(text)))
        return link if seed is None else link.copy(seed=seed)

    delay = property(attrgetter("settings.delay"), doc="The distribution of the one-way delay.")
    loss = property(attrgetter("settings.loss"), doc="The model of loss by the coin.")
    duplicate = property(attrgetter("settings.duplicate"), doc="Which datagrams become two.")
    reorder = property(attrgetter("settings.reorder"), doc="Which datagrams skip the delay.")
    corrupt = property(attrgetter("settings.corrupt"), doc="Which datagrams have a bit flipped.")
    rate = property(attrgetter("settings.rate"), doc="Bits per second, or None: no limit.")
    queue = property(attrgetter("settings.queue"), doc="Datagrams that may wait, None, or a CoDel.")
    seed = property(attrgetter("settings.seed"), doc="What the coin's numbers are made of.")

    def carry(self, size: int, now: float) -> list[float]:
        """Take a datagram of `size` bytes at `now` [s]; return when it arrives, once or twice.

        [] means that it is lost; `why_lost` says how. Of a duplicate, the time of the original
        comes first. Raises ValueError if time goes back.
        """
        if not now >= self._now or size < 0:
            raise self._refusal(size, now)
        self._now = now
        self.carried += 1
        lost, duplicate, ahead, delay = next(self._fates)
        if self._flips:
            self.corrupts = next(self._flips)
        if lost:
            self.lost += 1
            self.why_lost = COIN
            return []
        if self._plain and not (duplicate or ahead):  # what _pass would say, in half of the time
            return [now + delay]
        arrivals = self._pass(size, now, delay, ahead)
        if duplicate:
            self.duplicated += 1
            u = Coin(self.seed).stream("copy").at(self.carried - 1)
            arrivals += self._pass(size, now, self.delay.quantile(u))
        return arrivals

    def arriving(self, payload: bytes) -> bytes:
        """Return the payload of the datagram just carried as it arrives: a bit may be flipped.

        Which bit is a draw of its own; a payload of no bytes has none.
        """
        if not (self.corrupts and payload):
            return payload
        bit = int(Coin(self.seed).stream("bit").at(self.carried - 1) * 8 * len(payload))
        damaged = bytearray(payload)
        damaged[bit // 8] ^= 1 << bit % 8
        return bytes(damaged)

    def fates(self, start: int = 0) -> Iterator[tuple[bool, bool, bool, float]]:
        """Return what the coin decides for each datagram from number `start` on, for ever.

        Each is (lost, duplicate, sent ahead, delay [s]): one draw of each kind, whether used or
        not, so that the four never disturb each other.
        """
        coin = Coin(self.seed)
        return zip(
            self.loss.fates(coin.stream("loss"), start),
            self.duplicate.fates(coin.stream("duplicate"), start),
            self.reorder.fates(coin.stream("reorder"), start),
            self._delays(coin.stream("delay"), start),
            strict=True,
        )

    def waiting(self, now: float) -> int:
        """Return how many datagrams wait in the queue at `now` [s], beside the one being sent."""
        return self._bottleneck.waiting(now)

    def change(self, **changes):
        """Change parameters from the next datagram on; those in the queue or on their way go on.

        The coin does not begin again: datagram n meets the fate it would have met all along.
        """
        self._set(self.settings.changed(**changes))

    def copy(self, **changes) -> "Link":
        """Return a fresh link with these settings (some of them changed), at its datagram 0."""
        return Link(**vars(self.settings.changed(**changes)))

    def reverse(self) -> "Link":
        """Return a fresh link for the way back: the same settings, but an independent coin."""
        return self.copy(seed=Coin(self.seed).stream("reverse").seed)

    def tc_command(self, device: str = "eth0") -> str:
        """Return the tc command that asks Linux's netem for the same on a network device."""
        return netem.tc_command(self.settings, device)

    def _set(self, settings: Settings):
        self.settings = s = settings
        self._bottleneck.change(s.rate, s.queue, s.queue_bytes, s.overhead)
        self._keep_order = s.keep_order
        self._plain = s.rate is None and not s.keep_order
        self._fates = self.fates(self.carried)
        coin = Coin(s.seed).stream("corrupt")
        self._flips = None if s.corrupt == NEVER else s.corrupt.fates(coin, self.carried)
        self.corrupts = False

    def _delays(self, coin: Coin, start: int) -> Iterator[float]:
        model = self.settings.delay
        if isinstance(model, Constant):  # nothing to draw
            return repeat(float(model.mean))
        return map(model.quantile, coin.uniforms(start, model.correlation))

    def _pass(self, size: int, now: float, delay: float, ahead: bool = False) -> list[float]:
        leaves = self._bottleneck.admit(size, now)
        if leaves is None:
            self.why_lost = self._bottleneck.why_dropped
            if self.why_lost == OVERFLOW:
                self.overflowed += 1
            else:
                self.managed += 1
            return []
        if ahead:
            self.reordered += 1
            return [leaves]
        arrival = leaves + delay
        if self._keep_order:
            arrival = self._latest = max(arrival, self._latest)
        return [arrival]

    def _refusal(self, size: int, now: float) -> ValueError:
        if size < 0:
            return ValueError(f"size must be 0 bytes or more, got {size!r}")
        hint = "; for another run from the start, give it a link.copy()" if self.carried else ""
        return ValueError(f"expected a time of {self._now!r} s or later, got {now!r}{hint}")

    def __eq__(self, other: object) -> bool:
        return self.settings == other.settings if isinstance(other, Link) else NotImplemented

    def __reduce__(self):  # a copied or pickled link is a fresh one, as from copy()
        return partial(Link, **vars(self.settings)), ()

    def __str__(self) -> str:
        return repr(self) if netem.unsayable(self.settings) else netem.words(self.settings)

    def __repr__(self) -> str:
        if netem.unsayable(self.settings):
            return f"Link({self.settings.differences()})"
        text = netem.words(self.settings)
        return f"Link.parse({text!r})" if text else "Link()"
