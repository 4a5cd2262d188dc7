#!/usr/bin/env python3
"""Compares two processors' answers: whole numbers exactly, others within a few roundings.
Usage: compare.py EXPECTED GOT"""

import sys

# Sums in another order, and polynomials with or without fused multiplications.
TOLERANCE = 2e-5


def close(a, b):
    a, b = float(a), float(b)
    return a == b or (a != a and b != b) or abs(a - b) <= TOLERANCE * max(1.0, abs(a))


wrong, count = 0, 0
with open(sys.argv[1]) as expected, open(sys.argv[2]) as got:
    for left, right in zip(expected, got, strict=True):
        count += 1
        if left == right:
            continue
        (name, kind, a), (other, _, b) = left.rsplit(" ", 2), right.rsplit(" ", 2)
        if name != other or kind != "~" or not close(a, b):
            wrong += 1
            if wrong <= 20:
                print(f"expected {left.strip()}, got {right.strip()}")
if wrong or not count:
    sys.exit(f"{wrong} of {count} answers differ")
