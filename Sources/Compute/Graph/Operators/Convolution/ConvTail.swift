/// What the fusion pass left behind a convolution in NHWC, as the node's attributes say it: the
/// types of the operators that were there, in order, and the numbers of those that have one. A sum
/// of two tensors reads the node's input 3.
struct ConvTail: Sendable {
  static let residualInput = 3

  private(set) var operators: [String] = []
  private(set) var numbers: [Float] = []

  static let functions: [String: Elementwise.Unary] = [
    "Relu": .relu, "Sigmoid": .sigmoid, "Tanh": .tanh, "HardSwish": .hardSwish,
    FusedAttribute.silu: .silu,
  ]
  static let operations: [String: Elementwise.Binary] = ["Add": .add, "Mul": .multiply]

  init() {}

  init(_ context: OperatorContext) throws(GraphError) {
    operators = (try context.strings(FusedAttribute.tail) ?? []).map {
      String(decoding: $0, as: UTF8.self)
    }
    numbers = try context.floats(FusedAttribute.tailNumbers) ?? []
  }

  /// Appends an operator; one of two inputs without a number adds the residual.
  mutating func append(_ opType: String, number: Float? = nil) {
    operators.append(opType)
    numbers.append(number ?? .nan)
  }

  var hasResidual: Bool { steps.contains(.residual) }

  var attributes: [String: Attribute] {
    [
      FusedAttribute.tail: .strings(operators.map { Array($0.utf8) }),
      FusedAttribute.tailNumbers: .floats(numbers),
    ]
  }

  /// The kernel's form.
  var steps: [Convolution2D.Tail] {
    zip(operators, numbers).map { name, number in
      if let function = Self.functions[name] { return .function(function) }
      guard !number.isNaN, let operation = Self.operations[name] else { return .residual }
      return .number(operation, number)
    }
  }
}
