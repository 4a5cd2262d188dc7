internal import Glibc

/// What compares a row with a support vector, or with a row of coefficients.
struct SupportVectorKernel: Sendable {
  private enum Kind: String {
    case linear = "LINEAR", poly = "POLY", rbf = "RBF", sigmoid = "SIGMOID"
  }

  private let kind: Kind
  private let gamma: Double
  private let constant: Double
  private let degree: Double

  init(_ context: OperatorContext) throws(GraphError) {
    let name = try context.string("kernel_type") ?? "LINEAR"
    guard let kind = Kind(rawValue: name) else {
      throw context.unsupported("kernel_type", name, expected: "LINEAR, POLY, RBF or SIGMOID")
    }
    self.kind = kind
    let parameters = (try context.floats("kernel_params") ?? []).map(Double.init)
    (gamma, constant, degree) =
      parameters.count == 3 ? (parameters[0], parameters[1], parameters[2]) : (0, 0, 0)
  }

  private init(kind: Kind) {
    self.kind = kind
    (gamma, constant, degree) = (0, 0, 0)
  }

  /// The plain product.
  static let linear = SupportVectorKernel(kind: .linear)

  func callAsFunction(
    _ row: UnsafePointer<Float>, _ vector: UnsafePointer<Float>, _ width: Int
  ) -> Double {
    var (product, distance): (Double, Double) = (0, 0)
    for index in 0..<width {
      let (a, b) = (Double(row[index]), Double(vector[index]))
      product += a * b
      distance += (a - b) * (a - b)
    }
    switch kind {
    case .linear: return product
    case .poly: return pow(gamma * product + constant, degree)
    case .rbf: return exp(-gamma * distance)
    case .sigmoid: return tanh(gamma * product + constant)
    }
  }
}
