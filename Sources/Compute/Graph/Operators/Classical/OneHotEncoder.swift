/// OneHotEncoder: a new last dimension with a one at the place of each element's category.
struct OneHotEncoder: Operator {
  private enum Categories {
    case numbers([Int64: Int])
    case strings([[UInt8]: Int])
  }

  private let categories: Categories
  private let count: Int
  /// Whether an unknown category gives zeros rather than an error.
  private let allowsUnknown: Bool

  init(_ context: OperatorContext) throws(GraphError) {
    func places<Key: Hashable>(_ keys: [Key]) -> [Key: Int] {
      Dictionary(zip(keys, keys.indices), uniquingKeysWith: { first, _ in first })
    }
    if let strings = try context.strings("cats_strings"), !strings.isEmpty {
      (categories, count) = (.strings(places(strings)), strings.count)
    } else {
      let numbers = (try context.ints("cats_int64s") ?? []).map { Int64($0) }
      (categories, count) = (.numbers(places(numbers)), numbers.count)
    }
    guard count > 0 else {
      throw GraphError(code: .invalidAttribute, message: "OneHotEncoder needs categories, got none")
    }
    allowsUnknown = try context.bool("zeros", default: true)
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type: TensorType
    switch categories {
    case .strings: type = try inputs.type(0, among: [.string])
    case .numbers: type = try inputs.type(0, among: [.int64, .int32, .fp32, .fp64])
    }
    return [TensorType(.fp32, type.shape.map { $0 + [count] })]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, output) = (try operands.input(0), try operands.output())
    let (target, width) = (output.f32, count)
    let numbers = input.strings == nil ? try NumberReader(input) : nil
    let encoder = self
    return { () throws(ExecutionError) in
      for index in 0..<output.count { target[index] = 0 }
      let texts = input.strings.map { StringFraming.elements($0.bytes) ?? [] }
      for index in 0..<input.count {
        let place: Int?
        switch encoder.categories {
        case .strings(let table): place = texts.flatMap { table[$0[index]] }
        case .numbers(let table): place = table[Int64(converting: numbers?[index] ?? 0)]
        }
        guard place != nil || encoder.allowsUnknown else {
          throw ExecutionError(
            code: .invalidValue, message: "element \(index) is none of \(width) categories")
        }
        if let place { target[index * width + place] = 1 }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("OneHotEncoder", domain: "ai.onnx.ml") { context throws(GraphError) in
      try OneHotEncoder(context)
    }
  }
}
