"""What one tenant's prompts and streams do to another's stream, through the whole path (TLS, key, gateway).

Times between a stream's pieces: alone, while another tenant sends prompts of 4,000 tokens one after the
other, and while it generates many texts; and how fast those prompts are read, beside the stream and
alone. With a model that the tenants share, and with one for each.

    .venv/bin/python bench/generation/neighbours.py PROGRAM [--model smollm2] [--streams 16]
"""

import argparse
import os
import pathlib
import statistics
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "Integration"))
PROMPT_TOKENS = 4000


class Client:
    def __init__(self, channel, end):
        self.channel, self.end, self.count = channel, end, 0

    def pieces(self, tokens, prompt="The"):
        import management
        return management.stream(
            self.channel, "Generation/Generate", model="m", prompt=prompt, timeout=600,
            options={"max_tokens": tokens, "sampling": {
                "temperature": 0, "logit_bias": {self.end: -100}}})

    def intervals(self, seconds):
        """Milliseconds between tokens for so long, in ascending order."""
        times, call = [], self.pieces(8000)
        for piece in call:
            if piece.tokens:
                times.append(time.monotonic())
            if times[-1:] > times[:1] and times[-1] > times[0] + seconds:
                call.cancel()
                break
        return sorted(1000 * (b - a) for a, b in zip(times, times[1:]))

    def long_prompt(self):
        """Reads a prompt that begins as no other does; its tokens."""
        self.count += 1
        text = f"{os.getpid()} {self.count}:" + " time year people way" * (PROMPT_TOKENS // 4)
        for piece in self.pieces(1, text):
            if piece.HasField("usage"):
                return piece.usage.prompt_tokens


def beside(work, stream, duration):
    """The stream's intervals while `work` is done again and again, and what it gave each second."""
    done, ends = [], threading.Event()

    def loop():
        while not ends.is_set():
            done.append((time.monotonic(), work(ends)))

    thread = threading.Thread(target=loop)
    thread.start()
    time.sleep(0.5)
    begin = time.monotonic()
    intervals = stream.intervals(duration)
    seconds = time.monotonic() - begin
    ends.set()
    thread.join()
    return intervals, seconds, done


def describe(name, intervals, alone=None):
    median = statistics.median(intervals)
    tail = intervals[len(intervals) * 99 // 100]
    times = f" = {median / alone:.1f} x alone" if alone else ""
    print(f"  {name:44} {median:7.2f} ms{times}, p99 {tail:7.1f}, longest {intervals[-1]:7.1f}", flush=True)
    return median


def many_streams(client, count, tokens, counter):
    """Generates `count` texts at a time until told to end."""
    def work(ends):
        def one():
            call = client.pieces(tokens)
            for piece in call:
                counter[0] += len(piece.tokens)
                if ends.is_set():
                    call.cancel()
                    return
        threads = [threading.Thread(target=lambda: guarded(one)) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return work


def guarded(body):
    import grpc
    try:
        body()
    except grpc.RpcError:
        pass


def run(arguments, path, shared):
    from installation import Installation
    end = 1 if "gemma" in path.name.lower() else 2
    installation = Installation(instances=1)
    try:
        installation.start()
        for tenant in ("one", "many"):
            installation.create_tenant(tenant)
            if not shared:
                installation.deploy(path, "m", installation.create_key(tenant, "deploy"))
        if shared:
            installation.run(
                "model", "deploy", path, "--name", "m", "--shared", key=installation.admin_key, timeout=120)
        with installation.channel(installation.create_key("one")) as a, \
                installation.channel(installation.create_key("many")) as b:
            one, many = Client(a, end), Client(b, end)
            one.intervals(0.5)
            print(f"{path.name}, {'one model for both' if shared else 'a model for each'}")
            alone = describe("a stream alone", one.intervals(2))

            def prompts(seconds):
                begin, tokens = time.monotonic(), 0
                while time.monotonic() < begin + seconds:
                    tokens += many.long_prompt()
                return tokens / (time.monotonic() - begin)
            print(f"  prompts of {PROMPT_TOKENS} tokens alone: {prompts(6):.0f} tokens/s", flush=True)
            intervals, seconds, done = beside(
                lambda _: many.long_prompt(), one, arguments.seconds)
            describe("beside prompts of 4,000 tokens", intervals, alone)
            begin, last = done[0][0], time.monotonic()
            print(f"  those prompts: {sum(n for _, n in done) / (last - begin + 0.5):.0f} tokens/s")
            counter = [0]
            intervals, seconds, _ = beside(
                many_streams(many, arguments.streams, 2_000, counter), one, arguments.seconds)
            describe(f"beside {arguments.streams} streams", intervals, alone)
            print(f"  those streams: {counter[0] / (seconds + 0.5):.0f} tokens/s together", flush=True)
    finally:
        installation.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--streams", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=8)
    arguments = parser.parse_args()
    os.environ["MARTLET_BIN"] = str(arguments.program.resolve())
    path = next((ROOT / ".build" / "language-models" / arguments.model).glob("*.gguf"))
    for shared in (True, False):
        run(arguments, path, shared)


if __name__ == "__main__":
    main()
