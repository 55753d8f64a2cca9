"""What a link is told: one value that can be compared, printed, changed and sent to a process."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

from netlib import checks
from netlib.links.coin import Coin
from netlib.links.delays import Constant, DelayModel, Uniform, delay_model
from netlib.links.loss import Independent, LossModel, Replay, These, loss_model

Picks = float | Iterable[int] | LossModel  # a probability, a set of datagram numbers, a model


@dataclass(frozen=True)
class Settings:
    """The parameters of a Link (they are explained there), checked, short forms made models.

    Raises TypeError, ValueError.
    """

    delay: DelayModel = 0.0
    loss: LossModel = 0.0
    duplicate: LossModel = 0.0
    reorder: LossModel = 0.0
    rate: float | None = None
    queue: int | None = None
    queue_bytes: int | None = None
    overhead: int = 0
    keep_order: bool = False
    seed: int = 0

    def __post_init__(self):
        if self.queue is not None and self.queue_bytes is not None:
            got = f"{self.queue!r} and {self.queue_bytes!r}"
            raise ValueError(f"expected queue or queue_bytes, got both: {got}")
        for name in ("loss", "duplicate", "reorder"):
            checks.keep(self, **{name: loss_model(name, getattr(self, name))})
        checks.keep(
            self,
            delay=delay_model(self.delay),
            rate=checks.bit_rate(self.rate),
            queue=checks.whole_or_none("queue", self.queue, " of datagrams"),
            queue_bytes=checks.whole_or_none("queue_bytes", self.queue_bytes, " of bytes"),
            overhead=checks.whole("overhead", self.overhead, " of bytes"),
            seed=Coin(self.seed).seed,
        )

    def changed(self, **changes) -> "Settings":
        """Return these settings with some of them changed, `jitter` among the names.

        A new delay keeps the jitter if that was given as a number, and a new jitter the delay.
        """
        known = {field.name: getattr(self, field.name) for field in fields(self)}
        if unknown := changes.keys() - known.keys() - {"jitter"}:
            raise TypeError(
                f"a link has no {sorted(unknown)[0]!r}; it has {', '.join(known)}, jitter"
            )
        delay, jitter = _parts(self.delay)
        delay, jitter = changes.pop("delay", delay), changes.pop("jitter", jitter)
        if hasattr(delay, "quantile") and delay is not self.delay:
            jitter = 0.0  # the new distribution brings its own
        return Settings(**{**known, **changes, "delay": delay_model(delay, jitter)})

    def told(self) -> str:
        """Return what differs from the defaults, as one would write it: "loss=..., seed=3"."""
        given = [field.name for field in fields(self)]
        unlike = [name for name in given if getattr(self, name) != getattr(Settings(), name)]
        return ", ".join(f"{name}={getattr(self, name)!r}" for name in unlike)

    @property
    def tossed(self) -> set[str]:
        """The names of what the coin decides, as opposed to what is fixed."""
        kinds = ("delay", "loss", "duplicate", "reorder")
        return {kind for kind in kinds if not _fixed(getattr(self, kind))}


def _fixed(model: DelayModel | LossModel) -> bool:
    never_or_always = (Independent(0), Independent(1))
    return isinstance(model, Constant | These | Replay) or model in never_or_always


def _parts(model: DelayModel) -> tuple[DelayModel | float, float]:
    if isinstance(model, Constant):
        return model.mean, 0.0
    if isinstance(model, Uniform) and not model.correlation:
        return model.mean, model.jitter
    return model, 0.0
