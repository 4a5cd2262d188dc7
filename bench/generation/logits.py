"""Logits of real language models beside float32 transformers on the dequantised weights.

For windows of a text that Debian installs: the least cosine of a position's logits, and how often the most
likely token is the same; with activations in 16 bits (what generation uses) and in f32 (`--exact`).

logits.py PROGRAM [--models smollm2,gemma3] [--windows 3]
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
import transformers

ROOT = Path(__file__).resolve().parents[2]
CONTEXT = 512
# Cosine at least, and share of positions with the same most likely token.
TARGETS = {"16 bits": (0.996, 0.98), "f32": (0.99999, 0.98)}


def ours(program, path, text, windows, flags):
    """Tokens [windows, CONTEXT], and logits behind the second half of each but its last one."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "logits"
        subprocess.run(
            [program, "bench", "perplexity", "--model", path, "--text", text, "--context", str(CONTEXT), "--windows",
             str(windows), "--threads", str(os.cpu_count()), "--logits", file, "--json", *flags], check=True,
            stdout=subprocess.DEVNULL)
        tokens = np.fromfile(f"{file}.tokens", np.int32).reshape(-1, CONTEXT)
        scored = CONTEXT - 1 - CONTEXT // 2
        return tokens, np.fromfile(file, np.float32).reshape(len(tokens), scored, -1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--models", default="smollm2,gemma3")
    parser.add_argument("--windows", default=3, type=int)
    parser.add_argument("--text", default="/usr/share/common-licenses/GPL-3")
    options = parser.parse_args()
    transformers.logging.set_verbosity_error()
    missed = False
    print(f"Beside transformers {transformers.__version__} in float32: {options.windows} windows of {CONTEXT} tokens "
          f"of {options.text}, second halves")
    for name in options.models.split(","):
        path = next((ROOT / ".build" / "language-models" / name).glob("*.gguf"))
        model = transformers.AutoModelForCausalLM.from_pretrained(
            path.parent, gguf_file=path.name, dtype=torch.float32).eval()
        for label, flags in (("16 bits", []), ("f32", ["--exact"])):
            tokens, logits = ours(options.program, path, options.text, options.windows, flags)
            least, same, count = 1.0, 0, 0
            for window, rows in zip(tokens, logits):
                with torch.no_grad():
                    expected = model(torch.tensor(window[None].astype(np.int64))).logits[0].numpy()
                expected = expected[CONTEXT // 2:CONTEXT - 1]
                cosines = (rows * expected).sum(1, dtype=np.float64) / (
                    np.linalg.norm(rows.astype(np.float64), axis=1) * np.linalg.norm(expected.astype(np.float64), axis=1))
                least = min(least, cosines.min())
                same += int((rows.argmax(1) == expected.argmax(1)).sum())
                count += len(rows)
            cosine, share = TARGETS[label]
            met = least >= cosine and same >= share * count
            missed |= not met
            print(f"{name:8} {label:8} cosine at least {least:.7f} ({cosine}), most likely token equal at {same} of "
                  f"{count} ({share:.0%}): {'met' if met else 'missed'}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
