import Compute
import JSON
import TestSupport
import Testing

@testable import Training

/// What a training takes is known before it is taken.
@Suite struct MemoryTests {
  private static func source(_ count: Int) -> ArraySource {
    ArraySource([
      "x": Tensor(fp32: [Float](repeating: 0.5, count: count * 100), shape: [count, 100]),
      "y": Tensor(int64: [Int64](repeating: 1, count: count), shape: [count]),
    ])
  }

  private static func request(
    _ megabytes: Int?, units: Int = 1000, batch: Int = 10, optimizer: String = "adam",
    count: Int = 100, bound: AvailableMemory.Bound = .machine
  ) throws -> TrainingRequest {
    var request = TrainingRequest(
      specification: try JSONValue(
        parsing: Array(
          """
          {"class_name": "Sequential", "config": {"layers": [
            {"class_name": "Dense", "config": {"name": "wide", "units": \(units), "activation": "relu"}},
            {"class_name": "Dense", "config": {"name": "head", "units": 2, "activation": "softmax"}}]},
          "compile": {"optimizer": "\(optimizer)", "loss": "sparse_categorical_crossentropy"},
          "fit": {"batch_size": \(batch)}}
          """.utf8)[...]), training: source(count))
    request.availableMemory = megabytes.map { AvailableMemory(byteCount: $0 << 20, bound: bound) }
    return request
  }

  private func refusal(_ request: TrainingRequest) -> TrainingError? {
    do throws(TrainingError) {
      _ = try Trainers.trainer(for: request)
      return nil
    } catch { return error }
  }

  @Test func whatFitsIsTrained() throws {
    for memory in [nil, 64] { #expect(refusal(try Self.request(memory)) == nil) }
  }

  @Test func weightsThatDoNotFitAreRefused() throws {
    // 103,000 numbers: themselves, two of the optimizer's, and what is written of them.
    let error = refusal(try Self.request(1, bound: .container))
    #expect(error?.code == .resources)
    #expect(
      error?.message
        == "the training needs at least 2.0 MiB of memory (weights, optimizer and checkpoint 2.0 MiB), and "
        + "1.0 MiB are left in this container: use smaller layers, an optimizer that keeps less (SGD), or a "
        + "machine with more memory")
    // Without anything kept by the optimizer it is less.
    let plain = refusal(try Self.request(1, optimizer: "sgd"))
    #expect(plain?.message.contains("needs at least 1.2 MiB") == true)
  }

  @Test func batchesThatDoNotFitAreRefusedAndSmallerOnesAreNot() throws {
    let error = refusal(try Self.request(8, batch: 5000, count: 5000))
    #expect(error?.code == .resources)
    let message = error?.message ?? ""
    #expect(message.contains("batches 1.9 MiB, values of a step "), "\(message)")
    #expect(
      message.contains("8.0 MiB are left on this machine: use a smaller batch_size (it is 5000)"))
    #expect(refusal(try Self.request(8, batch: 50, count: 5000)) == nil)
  }

  /// Workers hold as much as the process that starts them, and with it what servers hold.
  @Test func workersShareTheMemory() throws {
    let specification = try TrainingSpecification(Self.request(nil).specification)
    func error(_ workers: Int, _ megabytes: Int) -> TrainingError? {
      do throws(TrainingError) {
        _ = try NetworkSteps(
          specification, Self.source(100), threadCount: 1,
          memory: AvailableMemory(byteCount: megabytes << 20, bound: .machine),
          holders: WeightHolders(workers: workers))
        return nil
      } catch { return error }
    }
    // 103,000 numbers five times, and a third of what servers hold of six.
    #expect(
      error(2, 8)?.message
        == "the training needs at least 2.8 MiB of memory (weights, optimizer and checkpoint 2.8 MiB), and "
        + "2.7 MiB are left on this machine for each of its 3 processes: use smaller layers, an optimizer "
        + "that keeps less (SGD), or a machine with more memory")
    #expect(error(0, 8) == nil)
    #expect(error(2, 9) == nil)
  }

  /// Nothing is taken for what could never be had: all of it would be touched.
  @Test func whatNobodyHasIsRefusedAtOnce() throws {
    let error = refusal(try Self.request(1 << 10, units: 1_000_000, batch: 10))
    #expect(error?.message.contains("needs at least ") == true)
  }

  /// What is claimed is at least what a run then holds.
  @Test func theClaimCoversWhatAStepHolds() throws {
    let steps = try NetworkSteps(
      TrainingSpecification(Self.request(nil).specification), Self.source(100), threadCount: 1)
    let runner = try steps.read(Array(0..<10))
    try runner.run(step: 0) { _, _, _ in }
    let planned = try #require(
      try steps.network.program(.training(batch: 10), threadCount: 1).model.plannedByteCount())
    #expect(planned == runner.heldByteCount && planned > 0)
  }

  @Test func examplesOfClassicalAlgorithmsAreCounted() throws {
    func request(_ name: String, _ megabytes: Int) throws -> TrainingRequest {
      var request = TrainingRequest(
        specification: .object([.init("class_name", .string(name))]), training: Self.source(5000))
      request.availableMemory = AvailableMemory(byteCount: megabytes << 20, bound: .machine)
      return request
    }
    #expect(
      refusal(try request("LinearRegression", 3))?.message
        == "the training needs at least 3.9 MiB of memory (examples 3.9 MiB), and 3.0 MiB are left on this "
        + "machine: use fewer examples or features, SGDRegressor, which reads block by block, or a machine "
        + "with more memory")
    #expect(refusal(try request("RandomForestRegressor", 2))?.code == .resources)
    #expect(refusal(try request("RandomForestRegressor", 3)) == nil)
    #expect(refusal(try request("SGDRegressor", 1)) == nil)
  }
}

/// What the system says is left.
@Suite struct AvailableMemoryTests {
  private let folder = ScratchFolder()

  private func write(_ path: String, _ text: String) { folder.write(Array(text.utf8), path) }

  private var available: AvailableMemory? { .current(root: folder.path) }

  @Test func aMachineSaysIt() {
    #expect(available == nil)
    write("proc/meminfo", "MemTotal:  8000 kB\nMemAvailable:    5000 kB\n")
    write("proc/self/cgroup", "0::/user.slice\n")
    #expect(available == AvailableMemory(byteCount: 5000 << 10, bound: .machine))
    #expect(available?.shared(by: 4).byteCount == 1250 << 10)
    write("sys/fs/cgroup/user.slice/memory.max", "max\n")
    write("sys/fs/cgroup/user.slice/memory.current", "1234\n")
    #expect(available?.bound == .machine)
  }

  /// The least that a group or one above it leaves; files that were read once are given up.
  @Test func aContainerSaysIt() {
    write("proc/meminfo", "MemAvailable: 5000 kB\n")
    write("proc/self/cgroup", "1:name=systemd:/\n0::/pod/box\n")
    write("sys/fs/cgroup/pod/box/memory.max", "4000000\n")
    write("sys/fs/cgroup/pod/box/memory.current", "3000000\n")
    write("sys/fs/cgroup/pod/box/memory.stat", "anon 100\ninactive_file 500000\nfile 7\n")
    #expect(available == AvailableMemory(byteCount: 1_500_000, bound: .container))
    write("sys/fs/cgroup/pod/memory.max", "5000000\n")
    write("sys/fs/cgroup/pod/memory.current", "6000000\n")
    #expect(available == AvailableMemory(byteCount: 0, bound: .container))
  }

  /// Inside a container its group is the root that is seen, whatever its path is called outside.
  @Test func aPathFromOutsideMeansTheRoot() {
    write("proc/meminfo", "MemAvailable: 5000 kB\n")
    write("proc/self/cgroup", "0::/../../docker/abc\n")
    write("sys/fs/cgroup/memory.max", "1000\n")
    write("sys/fs/cgroup/memory.current", "400\n")
    #expect(available == AvailableMemory(byteCount: 600, bound: .container))
  }

  @Test func versionOneSaysIt() {
    write("proc/meminfo", "MemAvailable: 5000 kB\n")
    write("proc/self/cgroup", "5:cpu,cpuacct:/a\n4:memory:/a\n0::/\n")
    write("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "3000\n")
    write("sys/fs/cgroup/memory/a/memory.usage_in_bytes", "2500\n")
    write("sys/fs/cgroup/memory/a/memory.stat", "total_inactive_file 1500\n")
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")
    write("sys/fs/cgroup/memory/memory.usage_in_bytes", "99\n")
    #expect(available == AvailableMemory(byteCount: 2000, bound: .container))
  }
}
