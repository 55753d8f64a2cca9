"""All parameters of a Link: one value, immutable and picklable, to compare, print and change."""

from dataclasses import dataclass, fields, replace

from netlib import checks
from netlib.links.codel import CoDel
from netlib.links.delays import NO_DELAY, Constant, DelayModel, Uniform, delay_model
from netlib.links.loss import NEVER, Independent, LossModel, These, loss_model

PATTERNS = ("loss", "duplicate", "reorder", "corrupt")


@dataclass(frozen=True)
class Settings:
    """The parameters of a Link, which explains them; each model has checked its own numbers.

    Raises TypeError, ValueError.
    """

    delay: DelayModel = NO_DELAY
    loss: LossModel = NEVER
    duplicate: LossModel = NEVER
    reorder: LossModel = NEVER
    rate: float | None = None
    queue: int | CoDel | None = None
    queue_bytes: int | None = None
    overhead: int = 0
    keep_order: bool = False
    seed: int = 0
    corrupt: LossModel = NEVER

    def __post_init__(self):
        if self.queue is not None and self.queue_bytes is not None:
            got = f"{self.queue!r} and {self.queue_bytes!r}"
            raise ValueError(f"expected queue or queue_bytes, got both: {got}")
        checks.bit_rate(self.rate)
        if not isinstance(self.queue, CoDel):
            checks.whole_or_none("queue", self.queue, " of datagrams")
        checks.whole_or_none("queue_bytes", self.queue_bytes, " of bytes")
        checks.whole("overhead", self.overhead, " of bytes")
        checks.whole("seed", self.seed)

    def changed(self, **changes) -> "Settings":
        """Return these settings with some of them changed, `jitter` among the names.

        A new delay keeps the jitter if that was given as a number, and a new jitter the delay.
        """
        names = [field.name for field in fields(self)]
        if unknown := changes.keys() - {*names, "jitter"}:
            expected = f"it has {', '.join(names)}, jitter"
            raise TypeError(f"a link has no {min(unknown)!r}; {expected}")
        for name in changes.keys() & set(PATTERNS):
            changes[name] = loss_model(name, changes[name])
        delay, jitter = _parts(self.delay)
        delay, jitter = changes.pop("delay", delay), changes.pop("jitter", jitter)
        if hasattr(delay, "quantile") and delay is not self.delay:
            jitter = 0.0  # the new distribution brings its own
        return replace(self, delay=delay_model(delay, jitter), **changes)

    def differences(self) -> str:
        """Return what differs from the defaults, as one would write it: "loss=..., seed=3"."""
        values = [(field, getattr(self, field.name)) for field in fields(self)]
        return ", ".join(f"{f.name}={value!r}" for f, value in values if value != f.default)

    @property
    def random_parts(self) -> set[str]:
        """The names of what the coin decides, as opposed to what is fixed."""
        return {name for name in ("delay", *PATTERNS) if not _fixed(getattr(self, name))}


def _fixed(model: DelayModel | LossModel) -> bool:
    return isinstance(model, Constant | These) or model in (NEVER, Independent(1.0))


def _parts(model: DelayModel) -> tuple[DelayModel | float, float]:
    if isinstance(model, Constant):
        return model.mean, 0.0
    if isinstance(model, Uniform) and not model.correlation:
        return model.mean, model.jitter
    return model, 0.0
