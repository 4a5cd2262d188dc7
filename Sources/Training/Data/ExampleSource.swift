public import Compute

/// One array of a data set: what each example holds under this name.
public struct DataColumn: Sendable, Equatable {
  /// The array's name in its file, or the column's in the first line of a CSV.
  public var name: String
  /// The element type; texts (`.bytes`) are categories.
  public var dataType: DataType
  /// The shape of one example's part, without the dimension of examples; empty for a number.
  public var shape: [Int]

  /// Describes a column.
  public init(name: String, dataType: DataType, shape: [Int]) {
    self.name = name
    self.dataType = dataType
    self.shape = shape
  }

  /// Elements of one example.
  public var elementCount: Int { shape.reduce(1, *) }
}

/// Examples that training reads by their number, wherever they are: in memory, or in a mapped file that
/// is larger than it. Any number of threads may read.
public protocol ExampleSource: Sendable {
  /// Examples.
  var count: Int { get }
  /// What each of them holds.
  var columns: [DataColumn] { get }
  /// Copies one column of the examples `rows`, in their order, as little-endian elements of the column's
  /// type. The column is not one of texts, `target` holds `rows.count` examples of it.
  func read(column: Int, rows: UnsafeBufferPointer<Int>, into target: UnsafeMutableRawBufferPointer)
    throws(TrainingError)
  /// The texts of one column of the examples `rows`.
  func texts(column: Int, rows: UnsafeBufferPointer<Int>) throws(TrainingError) -> [String]
}
