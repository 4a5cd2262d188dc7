"""What a step of data-parallel training costs on paper: parameter servers and ring all-reduce on 1 to 1,000 machines,
by what was measured on one and the network's bandwidth.

cost_model.py [--parameters 17578] [--example-us 45] [--batch 32] [--call-us 60] [--sum-gbs 4]

A worker computes its part of the batch; a step's gradient, P numbers of 4 bytes, goes to S servers and the parameters
come back. With W workers and a network of b bytes a second in each direction at each machine:

  compute  = batch a worker × seconds an example
  worker   = 4P/b up, 4P/b down; server = W × 4P/(S b) up, the same down
  servers  = W × P/S numbers to sum at g bytes a second, W calls of c seconds each on one thread
  ps step  = compute + max(worker, server) up + max(servers) + max(worker, server) down + 2 latencies
  ring     = compute + 2 × 4P (W-1)/W / b + 2 (W-1) latencies (Patarasuk and Yuan, 2009)

Asynchronous workers wait for nobody: a worker's step is the same without the others' part, and the servers bound all:
examples a second = min(W × batch / worker's step, S × what a server takes).
"""

import argparse

NETWORKS = (("1 Gb/s", 125e6, 50e-6), ("10 Gb/s", 1.25e9, 25e-6), ("100 Gb/s", 12.5e9, 5e-6))


def steps(a, workers, servers, bandwidth, latency):
    """Seconds of a step: alone, with parameter servers, with a ring; and asynchronous examples a second."""
    size = 4 * a.parameters * a.compression
    compute = a.batch * a.example_us * 1e-6
    traffic = max(size / bandwidth, workers * size / servers / bandwidth)
    call = a.call_us * 1e-6
    service = workers * (4 * a.parameters / servers / (a.sum_gbs * 1e9) + call)
    synchronous = compute + 2 * traffic + service + 2 * latency
    ring = compute + 2 * size * (workers - 1) / workers / bandwidth + 2 * (workers - 1) * latency
    alone = compute + 2 * size / bandwidth + service / workers + 2 * latency
    busy = max(service, 2 * workers * size / servers / bandwidth) / workers
    asynchronous = min(workers * a.batch / alone, a.batch / busy)
    return compute, synchronous, ring, asynchronous


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parameters", type=float, default=17_578, help="the mission's CNN")
    parser.add_argument("--example-us", type=float, default=45, help="microseconds of an example on a worker")
    parser.add_argument("--batch", type=int, default=32, help="examples of a worker's step")
    parser.add_argument("--call-us", type=float, default=60, help="microseconds of a call at a server")
    parser.add_argument("--sum-gbs", type=float, default=4, help="GB/s at which a server sums and updates")
    parser.add_argument("--compression", type=float, default=1, help="bytes that travel, of 4 a number")
    a = parser.parse_args()
    print(f"{a.parameters:,.0f} parameters, {a.batch} examples a worker and step, {a.example_us} us each: "
          "efficiency (1: as fast as all machines alone)")
    print(f"{'network':9} {'workers':>7} {'servers':>7} {'synchronous':>12} {'ring':>7} {'asynchronous':>13}")
    for name, bandwidth, latency in NETWORKS:
        for workers in (1, 10, 100, 1000):
            for servers in sorted({1, max(1, workers // 10), workers}):
                compute, synchronous, ring, asynchronous = steps(a, workers, servers, bandwidth, latency)
                print(f"{name:9} {workers:7} {servers:7} {compute / synchronous:12.3f} {compute / ring:7.3f} "
                      f"{asynchronous * compute / a.batch / workers:13.3f}")


if __name__ == "__main__":
    main()
