"""A TCP flow of 60 s in seconds of processor time: ours, and that of ns-3 (C++) in the same run.

10 Mbit/s, 20 ms, a queue of 50, segments of 1000 bytes, Reno; ours are whole IPv4 packets with
checksums, those of ns-3 have none. ns-3 runs where its wheel is installed (pip install ns3, Linux);
elsewhere a recorded time is shown, and called so. What headers and checksums cost is measured on as
many packets as the flow has: packed and parsed, and their checksums alone.

Run: python tests/benchmarks/tcp.py [rounds]
"""

import sys
from statistics import median
from time import process_time

from netlib.links import Link
from netlib.protocols import tcp
from netlib.protocols.tcp.segment import ACK, Segment
from netlib.worlds import simulate

SECONDS, GOODPUT = 60, 9.5768  # Mbit/s, of both
RECORDED = 1.36  # seconds: ns-3 3.44, one core of another machine, 25 November 2026


def ours() -> float:
    client = tcp.Connection.client(mss=1000, outbound=tcp.Zeros(), control=tcp.Reno(ssthresh=48))
    server = tcp.Connection.server(inbound=tcp.Drain(1 << 23))
    there = Link(0.02, rate=10e6, queue=50, overhead=2)
    back = Link(0.02, rate=10e6, overhead=2, seed=5)
    began = process_time()
    simulate(client, server, there, back, until=SECONDS, trace=False)
    took = process_time() - began
    assert abs(server.inbound.taken * 8 / SECONDS / 1e6 - GOODPUT) < 0.01 * GOODPUT
    return took


def ns3() -> float | None:
    """Return the processor time of the same flow in ns-3; None: it is not installed."""
    try:
        from ns import ns
    except ImportError:
        return None
    defaults = {
        "TcpL4Protocol::SocketType": ns.StringValue("ns3::TcpLinuxReno"),
        "TcpSocket::SegmentSize": ns.UintegerValue(1000),
        "TcpSocket::InitialCwnd": ns.UintegerValue(10),
        "TcpSocket::InitialSlowStartThreshold": ns.UintegerValue(48_000),
        "TcpSocket::DelAckCount": ns.UintegerValue(1),
        "TcpSocket::SndBufSize": ns.UintegerValue(8 << 20),
        "TcpSocket::RcvBufSize": ns.UintegerValue(8 << 20),
        "TcpSocketBase::Timestamp": ns.BooleanValue(False),
        "TcpSocketBase::Sack": ns.BooleanValue(True),
        "TcpL4Protocol::RecoveryType": ns.StringValue("ns3::TcpClassicRecovery"),
    }
    for name, value in defaults.items():
        ns.Config.SetDefault(f"ns3::{name}", value)
    nodes = ns.NodeContainer()
    nodes.Create(2)
    path = ns.PointToPointHelper()
    path.SetDeviceAttribute("DataRate", ns.StringValue("10Mbps"))
    path.SetChannelAttribute("Delay", ns.StringValue("20ms"))
    size = ns.QueueSizeValue(ns.QueueSize("50p"))
    path.SetQueue("ns3::DropTailQueue<Packet>", "MaxSize", size)
    devices = path.Install(nodes)
    ns.InternetStackHelper().Install(nodes)
    addresses = ns.Ipv4AddressHelper()
    addresses.SetBase(ns.Ipv4Address("10.0.0.0"), ns.Ipv4Mask("255.255.255.0"))
    interfaces = addresses.Assign(devices)
    ns.TrafficControlHelper().Uninstall(devices)  # else a FqCoDel stands above the device
    kind = "ns3::TcpSocketFactory"
    here = ns.InetSocketAddress(ns.Ipv4Address.GetAny(), 80).ConvertTo()
    sinks = ns.PacketSinkHelper(kind, here).Install(nodes.Get(1))
    there = ns.InetSocketAddress(interfaces.GetAddress(1), 80).ConvertTo()
    sources = ns.BulkSendHelper(kind, there).Install(nodes.Get(0))
    for applications in (sinks, sources):
        applications.Start(ns.Seconds(0))
    ns.Simulator.Stop(ns.Seconds(SECONDS))
    began = process_time()
    ns.Simulator.Run()
    took = process_time() - began
    arrived = sinks.Get(0).GetTotalRx() * 8 / SECONDS / 1e6
    ns.Simulator.Destroy()
    assert abs(arrived - GOODPUT) < 0.01 * GOODPUT, arrived
    return took


def headers() -> tuple[float, float]:
    """Return what packing and parsing all packets of the flow takes [s], and checksums alone."""
    data = Segment(50_000, 80, 1, 1, ACK, 65_535, payload=bytes(1000))
    ack = Segment(80, 50_000, 1, 1, ACK, 65_535)
    ends = "10.0.0.1", "10.0.0.2"
    many = round(GOODPUT * 1e6 * SECONDS / 8000)
    packets = [tcp.pack(each, *ends) for each in (data, ack)]
    began = process_time()
    for _ in range(many):
        for each in (data, ack):
            tcp.parse(tcp.pack(each, *ends))
    both = process_time() - began
    began = process_time()
    for _ in range(many):
        for packet in packets:  # once to pack it, once to check it
            int.from_bytes(packet, "big") % 65535
            int.from_bytes(packet, "big") % 65535
    return both, process_time() - began


def main(rounds: int = 3):
    mine = median(ours() for _ in range(rounds))
    other, name = ns3(), "ns-3"
    if other is None:
        other, name = RECORDED, "ns-3 (recorded elsewhere, not in this run)"
    both, sums = headers()
    print(
        f"a flow of {SECONDS} s: ours {mine:.2f} s, {name} {other:.2f} s: {mine / other:.2f} of it"
    )
    print(f"as many packets, packed and parsed one by one: {both:.2f} s; checksums {sums:.2f} s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
