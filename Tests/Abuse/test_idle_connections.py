"""Connections that are opened and then left alone."""

import asyncio

import http2_frames as h2
from http2_frames import Type
from installation import wait_until
from siege import MIB, count

AT_ONE_TIME = 50


def test_idle_connections(siege):
    connections = count(200, 10_000)
    open_before = siege.counted("martlet_gateway_connections")
    hello = h2.PREFACE + h2.settings()

    async def open_one(context, gate):
        async with gate:
            reader, writer = await asyncio.open_connection(
                *siege.address(), ssl=context, server_hostname="localhost",
                ssl_handshake_timeout=60)
            writer.write(hello)
            # Until our settings are acknowledged: then it is a connection like any other.
            while True:
                head = await reader.readexactly(9)
                await reader.readexactly(int.from_bytes(head[:3], "big"))
                if head[3] == Type.SETTINGS and not head[4] & h2.ACK:
                    writer.write(h2.settings(flags=h2.ACK))
                if head[3] == Type.SETTINGS and head[4] & h2.ACK:
                    return reader, writer

    async def ping(connection):
        reader, writer = connection
        writer.write(h2.ping(b"are you?"))
        while True:
            head = await reader.readexactly(9)
            payload = await reader.readexactly(int.from_bytes(head[:3], "big"))
            assert head[3] != Type.GOAWAY
            if head[3] == Type.PING and head[4] & h2.ACK and payload == b"are you?":
                return

    async def all_of_them(row):
        gate, context = asyncio.Semaphore(AT_ONE_TIME), siege.context()
        opened = await asyncio.gather(*(open_one(context, gate) for _ in range(connections)))
        assert siege.counted("martlet_gateway_connections") >= open_before + connections
        row.resident = (siege.installation.resident_bytes("gateway"),)
        for connection in opened[:: max(1, connections // 100)]:
            await ping(connection)
        for _, writer in opened:
            writer.transport.abort()

    # Sessions of TLS and HTTP/2 are small pieces, of which the allocator keeps the pages.
    with siege.attack("idle connections", kept=64 << 20) as row:
        start = siege.installation.resident_bytes("gateway")
        asyncio.run(all_of_them(row))
        grown = row.resident[0] - start
        row.sent = f"{connections:,} connections, {grown / connections / 1024:.1f} KiB each"
        row.end = "stay open"
    assert grown <= connections * (40 << 10) + (4 << 20), f"{grown / MIB:.1f} MiB"
    wait_until(lambda: siege.counted("martlet_gateway_connections") <= open_before + 4, 20,
               "the connections to be forgotten")
