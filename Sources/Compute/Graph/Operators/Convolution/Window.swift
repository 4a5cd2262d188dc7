/// How a kernel slides over the spatial dimensions: the attributes convolution and pooling
/// share, checked.
struct Window: Sendable {
  enum Padding: Sendable { case explicit, sameUpper, sameLower, valid }

  /// nil until the weight's shape says it (Conv may leave it out).
  var kernel: [Int]?
  var strides: [Int]
  var dilations: [Int]
  /// All beginnings, then all ends.
  var pads: [Int]
  var padding: Padding
  var ceils: Bool

  /// One spatial dimension with everything decided.
  struct Axis: Sendable {
    var input: Int
    var output: Int
    var kernel: Int
    var stride: Int
    var dilation: Int
    var padBegin: Int
    var padEnd: Int
  }

  /// Sizes above this cannot be meant, and their products would overflow.
  static let sizeMax = 1 << 24

  init(_ context: OperatorContext) throws(GraphError) {
    kernel = try Self.sizes(context, "kernel_shape", minimum: 1)
    strides = try Self.sizes(context, "strides", minimum: 1) ?? []
    dilations = try Self.sizes(context, "dilations", minimum: 1) ?? []
    pads = try Self.sizes(context, "pads", minimum: 0) ?? []
    ceils = try context.bool("ceil_mode", default: false)
    switch try context.string("auto_pad") ?? "NOTSET" {
    case "NOTSET", "": padding = .explicit
    case "SAME_UPPER": padding = .sameUpper
    case "SAME_LOWER": padding = .sameLower
    case "VALID": padding = .valid
    case let other:
      throw context.unsupported(
        "auto_pad", other, expected: "NOTSET, SAME_UPPER, SAME_LOWER or VALID")
    }
  }

  private static func sizes(
    _ context: OperatorContext, _ name: String, minimum: Int
  ) throws(GraphError) -> [Int]? {
    guard let values = try context.ints(name) else { return nil }
    if let bad = values.first(where: { $0 < minimum || $0 > sizeMax }) {
      throw GraphError(
        code: .invalidAttribute,
        message: "\(name) must be in \(minimum)...\(sizeMax), got \(bad)")
    }
    return values
  }

  /// Decides every spatial axis; an unknown input size gives an unknown output size (-1).
  func axes(_ spatial: [Int], kernel: [Int]) throws(GraphError) -> [Axis] {
    let rank = spatial.count
    guard kernel.count == rank, strides.isEmpty || strides.count == rank,
      dilations.isEmpty || dilations.count == rank, pads.isEmpty || pads.count == 2 * rank
    else {
      throw GraphError(
        code: .invalidAttribute,
        message: "kernel_shape, strides, dilations and pads must fit \(rank) dimensions, "
          + "got \(kernel.count), \(strides.count), \(dilations.count) and \(pads.count)")
    }
    var result: [Axis] = []
    for index in 0..<rank {
      result.append(try axis(spatial[index], kernel[index], index, rank))
    }
    return result
  }

  private func axis(
    _ input: Int, _ kernel: Int, _ index: Int, _ rank: Int
  ) throws(GraphError) -> Axis {
    var axis = Axis(
      input: input, output: -1, kernel: kernel,
      stride: strides.isEmpty ? 1 : strides[index],
      dilation: dilations.isEmpty ? 1 : dilations[index],
      padBegin: 0, padEnd: 0)
    // -1: weights that come as an input of open size.
    guard kernel == -1 || (1...Self.sizeMax).contains(kernel), input <= 1 << 40 else {
      throw GraphError(
        code: .invalidAttribute,
        message: "kernels must be in 1...\(Self.sizeMax), got \(kernel)")
    }
    guard kernel >= 0 else { return axis }
    let reach = (kernel - 1) * axis.dilation + 1
    if padding == .explicit && !pads.isEmpty {
      axis.padBegin = pads[index]
      axis.padEnd = pads[rank + index]
    }
    guard input >= 0 else { return axis }
    if padding == .sameUpper || padding == .sameLower {
      axis.output = (input + axis.stride - 1) / axis.stride
      let total = max((axis.output - 1) * axis.stride + reach - input, 0)
      axis.padBegin = padding == .sameUpper ? total / 2 : total - total / 2
      axis.padEnd = total - axis.padBegin
      return axis
    }
    let room = input + axis.padBegin + axis.padEnd - reach
    guard room >= 0 else {
      throw GraphError(
        code: .shapeMismatch,
        message: "a window of \(reach) does not fit a padded size of "
          + "\(input + axis.padBegin + axis.padEnd)")
    }
    axis.output = (ceils ? (room + axis.stride - 1) / axis.stride : room / axis.stride) + 1
    // A window must start inside the input or its leading padding.
    if ceils && (axis.output - 1) * axis.stride >= input + axis.padBegin { axis.output -= 1 }
    return axis
  }
}
