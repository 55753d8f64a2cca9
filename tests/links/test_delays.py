"""Distributions of the delay: their moments, their shapes, and ping's output as one of them."""

from itertools import islice
from statistics import NormalDist

import numpy as np
import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st

from netlib.links.coin import Coin
from netlib.links.delays import Constant, Empirical, Normal, Pareto, Uniform, delay_model

N = 50_000
Z = NormalDist().inv_cdf(0.9995)  # a 99.9 % interval

LINUX = """PING example.org (192.0.2.1) 56(84) bytes of data.
64 bytes from 192.0.2.1: icmp_seq=1 ttl=57 time=12.4 ms
64 bytes from 192.0.2.1: icmp_seq=2 ttl=57 time=10.0 ms
64 bytes from 192.0.2.1: icmp_seq=2 ttl=57 time=10.9 ms (DUP!)
64 bytes from 192.0.2.1: icmp_seq=4 ttl=57 time=1023 ms

--- example.org ping statistics ---
4 packets transmitted, 3 received, +1 duplicates, 25% packet loss, time 3004ms
rtt min/avg/max/mdev = 10.000/348.466/1023.000/477.0 ms
"""
MACOS = """PING example.org (192.0.2.1): 56 data bytes
64 bytes from 192.0.2.1: icmp_seq=0 ttl=57 time=12.345 ms
Request timeout for icmp_seq 1
64 bytes from 192.0.2.1: icmp_seq=2 ttl=57 time=0.250 ms

--- example.org ping statistics ---
3 packets transmitted, 2 packets received, 33.3% packet loss
round-trip min/avg/max/stddev = 0.250/6.297/12.345/6.047 ms
"""
WINDOWS = """Pinging example.org [192.0.2.1] with 32 bytes of data:
Reply from 192.0.2.1: bytes=32 time=14ms TTL=57
Reply from 192.0.2.1: bytes=32 time<1ms TTL=57
Request timed out.

Ping statistics for 192.0.2.1:
    Packets: Sent = 3, Received = 2, Lost = 1 (33% loss),
Approximate round trip times in milli-seconds:
    Minimum = 0ms, Maximum = 14ms, Average = 7ms
"""
GERMAN = "Antwort von 192.0.2.1: Bytes=32 Zeit=14ms TTL=57\n    Minimum = 14ms, Maximum = 14ms"

RUSSIAN = """Обмен пакетами с 192.0.2.1 по с 32 байтами данных:
Ответ от 192.0.2.1: число байт=32 время=14мс TTL=57
Ответ от 192.0.2.1: число байт=32 время<1мс TTL=57

Приблизительное время приема-передачи в мс:
    Минимум = 0мсек, Максимум = 14 мсек, Среднее = 7 мсек
"""
SPANISH = """Respuesta desde 192.0.2.1: bytes=32 tiempo=14ms TTL=57
Respuesta desde 192.0.2.1: bytes=32 tiempo<1m TTL=57
    Mínimo = 0ms, Máximo = 14ms, Media = 7ms
"""
CZECH = "Odpověď od 192.0.2.1: bajty=32 čas=14ms TTL=57\nOdpověď: bajty=32 čas < 1ms TTL=57"


def sample(model, seed=1, correlation=0.0):
    uniforms = islice(Coin(seed).uniforms(0, correlation), N)
    return np.fromiter(map(model.quantile, uniforms), float, N)


def deviation(model):
    """The standard deviation: the jitter, unless that is half of a width."""
    return model.jitter / 3**0.5 if isinstance(model, Uniform) else model.jitter


@pytest.mark.parametrize(
    "model, name, parameters",
    [
        (Uniform(0.030, 0.010), "uniform", (0.020, 0.020)),
        (Normal(0.100, 0.010), "norm", (0.100, 0.010)),
        (Pareto(0.050, 0.010), "pareto", ()),
        (Pareto(0.050, 0.010, shape=5), "pareto", ()),
    ],
)
def test_a_sample_has_the_moments_and_the_law_asked_for(model, name, parameters):
    law = getattr(scipy.stats, name)  # looked up here: its import takes a second
    if name == "pareto":  # x ** -shape, shifted and scaled to the mean and the standard deviation
        a = model.shape
        scale = 0.010 / law(a).std()
        parameters = a, 0.050 - scale * a / (a - 1), scale
    law, delays = law(*parameters), sample(model)
    assert law.mean() == pytest.approx(model.mean)
    assert law.std() == pytest.approx(deviation(model))
    assert abs(delays.mean() - model.mean) < Z * deviation(model) / np.sqrt(N)
    assert scipy.stats.kstest(delays, law.cdf).pvalue > 0.001


@pytest.mark.parametrize("model", [Uniform(0.03, 0.01), Normal(0.1, 0.01)])
def test_a_sample_has_the_spread_asked_for(model):
    delays = sample(model)
    spread = deviation(model) * np.sqrt((scipy.stats.kurtosis(delays, fisher=False) - 1) / 4 / N)
    assert abs(delays.std() - deviation(model)) < Z * spread


def test_correlation_keeps_the_law_and_shows_in_the_series():
    delays = sample(Normal(0.1, 0.01), correlation=0.6)
    assert abs(delays.mean() - 0.1) < Z * 0.01 / np.sqrt(N * 0.4 / 1.6)
    for lag in (1, 2, 4):
        measured = np.corrcoef(delays[:-lag], delays[lag:])[0, 1]
        assert abs(measured - 0.6**lag) < 4 / np.sqrt(N * 0.4 / 1.6)


MODELS = st.sampled_from([Uniform, Normal, Pareto]).flatmap(
    lambda kind: st.builds(kind, st.floats(0, 1), st.floats(0, 1))
)


@given(MODELS, st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True))
def test_a_quantile_is_a_delay_that_grows_with_u(model, u, v):
    low, high = model.quantile(min(u, v)), model.quantile(max(u, v))
    assert 0 <= low <= high < float("inf")


def test_measured_delays_come_back_as_they_were():
    samples = tuple(scipy.stats.gamma(3, scale=0.004).rvs(2000, random_state=1))
    model = Empirical(samples)
    assert scipy.stats.ks_2samp(sample(model), samples).pvalue > 0.001
    assert model.quantile(0) == min(samples)
    assert model.quantile(1 - 2**-53) == pytest.approx(max(samples))
    assert abs(sample(model).mean() - model.mean) < Z * np.std(samples) / np.sqrt(N)


def test_one_measurement_is_a_constant():
    assert {Empirical((0.02,)).quantile(u) for u in (0.0, 0.3, 0.99)} == {0.02}
    assert Empirical((0.02,)).mean == 0.02


@pytest.mark.parametrize(
    "text, milliseconds",
    [
        (LINUX, (6.2, 5.0, 511.5)),
        (MACOS, (6.1725, 0.125)),
        (WINDOWS, (7.0, 0.25)),
        (GERMAN, (7.0,)),
        (RUSSIAN, (7.0, 0.25)),
        (SPANISH, (7.0, 0.25)),
        (CZECH, (7.0, 0.25)),
        (MACOS.replace(" ms", "\N{NO-BREAK SPACE}ms"), (6.1725, 0.125)),
        (MACOS.replace(" ms", "\N{NARROW NO-BREAK SPACE}ms"), (6.1725, 0.125)),
        (LINUX.replace("\n", "\r\n").replace("12.4", "12,4"), (6.2, 5.0, 511.5)),
    ],
)
def test_ping_is_read_on_every_system_and_halved(text, milliseconds):
    assert Empirical.from_ping(text).samples == pytest.approx([t / 1000 for t in milliseconds])


@pytest.mark.parametrize("text", ["", "ping: unknown host", MACOS.split("\n", 2)[0], "x" * 9999])
def test_a_text_without_times_is_refused(text):
    with pytest.raises(ValueError, match=r"expected lines of ping such as 'time=12.3 ms', got"):
        Empirical.from_ping(text)


def test_a_reply_whose_time_cannot_be_read_is_named_and_not_left_out():
    with pytest.raises(ValueError, match=r"such as 'time=12.3 ms', got 'Reply from .* time=soon"):
        Empirical.from_ping(WINDOWS.replace("time<1ms", "time=soon"))


def test_short_forms_become_models():
    assert delay_model(0.02) == Constant(0.02)
    assert delay_model(0.02, 0.01) == Uniform(0.02, 0.01)
    assert delay_model(np.float64(0.02)).mean.__class__ is float


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: delay_model(-1), "delay must be a number of seconds, 0 or more, got -1"),
        (lambda: delay_model(float("nan")), "got nan"),
        (lambda: delay_model(float("inf")), "got inf"),
        (lambda: delay_model(0.1, -0.1), "jitter must be"),
        (lambda: delay_model(Normal(0.1, 0.1), 0.1), "jitter must be 0 beside Normal"),
        (lambda: Normal(0.1, 0.1, 1), "correlation must be in"),
        (lambda: Pareto(0.1, 0.1, shape=2), "shape must be above 2"),
        (lambda: Empirical(()), "at least one delay"),
        (lambda: Empirical((0.1, -0.1)), "a sample must be"),
    ],
)
def test_a_wrong_value_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
