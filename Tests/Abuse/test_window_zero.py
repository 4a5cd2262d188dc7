"""Answers that the client asks for and has no window for."""

from http2_frames import Code, Setting, Type
from siege import count

STREAMS = 50
FLOATS = 32 << 10  # 128 KiB there and back: within a stream's window


def test_window_zero(impatient):
    connections = count(2, 20)
    seen = impatient.limit_count("slow_reader")
    with impatient.attack("window of zero") as row:
        peers = [impatient.peer((Setting.INITIAL_WINDOW_SIZE, 0)) for _ in range(connections)]
        for peer in peers:
            for i in range(STREAMS):
                peer.send(*impatient.call(2 * i + 1, FLOATS))
        for peer in peers:
            while sum(frame.type == Type.RST_STREAM for frame in peer.frames) < STREAMS:
                assert peer.read(), peer.history()
            codes = {f.code for f in peer.frames if f.type == Type.RST_STREAM}
            assert codes == {Code.ENHANCE_YOUR_CALM}, codes
            # The connection itself did nothing wrong.
            peer.expect_alive()
            peer.close()
        row.sent = f"{connections * STREAMS} calls for {FLOATS >> 8} KiB"
        row.end = "RST_STREAM ENHANCE_YOUR_CALM"
    assert impatient.limit_count("slow_reader") == seen + connections * STREAMS
    before, peak, _ = row.resident
    # The gateway keeps what its own windows to the service let come, not all that was asked for.
    assert peak - before < 512, f"{peak:.0f} MiB"
