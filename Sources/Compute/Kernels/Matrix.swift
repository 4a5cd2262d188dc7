internal import CKernels

/// A borrowed f32 matrix in memory: element (i, j) is at `base[i * rowStride + j * columnStride]`.
public struct Matrix {
  /// The first element.
  public var base: UnsafePointer<Float>
  /// Elements from one row to the next.
  public var rowStride: Int
  /// Elements from one column to the next.
  public var columnStride: Int

  /// A matrix with any strides, in elements.
  public init(_ base: UnsafePointer<Float>, rowStride: Int, columnStride: Int = 1) {
    self.base = base
    self.rowStride = rowStride
    self.columnStride = columnStride
  }

  /// The same elements with rows and columns exchanged; nothing is copied.
  public var transposed: Matrix {
    Matrix(base, rowStride: columnStride, columnStride: rowStride)
  }

  /// The matrix without its first rows and columns.
  func dropping(rows: Int, columns: Int) -> Matrix {
    Matrix(
      base + (rows * rowStride + columns * columnStride), rowStride: rowStride,
      columnStride: columnStride)
  }
}

/// How a product reaches C: `alpha * product + beta * c`, plus a bias per column, plus a bias per
/// row, then the activation.
public struct Epilogue {
  /// What a kernel does to a finished element before it writes it.
  public enum Activation: Sendable, Equatable {
    /// Nothing.
    case none
    /// max(x, 0); a NaN stays a NaN.
    case relu
    /// min(max(x, low), high); a NaN stays a NaN.
    case clamp(low: Float, high: Float)
  }

  /// Factor of the product.
  public var alpha: Float
  /// Factor of what C held; with 0, C is not read and may be uninitialised.
  public var beta: Float
  /// One value per column of C.
  public var biasColumn: UnsafePointer<Float>?
  /// One value per row of C.
  public var biasRow: UnsafePointer<Float>?
  /// Applied last.
  public var activation: Activation

  /// C becomes the product, unless told otherwise.
  public init(
    alpha: Float = 1, beta: Float = 0, biasColumn: UnsafePointer<Float>? = nil,
    biasRow: UnsafePointer<Float>? = nil, activation: Activation = .none
  ) {
    self.alpha = alpha
    self.beta = beta
    self.biasColumn = biasColumn
    self.biasRow = biasRow
    self.activation = activation
  }

  /// The kernel's form, for the columns and rows from (row, column) on.
  func kernelEpilogue(row: Int = 0, column: Int = 0) -> ck_epilogue {
    var low: Float = 0
    var high = Float.infinity
    if case .clamp(let lowest, let highest) = activation { (low, high) = (lowest, highest) }
    return ck_epilogue(
      alpha: alpha, beta: beta, biasColumn: biasColumn.map { $0 + column },
      biasRow: biasRow.map { $0 + row }, low: low, high: high, clamps: activation != .none)
  }
}
