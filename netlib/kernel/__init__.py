"""What the kernel tells of its sockets: gauges, TCP's state and estimates, captured packets."""
