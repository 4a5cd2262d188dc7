/// GridSample: reads an image of any rank at positions that a grid holds, from -1 to 1.
struct GridSampleOperator: Operator {
  enum Mode: Sendable { case nearest, linear, cubic }
  enum Padding: String, Sendable { case zeros, border, reflection }

  let mode: Mode
  let padding: Padding
  let alignsCorners: Bool

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: DataType.floats)
    let grid = try inputs.type(1, among: DataType.floats)
    guard let shape = type.shape, let size = grid.shape else {
      return [TensorType(type.dataType, nil)]
    }
    let rank = shape.count - 2
    guard (1...3).contains(rank), size.count == shape.count,
      size[rank + 1] == rank || size[rank + 1] < 0,
      size[0] == shape[0] || size[0] < 0 || shape[0] < 0
    else {
      throw GraphError(
        code: .shapeMismatch,
        message: "a grid of \(Shape.describe(size)) does not fit \(Shape.describe(shape))")
    }
    return [TensorType(type.dataType, [shape[0], shape[1]] + size[1...rank])]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, grid) = (try operands.input(0), try operands.input(1))
    let output = try operands.output()
    guard grid.dataType == .fp32 || grid.dataType == input.dataType else {
      throw GraphError(code: .typeMismatch, message: "the grid must be FP32 or as the data")
    }
    if output.count == 0 { return nil }
    if input.count == 0 {
      throw GraphError(code: .shapeMismatch, message: "there is nothing to sample")
    }
    if isPlane(input.dataType, grid.dataType, input.shape) {
      return planeStep(input, grid, output, operands)
    }
    return step(try input.dataType.numeric(), try grid.dataType.numeric(), input, grid, output)
  }

  private func step<T: Element, G: Element>(
    _ type: T.Type, _ gridType: G.Type, _ input: Operand, _ grid: Operand, _ output: Operand
  ) -> Step {
    let rank = input.shape.count - 2
    let sizes = Array(input.shape[2...])
    let plane = Shape.product(input.shape[2...])
    let points = Shape.product(output.shape[2...])
    let (channels, images) = (input.shape[1], input.shape[0])
    let (source, places, target) = (
      input.pointer(T.self), grid.pointer(G.self), output.pointer(T.self)
    )
    let sampler = self
    return {
      for image in 0..<images {
        for point in 0..<points {
          let row = places + (image * points + point) * rank
          var at = (0.0, 0.0, 0.0)
          for axis in 0..<rank {
            // The grid's last number is the first dimension's coordinate.
            let value = sampler.position(row[rank - 1 - axis].asDouble, size: sizes[axis])
            if axis == 0 { at.0 = value } else if axis == 1 { at.1 = value } else { at.2 = value }
          }
          for channel in 0..<channels {
            let start = (image * channels + channel) * plane
            let value = sampler.sample(source + start, sizes, 0, 0, at)
            target[(image * channels + channel) * points + point] = T(converting: value)
          }
        }
      }
    }
  }

  var isNearest: Bool { mode == .nearest }

  /// A normalised coordinate as a position between pixels, pulled inside where padding says so.
  func position(_ normalized: Double, size: Int) -> Double {
    let length = Double(size)
    // Single precision, as the reference has it: it decides which pixel is nearest.
    var x = Double(
      Float(
        alignsCorners
          ? (normalized + 1) / 2 * (length - 1) : ((normalized + 1) * length - 1) / 2))
    if isNearest { x = x.rounded(.toNearestOrEven) }
    guard x.isFinite else { return padding == .zeros ? -1e9 : 0 }
    let (low, high) = bounds(size)
    if x < low || x > high {
      if padding == .border { x = min(max(x, 0), length - 1) }
      if padding == .reflection { x = Self.reflected(x, low, high) }
    }
    return min(max(x, -1e9), 1e9)
  }

  private func bounds(_ size: Int) -> (Double, Double) {
    alignsCorners ? (0, Double(size - 1)) : (-0.5, Double(size) - 0.5)
  }

  private static func reflected(_ x: Double, _ low: Double, _ high: Double) -> Double {
    let span = high - low
    if span <= 0 { return low }
    let distance = x < low ? low - x : x - high
    let turns = (distance / span).rounded(.down)
    let rest = distance - turns * span
    let isEven = turns.truncatingRemainder(dividingBy: 2) == 0
    return (x < low) == isEven ? low + rest : high - rest
  }

  /// The index of a pixel, -1 for one outside that counts as zero.
  func pixel(_ index: Double, size: Int) -> Int {
    if index >= 0 && index <= Double(size - 1) { return Int(index) }
    switch padding {
    case .zeros: return -1
    case .border: return index < 0 ? 0 : size - 1
    case .reflection:
      let (low, high) = bounds(size)
      return Int(Self.reflected(index, low, high), within: 0...size - 1)
    }
  }

  private func sample<T: Element>(
    _ source: UnsafeMutablePointer<T>, _ sizes: [Int], _ axis: Int, _ offset: Int,
    _ at: (Double, Double, Double)
  ) -> Double {
    if axis == sizes.count { return source[offset].asDouble }
    let x = axis == 0 ? at.0 : axis == 1 ? at.1 : at.2
    func read(_ index: Double) -> Double {
      let found = pixel(index, size: sizes[axis])
      return found < 0
        ? 0 : sample(source, sizes, axis + 1, offset * sizes[axis] + found, at)
    }
    let left = x.rounded(.down)
    let ratio = x - left
    switch mode {
    case .nearest: return read(x)
    case .linear:
      // A neighbour of no weight may lie outside.
      return (1 - ratio) * read(left) + (ratio == 0 ? 0 : ratio * read(left + 1))
    case .cubic:
      var sum = 0.0
      for step in -1...2 {
        sum += Self.cubic((Double(step) - ratio).magnitude) * read(left + Double(step))
      }
      return sum
    }
  }

  /// Keys' kernel with the coefficient that the standard fixes.
  static func cubic(_ x: Double) -> Double {
    let a = -0.75
    return x <= 1
      ? ((a + 2) * x - (a + 3)) * x * x + 1 : ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("GridSample") { context throws(GraphError) in
      let mode: Mode
      switch try context.string("mode") ?? "linear" {
      case "linear", "bilinear": mode = .linear
      case "cubic", "bicubic": mode = .cubic
      case "nearest": mode = .nearest
      case let other:
        throw context.unsupported("mode", other, expected: "linear, cubic or nearest")
      }
      let name = try context.string("padding_mode") ?? "zeros"
      guard let padding = Padding(rawValue: name) else {
        throw context.unsupported(
          "padding_mode", name, expected: "zeros, border or reflection")
      }
      return GridSampleOperator(
        mode: mode, padding: padding,
        alignsCorners: try context.bool("align_corners", default: false))
    }
  }
}
