internal import CKernels

/// Times every way to compute what the kernels have a choice for, and says where the pick is not the
/// fastest: convolutions of real networks, and products whose right side may be packed on the way.
///
/// Each is timed once per round and the rounds are interleaved; what counts is the median, in the
/// thread's CPU time. Before each the caches are emptied, and then input, output and scratch are read,
/// as in a network whose other layers have run since the weights were read last.
public struct ChoiceBenchmark {
  /// What has a choice, and what each way takes.
  public struct Row: Sendable {
    /// The layer or the product.
    public var name: String
    /// Each way and its median in microseconds.
    public var microseconds: [(way: String, median: Double)]
    /// What is picked.
    public var pick: String
    /// The pick's time over the fastest one's.
    public var excess: Double
  }

  /// A pick that is slower than the fastest by no more than this is as good: medians of the same
  /// code differ by a few per cent on a shared machine.
  public static let margin = 0.1

  private struct Way {
    var name: String
    var body: () -> Void
  }
  private struct Choice {
    var name: String
    var pick: String
    var ways: [Way]
    /// What lies in the caches beforehand.
    var warm: [AlignedFloats]
  }

  private let kernels: Kernels
  private let rounds: Int

  /// A choice of kernels, and how often each way is timed.
  public init(kernels: Kernels = .active, rounds: Int = 9) {
    precondition(rounds > 0, "a median needs at least one round")
    self.kernels = kernels
    self.rounds = rounds
  }

  /// Runs everything, half a minute. Blocks the calling thread.
  public func run() -> [Row] {
    // Twice the third cache.
    let others = AlignedFloats(count: 16 << 20)
    return (NetworkLayer.all.map(convolution) + products()).map { choice in
      var times = [[Double]](repeating: [], count: choice.ways.count)
      for round in -1..<rounds {
        for (index, way) in choice.ways.enumerated() {
          read(others.base, others.count)
          for slot in [Scratch.left, .right, .image, .staging] {
            read(slot.floats(1 << 18), 1 << 18)
          }
          for memory in choice.warm { read(memory.base, memory.count) }
          let start = BenchmarkCase.now()
          way.body()
          // The first round grows scratch.
          if round >= 0 { times[index].append((BenchmarkCase.now() - start) * 1e6) }
        }
      }
      let medians = times.map { $0.sorted()[$0.count / 2] }
      let picked =
        choice.ways.firstIndex { $0.name == choice.pick }.map { medians[$0] } ?? .infinity
      return Row(
        name: choice.name, microseconds: Array(zip(choice.ways.map(\.name), medians)),
        pick: choice.pick, excess: picked / (medians.min() ?? picked))
    }
  }

  private func read(_ memory: UnsafePointer<Float>, _ count: Int) {
    BenchmarkCase.keep(kernels.table.pointee.readSum(memory, count))
  }

  private func filled(_ count: Int) -> AlignedFloats {
    let memory = AlignedFloats(count: count)
    for index in 0..<count { memory.base[index] = Float((index &* 7919) % 1000) / 500 - 1 }
    return memory
  }

  private func convolution(_ layer: NetworkLayer) -> Choice {
    let problem = layer.problem
    let geometry = problem.geometry
    let size = geometry.outputSize(height: layer.height, width: layer.width)
    let weights = filled(
      layer.outputs * layer.channels / layer.groups * layer.kernel * layer.kernel)
    let bias = filled(layer.outputs)
    let input = filled(layer.batch * layer.height * layer.width * layer.channels)
    let output = AlignedFloats(count: layer.batch * size.height * size.width * layer.outputs)
    let ways = ConvolutionAlgorithm.allCases.filter { $0.computes(problem) }.map { algorithm in
      let convolution = Convolution2D(
        geometry: geometry, inputChannels: layer.channels, outputChannels: layer.outputs,
        groups: layer.groups, layout: .nhwc, weights: weights.base, bias: bias.base,
        activation: .relu, algorithm: algorithm, kernels: kernels)
      return Way(name: algorithm.rawValue) {
        convolution.run(
          input.base, batch: layer.batch, height: layer.height, width: layer.width,
          into: output.base)
      }
    }
    return Choice(
      name: layer.name, pick: ConvolutionChoice(problem, kernels: kernels).pick().rawValue,
      ways: ways, warm: [input, output])
  }

  /// Products of a matrix that is made by the model's inputs: attention's, small and large ones.
  private func products() -> [Choice] {
    let sizes = [
      (1, 256, 256), (8, 384, 384), (16, 16, 32), (28, 512, 128), (64, 64, 64), (128, 128, 32),
      (128, 32, 128), (256, 256, 256), (512, 512, 64),
    ]
    return sizes.map { m, n, k in
      let (a, b, c) = (filled(m * k), filled(k * n), AlignedFloats(count: m * n))
      func way(_ name: String, packs: Bool) -> Way {
        Way(name: name) {
          var product = Product(
            m: m, n: n, k: k, left: .matrix(Matrix(a.base, rowStride: k)),
            right: .matrix(Matrix(b.base, rowStride: n)), c: c.base, cRow: n, epilogue: Epilogue(),
            kernels: kernels)
          product.packsRight = packs
          // Both are inputs, and short: several times, or the clock would be what is measured.
          for _ in 0..<8 { product.run(nil) }
        }
      }
      return Choice(
        name: "product \(m)×\(k) · \(k)×\(n)",
        pick: Product.readsInPlace(m: m, n: n, k: k, kernels) ? "in place" : "packed",
        ways: [way("in place", packs: false), way("packed", packs: true)], warm: [a, b, c])
    }
  }
}
