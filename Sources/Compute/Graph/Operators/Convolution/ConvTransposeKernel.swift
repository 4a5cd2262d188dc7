/// ConvTranspose of FP32 images in NHWC with constant weights, whose windows lie side by side. Only
/// the layout pass writes it.
struct ConvTransposeKernel: Operator {
  private let filters: [Int]
  private let weight: Tensor
  private let packed: TransposedConvolution2D?

  /// Whether a node of this kind, with these weights, is such a one.
  static func suits(_ node: Node, _ filters: [Int]) -> Bool {
    func ints(_ name: String, _ expected: [Int]) -> Bool {
      guard let attribute = node.attributes[name] else { return false }
      if case .ints(let values) = attribute { return values.map { Int($0) } == expected }
      return false
    }
    func isDefault(_ name: String, _ value: Int) -> Bool {
      guard let attribute = node.attributes[name] else { return true }
      if case .ints(let values) = attribute { return values.allSatisfy { Int($0) == value } }
      return false
    }
    if case .int(let group) = node.attributes["group"], group != 1 { return false }
    return filters.count == 4 && filters.allSatisfy { $0 > 0 }
      && ints("strides", Array(filters[2...]))
      && node.attributes["output_shape"] == nil && node.attributes["auto_pad"] == nil
      && isDefault("pads", 0) && isDefault("output_padding", 0) && isDefault("dilations", 1)
  }

  init(_ context: OperatorContext) throws(GraphError) {
    guard let weight = context.constant(1), weight.dataType == .fp32, weight.shape.count == 4,
      weight.elementCount > 0
    else {
      throw GraphError(
        code: .invalidGraph, message: "ConvTransposeNHWC needs constant FP32 weights of rank 4")
    }
    self.weight = weight
    filters = weight.shape
    let bias = context.constant(2)
    guard bias.map({ $0.dataType == .fp32 && $0.shape == [weight.shape[1]] }) ?? true else {
      throw GraphError(
        code: .shapeMismatch, message: "the bias must be FP32 with \(weight.shape[1]) elements")
    }
    guard context.packsWeights else {
      packed = nil
      return
    }
    packed = TransposedConvolution2D(
      kernelHeight: filters[2], kernelWidth: filters[3], inputChannels: filters[0],
      outputChannels: filters[1],
      weights: weight.storage.base.assumingMemoryBound(to: Float.self),
      bias: bias.map { UnsafePointer($0.storage.base.assumingMemoryBound(to: Float.self)) },
      activation: try FusedActivation(context).epilogue)
  }

  var weightByteCount: Int { packed == nil ? 0 : weight.storage.byteCount }

  /// Weights and bias live in the packed form.
  func reads(input index: Int) -> Bool { index == 0 }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    guard let shape = try inputs.type(0, among: [.fp32]).shape else {
      return [TensorType(.fp32, nil)]
    }
    guard shape.count == 4, shape[3] == filters[0] || shape[3] < 0 else {
      throw GraphError(
        code: .shapeMismatch,
        message: "a transposed convolution in NHWC needs \(filters[0]) channels, got "
          + Shape.describe(shape))
    }
    var output = [shape[0], -1, -1, filters[1]]
    for axis in 1...2 where shape[axis] >= 0 {
      let (size, overflow) = shape[axis].multipliedReportingOverflow(by: filters[axis + 1])
      guard !overflow else {
        throw GraphError(code: .shapeOverflow, message: "the output's size overflows")
      }
      output[axis] = size
    }
    return [TensorType(.fp32, output)]
  }

  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) throws(GraphError) -> Double {
    guard let shape = outputs[0].shape else { return 0 }
    // The kernels do some 32 multiplications in the time of a plain one.
    return shape.reduce(Double(filters[0])) { $0 * Double($1) } / 32
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, output) = (try operands.input(0), try operands.output())
    guard output.count > 0, let packed else { return nil }
    let (source, target, shape) = (UnsafePointer(input.f32), output.f32, input.shape)
    let threads = operands.threadPool
    return {
      packed.run(
        source, batch: shape[0], height: shape[1], width: shape[2], into: target, threads: threads)
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("ConvTransposeNHWC", domain: FusedAttribute.domain) {
      context throws(GraphError) in
      try ConvTransposeKernel(context)
    }
  }
}
