/// The input of a classical model: rows of numbers of any type, read as Float.
struct FeatureRows {
  let rowCount: Int
  let width: Int
  private let source: Source

  private enum Source {
    case floats(Operand.Address)
    /// Gives an element, rounded up if asked for.
    case converted((Int, Bool) -> Float)
  }

  /// The rows themselves when they are FP32 already; good for this run.
  var direct: UnsafePointer<Float>? {
    if case .floats(let address) = source { address.f32 } else { nil }
  }

  static let types: [DataType] = [.fp32, .fp64, .int64, .int32]

  /// Rows of a concrete operand; a vector is one row.
  init(_ operand: Operand) {
    (rowCount, width) = Self.sizes(operand.shape)
    switch operand.dataType {
    case .fp64:
      let pointer = operand.pointer(Double.self)
      source = .converted { Self.float(pointer[$0], roundsUp: $1) }
    case .int64:
      let pointer = operand.pointer(Int64.self)
      source = .converted { Self.float(Double(pointer[$0]), roundsUp: $1) }
    case .int32:
      let pointer = operand.pointer(Int32.self)
      source = .converted { Self.float(Double(pointer[$0]), roundsUp: $1) }
    default:
      source = .floats(operand.address)
    }
  }

  /// Whether rows of this type are followed to where the caller has them.
  static func follows(_ inputs: KnownInputs) -> Bool { inputs.types[0]?.dataType == .fp32 }

  /// Rows and columns of a shape; -1 where unknown.
  static func sizes(_ shape: [Int]?) -> (Int, Int) {
    guard let shape, !shape.isEmpty else { return (shape == nil ? -1 : 1, shape == nil ? -1 : 1) }
    if shape.count == 1 { return (1, shape[0]) }
    let rest = shape.dropFirst()
    return (shape[0], rest.contains(-1) ? -1 : Shape.product(rest))
  }

  /// How many rows input 0 has, -1 where unknown; each must have `width` features.
  static func count(
    _ inputs: KnownInputs, width: Int
  ) throws(GraphError) -> Int {
    let (rows, found) = sizes(try inputs.type(0, among: types).shape)
    guard found < 0 || found == width else {
      throw GraphError(
        code: .shapeMismatch, message: "rows must have \(width) features, got \(found)")
    }
    return rows
  }

  /// Copies a row. `roundsUp` rounds wider numbers to the next float instead of the nearest:
  /// x <= threshold then holds for the rounded x exactly when it held before.
  func load(_ row: Int, into target: UnsafeMutablePointer<Float>, roundsUp: Bool = false) {
    switch source {
    case .floats(let address): target.update(from: address.f32 + row * width, count: width)
    case .converted(let element):
      for column in 0..<width { target[column] = element(row * width + column, roundsUp) }
    }
  }

  private static func float(_ value: Double, roundsUp: Bool) -> Float {
    let nearest = Float(value)
    return roundsUp && Double(nearest) < value ? nearest.nextUp : nearest
  }
}
