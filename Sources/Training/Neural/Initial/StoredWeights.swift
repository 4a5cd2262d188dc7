internal import Compute

/// What a stored model's file has for the weights of layers, whoever wrote it.
///
/// Our own files name each weight as its layer does: `LAYER/kernel`. In others, a node stands for its
/// layer if a part of its name, or of its weight's name, is the layer's: `model/LAYER/MatMul` (Keras by
/// tf2onnx), `/LAYER/Conv` and `LAYER.weight` (PyTorch). The operator and the operand's place then say which
/// weight it is and how it lies.
struct StoredWeights {
  /// One weight as its file has it.
  struct Weight {
    var tensor: Tensor
    /// How it is turned to lie as ours does; nil: it does.
    var order: [Int]?
    /// Whether it was found under the parameter's own name.
    var isOurs = false

    /// The shape once it is turned.
    var shape: [Int] { order.map { $0.map { tensor.shape[$0] } } ?? tensor.shape }
  }

  private let initializers: [String: Tensor]
  /// By the name of a layer, then by what the weight is called there.
  private var layers: [String: [String: Weight]] = [:]
  /// Names that end in a number, by what comes before it.
  private var numbered: [String: [String]] = [:]

  init(_ graph: Graph) {
    initializers = graph.initializers
    for node in graph.nodes {
      let names = Self.layers(node, node.inputs.filter { initializers[$0] != nil })
      for (place, name) in node.inputs.enumerated() {
        guard let tensor = initializers[name], let role = Self.role(node, place, tensor) else {
          continue
        }
        let weight = Weight(tensor: tensor, order: Self.order(node, role, tensor))
        for layer in names where layers[layer]?[role] == nil {
          layers[layer, default: [:]][role] = weight
        }
      }
    }
    for name in layers.keys {
      guard let end = name.lastIndex(of: "_") else { continue }
      let digits = name[name.index(after: end)...].utf8
      guard !digits.isEmpty, digits.allSatisfy({ (48...57).contains($0) }) else { continue }
      numbered[String(name[..<end]), default: []].append(name)
    }
  }

  /// What the file has for a parameter: under its own name, or as others call it. `known` are the
  /// network's layers: their names mean themselves.
  func weight(for parameter: String, known: Set<String>) -> Weight? {
    if let tensor = initializers[parameter] { return Weight(tensor: tensor, isOurs: true) }
    let parts = parameter.split(separator: "/", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return nil }
    if let layer = layers[parts[0]] { return layer[parts[1]] }
    // Keras counts the scopes of a name that it meets again: LAYER_1.
    let others = (numbered[parts[0]] ?? []).filter { !known.contains($0) }
    return others.count == 1 ? layers[others[0]]?[parts[1]] : nil
  }

  /// Some of the names that there are, for people.
  var examples: [String] {
    Array(initializers.filter { $0.value.shape.count > 0 }.keys.sorted().prefix(4))
  }

  // MARK: - Others' files

  /// What an operand is to its layer, nil for what is no weight.
  private static func role(_ node: Node, _ place: Int, _ tensor: Tensor) -> String? {
    switch (node.opType, place) {
    case ("Conv", 1), ("ConvTranspose", 1), ("Gemm", 1), ("MatMul", 1): "kernel"
    case ("Conv", 2), ("ConvTranspose", 2), ("Gemm", 2), ("Add", _): "bias"
    case ("Gather", 0): "embeddings"
    case ("PRelu", 1): "alpha"
    case ("BatchNormalization", 1...4):
      ["gamma", "beta", "moving_mean", "moving_variance"][place - 1]
    case ("LayerNormalization", 1...2), ("GroupNormalization", 1...2): ["gamma", "beta"][place - 1]
    default: nil
    }
  }

  /// How a weight of the standard's operators is turned to lie as Keras's, which are ours.
  private static func order(_ node: Node, _ role: String, _ tensor: Tensor) -> [Int]? {
    guard role == "kernel" else { return nil }
    switch (node.opType, tensor.shape.count) {
    case ("Conv", let rank) where rank >= 3: return Array(2..<rank) + [1, 0]
    // [channels, filters, …]; ours is [height, width, filters, channels].
    case ("ConvTranspose", let rank) where rank >= 3: return Array(2..<rank) + [1, 0]
    case ("Gemm", 2):
      if case .int(1)? = node.attributes["transB"] { return [1, 0] }
      return nil
    default: return nil
    }
  }

  /// The names that a node and its weights may have of their layer.
  private static func layers(_ node: Node, _ weights: [String]) -> Set<String> {
    var names: Set<String> = []
    for name in [node.name] + weights {
      names.formUnion(name.split(separator: "/").map(String.init))
    }
    for weight in weights {
      if let dot = weight.lastIndex(of: ".") { names.insert(String(weight[..<dot])) }
    }
    return names
  }
}

extension StoredWeights.Weight {
  /// Whether it can be a weight of that shape. Others' may have more or fewer dimensions of 1.
  func fits(_ wanted: [Int]) -> Bool {
    guard Self.isNumber(tensor.dataType) else { return false }
    return isOurs
      ? shape == wanted : shape.filter { $0 != 1 } == wanted.filter { $0 != 1 }
  }

  /// The values in the order of ours.
  func values() -> [Float] {
    let floats = floats()
    guard let order else { return floats }
    let sizes = tensor.shape
    var strides = [Int](repeating: 1, count: sizes.count)
    for axis in sizes.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * sizes[axis + 1]
    }
    let (turned, steps) = (order.map { sizes[$0] }, order.map { strides[$0] })
    var index = [Int](repeating: 0, count: order.count)
    var (place, result) = (0, [Float]())
    result.reserveCapacity(floats.count)
    for _ in floats.indices {
      result.append(floats[place])
      var axis = order.count - 1
      while axis >= 0 {
        index[axis] += 1
        place += steps[axis]
        if index[axis] < turned[axis] { break }
        place -= steps[axis] * turned[axis]
        index[axis] = 0
        axis -= 1
      }
    }
    return result
  }

  private static func isNumber(_ type: DataType) -> Bool {
    [.fp32, .fp16, .bf16, .fp64].contains(type)
  }

  private func floats() -> [Float] {
    switch tensor.dataType {
    case .fp16:
      let halves = tensor.elements(as: UInt16.self)
      return [Float](unsafeUninitializedCapacity: halves.count) { buffer, count in
        if let base = buffer.baseAddress {
          Conversion.floats(fromHalf: halves, into: base, count: halves.count)
        }
        count = halves.count
      }
    case .bf16:
      return tensor.elements(as: UInt16.self).map { Float(bitPattern: UInt32($0) << 16) }
    case .fp64: return tensor.elements(as: Double.self).map { Float($0) }
    default: return tensor.elements(as: Float.self)
    }
  }
}
