import Telemetry
import Testing

@Suite struct MetricsTests {
  private func text(_ metrics: Metrics) -> String {
    String(decoding: metrics.render(), as: UTF8.self)
  }

  @Test func shardsOfACounterAreSummed() {
    let metrics = Metrics(shardCount: 4)
    let counter = metrics.counter("calls_total", help: "Calls.")
    for shard in 0..<4 { counter.add(shard + 1, shard: shard) }
    counter.add(shard: 9)  // beyond the last shard: shares a cell, is not lost
    #expect(counter.value == 11)
    #expect(
      text(metrics) == "# HELP calls_total Calls.\n# TYPE calls_total counter\ncalls_total 11\n")
  }

  @Test func gaugePartsCancelAcrossShards() {
    let metrics = Metrics(shardCount: 2)
    let gauge = metrics.gauge("open_streams", help: "Open streams.")
    gauge.add(5, shard: 0)
    gauge.add(-7, shard: 1)
    #expect(gauge.value == -2)
    gauge.set(3, shard: 1)
    #expect(text(metrics).hasSuffix("open_streams 8\n"))
  }

  @Test func measuredGaugeIsAskedWhenScraped() {
    let metrics = Metrics()
    metrics.gauge("ratio", help: "A ratio.") { 0.25 }
    metrics.gauge("broken", help: "Not a number.") { .nan }
    #expect(text(metrics).contains("ratio 0.25\n"))
    #expect(text(metrics).contains("broken NaN\n"))
  }

  @Test func histogramBucketsAreCumulativeAndInclusive() {
    let metrics = Metrics(shardCount: 2)
    let histogram = metrics.histogram(
      "wait_seconds", help: "Waiting.", labels: ["phase": "queue"],
      bounds: [50_000, 1_000_000, 1_000_000_000])
    histogram.observe(50_000, shard: 0)
    histogram.observe(50_001, shard: 1)
    histogram.observe(2_000_000_000)
    #expect(histogram.count == 3)
    let lines = text(metrics).split(separator: "\n").map(String.init)
    #expect(
      Array(lines.dropFirst(2)) == [
        #"wait_seconds_bucket{phase="queue",le="5e-05"} 1"#,
        #"wait_seconds_bucket{phase="queue",le="0.001"} 2"#,
        #"wait_seconds_bucket{phase="queue",le="1.0"} 2"#,
        #"wait_seconds_bucket{phase="queue",le="+Inf"} 3"#,
        #"wait_seconds_sum{phase="queue"} 2.000100001"#,
        #"wait_seconds_count{phase="queue"} 3"#,
      ])
  }

  @Test func labelValuesAndHelpAreEscaped() {
    let metrics = Metrics()
    metrics.counter("odd_total", help: "a\\b\n\"c\"", labels: ["v": "\"x\"\\\ny"]).add()
    #expect(
      text(metrics) == """
        # HELP odd_total a\\\\b\\n"c"
        # TYPE odd_total counter
        odd_total{v="\\"x\\"\\\\\\ny"} 1

        """)
  }

  @Test func sameNameAndLabelsAreTheSameSeries() {
    let metrics = Metrics()
    metrics.counter("a_total", help: "A.", labels: ["k": "1"]).add(2)
    metrics.counter("a_total", help: "A.", labels: ["k": "1"]).add(3)
    metrics.counter("a_total", help: "A.", labels: ["k": "2"]).add(1)
    #expect(text(metrics).contains("a_total{k=\"1\"} 5\na_total{k=\"2\"} 1\n"))
  }

  @Test func madeUpLabelValuesEndInOneSeries() {
    let metrics = Metrics(seriesPerNameMax: 3)
    for index in 0..<1_000 {
      metrics.counter("by_model_total", help: "By model.", labels: ["model": "m\(index)"]).add()
    }
    let lines = text(metrics).split(separator: "\n")
    #expect(lines.count == 2 + 4)
    #expect(lines.contains("by_model_total{model=\"other\"} 997"))
  }

  @Test func countsFromManyThreadsAreNotLost() async {
    let metrics = Metrics(shardCount: 2)
    let counter = metrics.counter("c_total", help: "C.")
    let histogram = metrics.histogram("h_seconds", help: "H.")
    await withTaskGroup { group in
      for task in 0..<8 {
        group.addTask {
          for value in 0..<10_000 {
            counter.add(shard: task)
            histogram.observe(UInt64(value), shard: task)
          }
        }
      }
    }
    #expect(counter.value == 80_000)
    #expect(histogram.count == 80_000)
    #expect(histogram.sum == 8 * 49_995_000)
  }
}
