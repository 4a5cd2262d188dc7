"""Martlet's language models beside llama.cpp. Rounds are interleaved, medians are printed.

engine: prompt and decode of one stream, in the process: `martlet bench generate` and llama-bench.
perplexity: of a text that Debian installs, in windows of 512 tokens, beside llama-perplexity.
server: eight streams through our whole path (TLS, key, gateway, model service) and through
llama-server's plain HTTP; the time from the start of the processes to the first token; memory.
"""

import argparse
import http.client
import json
import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "Integration"))
STREAMS, PROMPT_WORDS, TOKENS = 8, 48, 64
WORDS = ("time year people way day man thing woman life child world school state family student "
         "group country problem hand part place case week company system program question work "
         "government number night point home water room mother area money story fact").split()


def models(names):
    folder = ROOT / ".build" / "language-models"
    return {name: next((folder / name).glob("*.gguf")) for name in names}


def prompt(number):
    return " ".join(WORDS[(number * 7 + i * (number % 5 + 1)) % len(WORDS)]
                    for i in range(PROMPT_WORDS))


# --- engine ------------------------------------------------------------------------------------

def ours(program, model, threads):
    output = subprocess.run(
        [program, "bench", "generate", "--model", model, "--threads", str(threads), "--rounds",
         "1", "--streams", "1", "--json"], check=True, capture_output=True, text=True).stdout
    result = json.loads(output)
    row = result["rows"][0]
    return (row["promptTokensPerSecond"], row["tokensPerSecond"], row["shareOfMemory"],
            result["readBytesPerSecond"])


def theirs(folder, model, threads):
    output = subprocess.run(
        [folder / "llama-bench", "-m", model, "-t", str(threads), "-p", "512", "-n", "128", "-r",
         "1", "-o", "json"], check=True, capture_output=True, text=True).stdout
    tests = json.loads(output)
    return (next(test["avg_ts"] for test in tests if test["n_prompt"]),
            next(test["avg_ts"] for test in tests if test["n_gen"]))


def engine(arguments):
    print(f"{'model':8} {'threads':>7}  {'prompt 512 tokens/s':^34}  {'decode 128 tokens/s':^34}  "
          "read GB/s, share")
    for name, path in models(arguments.models).items():
        for threads in arguments.threads:
            rows = [(ours(arguments.program, path, threads),
                     theirs(arguments.llama, path, threads)) for _ in range(arguments.rounds)]
            mine = [statistics.median(row[0][i] for row in rows) for i in range(4)]
            other = [statistics.median(row[1][i] for row in rows) for i in range(2)]
            cells = [f"{mine[i]:8.1f}  llama.cpp {other[i]:8.1f}  x {mine[i] / other[i]:4.2f}"
                     for i in range(2)]
            print(f"{name:8} {threads:7}  {cells[0]:34}  {cells[1]:34}  "
                  f"{mine[3] / 1e9:5.1f}, {mine[2]:4.0%}", flush=True)


# --- perplexity --------------------------------------------------------------------------------

def perplexity(arguments):
    """The same weights and tokens; what differs is how activations meet weights: in 16 bits (ours),
    in 8 (llama.cpp, and ours with --coarse), or in f32."""
    threads = str(os.cpu_count())
    print(f"\nperplexity of {arguments.text}, windows of 512 tokens, second halves; beside llama.cpp")
    for name, path in models(arguments.models).items():
        output = subprocess.run(
            [arguments.llama / "llama-perplexity", "-m", path, "-f", arguments.text, "-c", "512",
             "-t", threads], check=True, capture_output=True, text=True)
        other = float(re.search(
            r"Final estimate: PPL = ([0-9.]+)", output.stdout + output.stderr).group(1))
        print(f"{name:8} llama.cpp, 8 bits {other:8.4f}", flush=True)
        for label, flags in (("8 bits", ["--coarse"]), ("16 bits", []), ("f32", ["--exact"])):
            mine = json.loads(subprocess.run(
                [arguments.program, "bench", "perplexity", "--model", path, "--text",
                 arguments.text, "--threads", threads, "--json", *flags],
                check=True, capture_output=True, text=True).stdout)
            print(f"{name:8} {label:17} {mine['perplexity']:8.4f} +/- {mine['standardError']:.4f}"
                  f"  {mine['perplexity'] / other - 1:+.2%}, {mine['tokens']} tokens", flush=True)


# --- server ------------------------------------------------------------------------------------

def resident(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0


def run_streams(ask, number):
    """Total tokens a second and the 95th percentile of the time to the first token, 8 at a time. No round
    begins as another does: nothing is cached."""
    firsts, counts = [], []

    def work(stream):
        begin = time.monotonic()
        first, count = ask(prompt(number * STREAMS + stream))
        firsts.append(first - begin)
        counts.append(count)

    threads = [threading.Thread(target=work, args=(stream,)) for stream in range(STREAMS)]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - begin
    return sum(counts) / seconds, sorted(firsts)[-1]


def ours_served(program, path, rounds):
    os.environ["MARTLET_BIN"] = str(pathlib.Path(program).resolve())
    import management
    from installation import Installation
    installation = Installation(instances=1)
    try:
        installation.start()
        installation.create_tenant("bench")
        installation.deploy(path, "m", installation.create_key("bench", "deploy"))
        key = installation.create_key("bench")

        def ask(channel, text, tokens=TOKENS):
            first, count = None, 0
            for piece in management.stream(
                    channel, "Generation/Generate", model="m", prompt=text,
                    options={"max_tokens": tokens, "sampling": {
                        "temperature": 0, "logit_bias": {ends[path.name]: -100}}}):
                if piece.tokens and first is None:
                    first = time.monotonic()
                count += len(piece.tokens)
            return first, count

        ends = {path.name: 1 if "gemma" in path.name.lower() else 2}
        installation.stop()
        begin = time.monotonic()
        installation.start()
        with installation.channel(key) as channel:
            start = ask(channel, "The", 1)[0] - begin
            results = [run_streams(lambda text: ask(channel, text), number) for number in range(rounds)]
        roles = {role: resident(installation.pid(role)) for role in installation.roles()}
        return results, start, sum(roles.values())
    finally:
        installation.close()


def theirs_served(folder, path, threads, rounds):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    begin = time.monotonic()
    process = subprocess.Popen(
        [folder / "llama-server", "-m", path, "-t", str(threads), "-np", str(STREAMS), "-c",
         "8192", "--port", str(port), "--host", "127.0.0.1"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ask(text, tokens=TOKENS):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        connection.request("POST", "/completion", json.dumps({
            "prompt": text, "n_predict": tokens, "temperature": 0, "stream": True,
            "ignore_eos": True, "cache_prompt": False}), {"content-type": "application/json"})
        response = connection.getresponse()
        if response.status != 200:
            raise ConnectionError(response.status)
        first, count = None, 0
        for line in response:
            if line.startswith(b"data: {"):
                first = first or time.monotonic()
                count = json.loads(line[6:]).get("tokens_predicted") or count
        return first, count

    try:
        while True:
            try:
                start = ask("The", 1)[0] - begin
                break
            except (ConnectionError, OSError):
                time.sleep(0.005)
        results = [run_streams(ask, number) for number in range(rounds)]
        return results, start, resident(process.pid)
    finally:
        process.terminate()
        process.wait()


def server(arguments):
    threads = os.cpu_count()
    print(f"\n{STREAMS} streams, prompts of {PROMPT_WORDS} words, {TOKENS} tokens each, {threads} threads; "
          "ours with TLS, key and gateway, theirs plain HTTP")
    for name, path in models(arguments.models).items():
        rows = []
        for label, result in (
                ("martlet", ours_served(arguments.program, path, arguments.rounds)),
                ("llama.cpp", theirs_served(arguments.llama, path, threads, arguments.rounds))):
            results, start, memory = result
            rows.append((statistics.median(row[0] for row in results),
                         statistics.median(row[1] for row in results) * 1000, start * 1000, memory))
            print(f"{name:8} {label:10} {rows[-1][0]:7.1f} tokens/s, p95 to first token "
                  f"{rows[-1][1]:6.0f} ms, start to first token {rows[-1][2]:6.0f} ms, resident "
                  f"{rows[-1][3]:6.0f} MiB", flush=True)
        print(f"{name:8} {'ratio':10} {rows[0][0] / rows[1][0]:7.2f}, "
              f"{rows[0][1] / rows[1][1]:.2f}, {rows[0][2] / rows[1][2]:.2f}, "
              f"{rows[0][3] / rows[1][3]:.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("llama", type=pathlib.Path)
    parser.add_argument("--threads", default="1,2", type=lambda text: [int(n) for n in text.split(",")])
    parser.add_argument("--models", default="smollm2,gemma3", type=lambda text: text.split(","))
    parser.add_argument("--rounds", default=3, type=int)
    parser.add_argument(
        "--part", default="engine,perplexity,server", type=lambda text: text.split(","))
    parser.add_argument("--text", default="/usr/share/common-licenses/GPL-3")
    arguments = parser.parse_args()
    if "engine" in arguments.part:
        engine(arguments)
    if "perplexity" in arguments.part:
        perplexity(arguments)
    if "server" in arguments.part:
        server(arguments)


if __name__ == "__main__":
    main()
