internal import Compute

/// The parameters of a network in one run of memory, each at a multiple of 64 bytes.
final class ParameterMemory {
  let parameters: [Parameter]
  let offsets: [Int]
  let count: Int
  let base: UnsafeMutablePointer<Float>

  init(_ parameters: [Parameter]) {
    self.parameters = parameters
    var (offsets, end) = ([Int](), 0)
    for parameter in parameters {
      offsets.append(end)
      end += (parameter.count + 15) / 16 * 16
    }
    self.offsets = offsets
    count = end
    base = Self.allocate(end)
  }

  deinit { base.deallocate() }

  /// Zeros.
  static func allocate(_ count: Int) -> UnsafeMutablePointer<Float> {
    // A line more: kernels may read behind a tensor.
    let bytes = UnsafeMutableRawPointer.allocate(byteCount: (count + 32) * 4, alignment: 4096)
    let floats = bytes.bindMemory(to: Float.self, capacity: count + 32)
    floats.initialize(repeating: 0, count: count + 32)
    return floats
  }

  func pointer(_ index: Int) -> UnsafeMutablePointer<Float> { base + offsets[index] }

  /// Draws every parameter's first value.
  func initialize(seed: UInt64) {
    for (index, parameter) in parameters.enumerated() {
      var random = RepeatableRandom(seed: seed, for: parameter.name)
      parameter.initializer.fill(
        UnsafeMutableBufferPointer(start: pointer(index), count: parameter.count),
        fans: parameter.fans, columns: parameter.shape.last ?? 1, &random)
    }
  }

  func tensor(_ index: Int) -> Tensor {
    let values = UnsafeBufferPointer(start: pointer(index), count: parameters[index].count)
    return Tensor(fp32: Array(values), shape: parameters[index].shape)
  }

  func view(_ index: Int) -> TensorView {
    TensorView(
      dataType: .fp32, shape: parameters[index].shape,
      bytes: UnsafeRawBufferPointer(start: pointer(index), count: parameters[index].count * 4))
  }
}

/// A network with what is asked of it, ready to be written as graphs.
struct Network {
  let specification: TrainingSpecification
  /// Shape and type of each input, without the batch.
  let inputs: [(name: String, shape: [Int], dataType: DataType)]
  /// The targets' shape and type.
  let target: (shape: [Int], dataType: DataType)

  static let targetName = "martlet.target"

  /// The layers applied for one purpose.
  func build(_ purpose: NetworkBuilder.Purpose) throws(TrainingError) -> (NetworkBuilder, Value) {
    let network = specification.network
    var builder = NetworkBuilder(purpose, seed: specification.seed, frozen: network.frozen)
    var values = inputs.map { Value($0.name, $0.shape, $0.dataType) }
    for call in network.calls {
      let value = try call.layer.apply(call.inputs.map { values[$0] }, in: &builder)
      if let failure = builder.failure { throw failure }
      guard value.count <= NetworkLimits.valueCountMax else {
        throw TrainingError(
          .specification,
          "layer '\(call.layer.name)': an example's values may have \(NetworkLimits.valueCountMax) "
            + "elements, got shape \(value.shape)")
      }
      values.append(value)
    }
    return (builder, values[network.output])
  }

  /// What a loss and metrics need of the output, from its shape.
  static func checkTarget(
    _ loss: Loss, output: [Int], target: [Int]
  ) throws(TrainingError) -> [Int] {
    let expected = loss.hasClassTargets ? Array(output.dropLast()) : output
    // One number for each example, in a dimension of its own or not.
    let isSame = target == expected || target.filter { $0 != 1 } == expected.filter { $0 != 1 }
    guard isSame else {
      throw TrainingError(
        .data,
        "the targets of an example must have shape \(expected) for an output of shape \(output) and "
          + "this loss, got \(target)")
    }
    return expected
  }

  private func graph(_ builder: NetworkBuilder, _ batch: Int) -> Graph {
    var graph = Graph(
      name: specification.network.name, nodes: builder.nodes, initializers: builder.constants,
      opsets: ["": 21, "martlet.training": 1])
    graph.inputs = inputs.map {
      Graph.Value(name: $0.name, dataType: $0.dataType, shape: [batch] + $0.shape)
    }
    graph.inputs.append(
      Graph.Value(
        name: Self.targetName, dataType: target.dataType, shape: [batch] + target.shape))
    graph.inputs.append(
      Graph.Value(name: NetworkBuilder.stepName, dataType: .int64, shape: [2]))
    graph.inputs += builder.parameters.map {
      Graph.Value(name: $0.name, dataType: .fp32, shape: $0.shape)
    }
    return graph
  }

  /// Compiles a step: outputs are the loss, the metrics, new values of followed parameters, and the
  /// gradients of those that are trained.
  func program(
    _ purpose: NetworkBuilder.Purpose, threadCount: Int
  ) throws(TrainingError) -> NetworkProgram {
    var (builder, output) = try build(purpose)
    // A target of [batch, 1] and one of [batch] are the same to Keras.
    let loss =
      if builder.isTraining, let classes = specification.fit.classWeights {
        try specification.loss.apply(output, target: Self.targetName, classes, in: &builder)
      } else {
        specification.loss.apply(output, target: Self.targetName, in: &builder)
      }
    let metrics = specification.metrics.map {
      $0.apply(output, target: Self.targetName, specification.loss, in: &builder)
    }
    var penalized = loss
    for parameter in builder.parameters where parameter.l1 > 0 || parameter.l2 > 0 {
      for (weight, opType) in [(parameter.l1, "ReduceL1"), (parameter.l2, "ReduceSumSquare")]
      where weight > 0 {
        let sum = builder.node(opType, [parameter.name], ["keepdims": .int(0)])
        let scaled = builder.node("Mul", [sum, builder.number(Float(weight))])
        penalized = builder.node("Add", [penalized, scaled])
      }
    }
    var graph = graph(builder, builder.batch)
    let followed = builder.followed.sorted { $0.key < $1.key }
    for name in [penalized] + metrics + followed.map(\.value) {
      graph.outputs.append(Graph.Value(name: name, dataType: .fp32, shape: nil))
    }
    var options = ModelOptions(threadCount: threadCount)
    options.allowsTraining = true
    options.arenaByteCountMax = NetworkLimits.stepByteCountMax
    options.workMax = NetworkLimits.stepWorkMax
    let trained = builder.parameters.indices.filter { builder.parameters[$0].isTrainable }
    do {
      if builder.isTraining {
        graph = try graph.differentiated(
          loss: penalized, parameters: trained.map { builder.parameters[$0].name },
          options: options)
      }
      return NetworkProgram(
        model: try Model(graph, options: options), metricCount: metrics.count,
        followed: followed.compactMap { item in
          builder.parameters.firstIndex { $0.name == item.key }
        }, trained: builder.isTraining ? trained : [])
    } catch {
      throw TrainingError(.specification, "the network cannot be computed: \(error)")
    }
  }

  /// The network as others run it: the standard's operators, parameters as constants.
  func exported(_ memory: ParameterMemory) throws(TrainingError) -> Graph {
    let (builder, output) = try build(.inference)
    var graph = Graph(
      name: specification.network.name, nodes: builder.nodes, initializers: builder.constants,
      opsets: ["": 21])
    for (index, parameter) in memory.parameters.enumerated()
    where builder.nodes.contains(where: { $0.inputs.contains(parameter.name) }) {
      graph.initializers[parameter.name] = memory.tensor(index)
    }
    graph.inputs = inputs.map {
      Graph.Value(
        name: $0.name, dataType: $0.dataType, shape: [-1] + $0.shape,
        dimensionNames: ["batch"] + $0.shape.map { _ in nil })
    }
    // The output gets a name that people can read.
    let name = inputs.contains { $0.name == "y" } ? "output" : "y"
    graph.nodes.append(Node(opType: "Identity", inputs: [output.name], outputs: [name]))
    graph.outputs = [
      Graph.Value(
        name: name, dataType: .fp32, shape: [-1] + output.shape,
        dimensionNames: ["batch"] + output.shape.map { _ in nil })
    ]
    graph.metadata.producerName = "martlet"
    return graph
  }
}

/// A compiled step.
struct NetworkProgram {
  let model: Model
  let metricCount: Int
  /// Parameters whose new values are outputs, by number.
  let followed: [Int]
  /// Parameters whose gradients are outputs, by number.
  let trained: [Int]
}
