#!/usr/bin/env python3
"""Many streams of a language model through the whole path. Usage: generation.py PROGRAM [STREAMS] [SEED]

SmolLM2-135M behind the gateway. Four tenants keep 20, 25, 35 and 50 streams open, twice as many as are
computed at one time, of mixed length; a fifth keeps one. A fifth of the streams is cancelled by its
client after some tokens, and a few have a deadline that passes. It must hold that

- every stream ends as it should: with its tokens, cancelled, or past its deadline;
- the four tenants get equal shares of what is computed: Jain's index above 0.95; and a token of the
  fifth takes no longer than one of theirs;
- no page of keys and values is leaked, and no request is left when the streams have ended;
- the model service's memory does not grow after the first quarter, when the cache has filled.
"""

import collections
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import threading
import time

import grpc
import psutil

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Tests" / "Integration"), str(ROOT / "bench")]
if len(sys.argv) > 1:
    os.environ["MARTLET_BIN"] = str(pathlib.Path(sys.argv[1]).resolve())
STREAMS = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().randrange(1 << 32)

import management  # noqa: E402
from common import append_history, print_machine  # noqa: E402
from installation import Installation, wait_until  # noqa: E402
from metrics import metric, operator  # noqa: E402

OPEN = {"east": 20, "north": 25, "south": 35, "west": 50}
SINGLE = "single"
FAIRNESS_MIN = 0.95
MEMORY_GROWTH_MAX, MEMORY_NOISE_BYTES = 1.03, 4 << 20
# A generated token is charged twice a prompt's (decision 130).
GENERATED_COST = 2
ENDS = {0: -100, 2: -100}
WORDS = (ROOT / "README.md").read_text().split()

Outcome = collections.namedtuple("Outcome", "tenant kind ended cost tokens seconds")


class Crowd:
    """Streams of all tenants until there were enough."""

    def __init__(self, installation, keys):
        self.installation, self.keys = installation, keys
        self.lock, self.outcomes, self.left = threading.Lock(), [], STREAMS
        self.wrong = []

    def take(self):
        with self.lock:
            self.left -= 1
            return self.left >= 0

    def done(self):
        with self.lock:
            return len(self.outcomes)

    def work(self, tenant, number):
        draw = random.Random(f"{SEED} {tenant} {number}")
        with self.installation.channel(self.keys[tenant]) as channel:
            while self.take():
                try:
                    outcome = self.stream(channel, tenant, draw)
                    with self.lock:
                        self.outcomes.append(outcome)
                except Exception as error:  # noqa: BLE001
                    self.wrong.append(f"{tenant}: {error}")

    def stream(self, channel, tenant, draw):
        start = draw.choice((0, 0, draw.randrange(len(WORDS) - 200)))
        prompt = " ".join(WORDS[start:start + int(draw.triangular(3, 150, 20))])
        tokens = int(draw.triangular(1, 96, 24))
        fate = draw.random()
        cancels_after = draw.randint(0, tokens) if fate < 0.2 else None
        timeout = draw.uniform(0.05, 2) if fate > 0.97 else 600
        began = time.monotonic()
        call = management.stream(
            channel, "Generation/Generate", timeout=timeout, model="smollm", prompt=prompt,
            options={"max_tokens": tokens, "sampling": {
                "temperature": draw.choice((0, 0.8)), "logit_bias": ENDS}})
        got, usage, first, last, kind = 0, None, None, None, "ended"
        try:
            if cancels_after == 0:
                call.cancel()
            for piece in call:
                got += len(piece.tokens)
                last = time.monotonic()
                first = first or last
                usage = piece.usage if piece.HasField("usage") else usage
                if got and got == cancels_after:
                    call.cancel()
        except grpc.RpcError as error:
            kind = error.code().name
        if kind == "ended" and (usage is None or usage.generated_tokens != tokens or got != tokens):
            raise AssertionError(f"expected {tokens} tokens, got {got} with usage {usage}")
        if kind == "CANCELLED" and cancels_after is None:
            raise AssertionError("cancelled by nobody")
        if kind == "DEADLINE_EXCEEDED" and timeout == 600:
            raise AssertionError("stuck: no end after 600 seconds")
        if kind not in ("ended", "CANCELLED", "DEADLINE_EXCEEDED"):
            raise AssertionError(f"ended with {kind}")
        computed = usage.prompt_tokens - usage.cached_tokens if usage else 0
        return Outcome(tenant, kind, time.monotonic() - began, computed + GENERATED_COST * got, got,
                       (last - first) / (got - 1) if got > 1 and last else None)

    def run(self):
        threads = [threading.Thread(target=self.work, args=(tenant, number), daemon=True)
                   for tenant, count in {**OPEN, SINGLE: 1}.items() for number in range(count)]
        for thread in threads:
            thread.start()
        return threads


def jain(values):
    return sum(values) ** 2 / (len(values) * sum(value * value for value in values))


def prepare(installation):
    subprocess.run([ROOT / "scripts" / "language-models.sh", "smollm2"], check=True)
    file = next((ROOT / ".build" / "language-models" / "smollm2").glob("*.gguf"))
    folder = installation.directory / "shared"
    folder.mkdir()
    shutil.copy(file, folder / "model.gguf")
    (folder / "config.pbtxt").write_text(
        'parameters { key: "shared" value { string_value: "true" } }')
    installation.deploy(folder, "smollm", installation.admin_key)
    keys = {}
    for tenant in (*OPEN, SINGLE):
        installation.create_tenant(tenant)
        keys[tenant] = installation.create_key(tenant, "infer")
    return keys


def run(installation):
    keys = prepare(installation)
    port, process = operator(installation, "model-0"), psutil.Process(installation.pid("model-0"))

    def gauge(name):
        return metric(port, f"martlet_generation_{name}")

    pages = gauge("pages_available")
    crowd = Crowd(installation, keys)
    began = time.monotonic()
    threads = crowd.run()
    resident = None
    while any(thread.is_alive() for thread in threads):
        time.sleep(0.2)
        if resident is None and crowd.done() >= STREAMS // 4:
            resident = process.memory_info().rss
    seconds = time.monotonic() - began
    wait_until(lambda: gauge("requests") == 0, 30, "all requests to have ended")
    leaked = pages - gauge("pages_available")
    after = process.memory_info().rss
    return report(crowd, seconds, leaked, resident, after, gauge("preemptions"))


def report(crowd, seconds, leaked, resident, after, preemptions):
    cost, pace = collections.Counter(), collections.defaultdict(list)
    kinds = collections.Counter(outcome.kind for outcome in crowd.outcomes)
    for outcome in crowd.outcomes:
        cost[outcome.tenant] += outcome.cost
        if outcome.seconds is not None:
            pace[outcome.tenant].append(outcome.seconds)
    fairness = jain([cost[tenant] for tenant in OPEN])
    crowded = statistics.median(value for tenant in OPEN for value in pace[tenant])
    single = statistics.median(pace[SINGLE]) if pace[SINGLE] else float("inf")
    tokens = sum(outcome.tokens for outcome in crowd.outcomes)
    print(f"{len(crowd.outcomes)} streams in {seconds:.0f} s: {dict(kinds)}; {tokens} tokens,"
          f" {tokens / seconds:.0f} a second; {preemptions:.0f} sequences gave way")
    print("computed for " + ", ".join(f"{tenant} ({OPEN[tenant]} streams) {cost[tenant]}"
                                      for tenant in OPEN) + f"; Jain's index {fairness:.4f}")
    print(f"a token took {crowded * 1e3:.0f} ms for them, {single * 1e3:.0f} ms for the one stream of"
          f" another tenant")
    print(f"pages leaked {leaked:.0f}; the model service's memory {resident / 1e6:.1f} MB after a"
          f" quarter, {after / 1e6:.1f} MB in the end")
    wrong = crowd.wrong[:5]
    if fairness <= FAIRNESS_MIN:
        wrong.append(f"Jain's index: expected above {FAIRNESS_MIN}, got {fairness:.4f}")
    if single > 1.5 * crowded:
        wrong.append("the tenant with one stream was held up")
    if leaked:
        wrong.append(f"{leaked:.0f} pages were leaked")
    if after > MEMORY_GROWTH_MAX * resident + MEMORY_NOISE_BYTES:
        wrong.append("the model service's memory grew")
    if not {"ended", "CANCELLED"} <= set(kinds):
        wrong.append("expected streams that ended and streams that were cancelled")
    append_history({"generation soak": {
        "streams": len(crowd.outcomes), "seed": SEED, "kinds": dict(kinds), "tokens": tokens,
        "fairness": round(fairness, 4), "residentMegabytes": [
            round(resident / 1e6, 1), round(after / 1e6, 1)]}})
    for sentence in wrong:
        print(f"FAILED: {sentence}")
    return 1 if wrong else 0


def main():
    print_machine()
    print(f"seed {SEED}", flush=True)
    installation = Installation(instances=1)
    try:
        installation.start()
        return run(installation)
    finally:
        installation.close()


if __name__ == "__main__":
    sys.exit(main())
