"""Compressed REST bodies: what they become is paid for, as gRPC's messages are."""

import zlib

import requests

from siege import count

BODY_BYTES = 30 << 20


def test_rest_gzip_bomb(siege):
    calls = count(40, 200)
    packer = zlib.compressobj(9, wbits=31)
    bomb = packer.compress(bytes(BODY_BYTES)) + packer.flush()
    it = siege.installation
    statuses = []
    with siege.attack("REST gzip bomb", kept=64 << 20) as row, requests.Session() as web:
        web.trust_env = False  # an authority from the environment would win
        web.verify = str(it.ca_path)
        # A slow machine inflates less a second than the bucket of bytes gains: it goes on for longer.
        while len(statuses) < calls or (429 not in statuses and len(statuses) < 10 * calls):
            answer = web.post(
                f"https://{it.address}/v2/models/identity/infer", data=bomb, timeout=60,
                headers={"authorization": f"Bearer {siege.key}", "content-encoding": "gzip"})
            statuses.append(answer.status_code)
        row.sent = f"{len(statuses)} bodies, {len(bomb) >> 10} KiB for {BODY_BYTES >> 20} MiB"
        row.end = "413, then 429 with retry-after"
    assert set(statuses) <= {413, 429}, statuses
    assert 429 in statuses, statuses
