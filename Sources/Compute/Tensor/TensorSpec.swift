/// What a model says about one of its inputs or outputs.
public struct TensorSpec: Sendable, Hashable {
  /// The tensor's name in the model.
  public var name: String
  /// The element type.
  public var dataType: DataType
  /// The dimensions, outermost first; -1 where the size is only known at inference.
  public var shape: [Int]
  /// For each dimension the symbolic name the model gives it, such as "batch".
  public var dimensionNames: [String?]

  /// Describes a tensor; dimension names default to none.
  public init(
    name: String, dataType: DataType, shape: [Int], dimensionNames: [String?]? = nil
  ) {
    self.name = name
    self.dataType = dataType
    self.shape = shape
    self.dimensionNames = dimensionNames ?? [String?](repeating: nil, count: shape.count)
  }

  /// Whether a concrete shape has this rank and agrees in every fixed dimension.
  public func accepts(shape concrete: [Int]) -> Bool {
    guard concrete.count == shape.count else { return false }
    for index in 0..<shape.count {
      if concrete[index] < 0 { return false }
      if shape[index] >= 0 && shape[index] != concrete[index] { return false }
    }
    return true
  }
}
