"""Programs that others wrote find the network that was asked for: iperf3, dig, curl, tc."""

import json
import random
import subprocess
import sys
from contextlib import contextmanager
from itertools import islice
from statistics import median

import pytest
from commands import names, pages, relaying
from programs import HEADERS, in_a_network_of_its_own, program, through_tbf
from relays import SOON

from netlib.links.link import Link
from netlib.measure.stats import proportion_interval

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="they are tried on Linux")


def output(*line: str, patience: float = SOON) -> str:
    ended = subprocess.run(line, capture_output=True, text=True, timeout=patience)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@contextmanager
def iperf_server(iperf: str):
    """Run iperf3 for one test; yield where it listens."""
    for port in range(20_000 + random.randrange(9000), 30_000):
        line = [iperf, "-s", "-1", "--forceflush", "-B", "127.0.0.1", "-p", str(port)]
        with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as server:
            try:
                if any("listening" in text for text in server.stdout):
                    yield f"127.0.0.1:{port}"
                    return
            finally:
                server.kill()
    pytest.fail("found no free port")


def test_iperf3_measures_the_loss_that_was_asked_for():
    iperf, loss = program("iperf3"), 0.1
    words = f"delay 5ms loss {loss:.0%}"
    with (
        iperf_server(iperf) as server,
        relaying(server, "delay 5ms", "--tcp") as control,
        relaying(server, words, "--back", "", "--listen", str(control.address[1])) as relay,
    ):
        to = ["-c", "127.0.0.1", "-p", str(relay.address[1])]
        report = output(iperf, *to, "-u", "-b", "16M", "-l", "500", "-n", "600K", "-J")
    end = json.loads(report)["end"]["sum"]
    assert end["packets"] > 1000
    low, high = proportion_interval(end["lost_packets"], end["packets"], 0.999)
    assert low < loss < high


def test_dig_gets_the_answers_that_the_seed_lets_through():
    dig, count, link = program("dig"), 20, Link(loss=0.3, seed=6)
    with names() as server, relaying(server, str(link)) as relay:
        host, port = relay.address
        line = [dig, f"@{host}", "-p", str(port), "+short", "+tries=1", "+time=1", "+noedns", "x"]
        asking = [subprocess.Popen(line, stdout=subprocess.PIPE, text=True) for _ in range(count)]
        said = [process.communicate(timeout=2 * SOON)[0] for process in asking]
    there, back = (
        [lost for lost, *_ in islice(way.fates(), count)] for way in (link, link.reverse())
    )
    asked = count - sum(there)
    assert said.count("192.0.2.7\n") == asked - sum(back[:asked])


def test_curl_waits_twice_the_delay_for_the_first_byte(tmp_path):
    curl, delay = program("curl"), 0.05
    (tmp_path / "page").write_text("hello")
    line = [curl, "-s", "-o", "/dev/null", "-w", "%{time_connect} %{time_starttransfer}\n"]
    with pages(tmp_path) as server, relaying(server, "delay 50ms", "--tcp") as relay:
        page = "http://{}:{}/page".format(*relay.address)
        times = [output(*line, page).split() for _ in range(5)]
    waits = [float(first_byte) - float(connected) for connected, first_byte in times]
    assert min(waits) >= 2 * delay
    assert median(waits) < 2 * delay + 0.01


def test_tcs_token_bucket_loses_as_many_as_a_link_of_its_rate_and_queue():
    program("tc")
    rate, size, waiting, count = 4e6, 1000, 50, 1000
    limit = waiting * (size + HEADERS)
    sent = in_a_network_of_its_own(through_tbf, rate, limit, [size] * count, 0.001)
    link = Link(rate=rate, queue=waiting, overhead=HEADERS)
    through = sum(bool(link.carry(size, at)) for at, _ in sent)
    assert 0.4 < 1 - through / count < 0.5, "its bucket begins full: three more come through"
    assert sum(arrived for _, arrived in sent) == pytest.approx(through, abs=0.01 * count)
