"""What a machine that tells less shows instead: a recording, labelled as one."""

ORIGIN = "Linux 6.18, loopback, November 2026"


def or_recording(found, recording, origin: str = ORIGIN):
    """Return what was found, or, where the machine told nothing (None), a labelled recording.

    origin: the system and the date of the recording.
    """
    return f"{recording} (recorded on {origin})" if found is None else found
