internal import Glibc

/// Adds products with weights that change from run to run and are read in every step of it: they are
/// packed once a run.
final class TurnedProduct<T: GradientElement>: Sendable {
  private let depth: Int
  private let columns: Int
  private let packed: PackedMatrix?
  // Set by `load` and read by `run`, both by the plan's one step that owns this.
  nonisolated(unsafe) private var plain: (base: UnsafeMutablePointer<T>, depth: Int, column: Int)?

  init(depth: Int, columns: Int) {
    (self.depth, self.columns) = (depth, columns)
    guard T.self == Float.self else {
      packed = nil
      return
    }
    var space = PackingSpace()
    packed = PackedMatrix(rowCount: depth, columnCount: columns, kernels: .active, in: &space)
  }

  /// Takes weights [columns, depth], a row of which is `row` elements behind the last one.
  func load(_ weights: UnsafeMutablePointer<T>, row: Int) {
    load(weights, depthStride: 1, columnStride: row)
  }

  /// Takes weights with any strides.
  func load(_ weights: UnsafeMutablePointer<T>, depthStride: Int, columnStride: Int) {
    guard let packed else {
      plain = (weights, depthStride, columnStride)
      return
    }
    let floats = UnsafeRawPointer(weights).assumingMemoryBound(to: Float.self)
    packed.pack(Matrix(floats, rowStride: depthStride, columnStride: columnStride))
  }

  /// Adds rows · weights to `target`.
  func run(
    _ count: Int, _ rows: UnsafeMutablePointer<T>, row: Int, into target: UnsafeMutablePointer<T>,
    row targetRow: Int, _ threads: ThreadPool?
  ) {
    if packed != nil {
      let from = UnsafeRawPointer(rows).assumingMemoryBound(to: Float.self)
      let to = UnsafeMutableRawPointer(target).assumingMemoryBound(to: Float.self)
      multiply(
        count, from, row: row, into: to, row: targetRow, Epilogue(beta: 1), threads: threads)
      return
    }
    guard let plain else { return }
    for index in 0..<count {
      for column in 0..<columns {
        var sum = target[index * targetRow + column]
        for place in 0..<depth {
          sum += rows[index * row + place] * plain.base[place * plain.depth + column * plain.column]
        }
        target[index * targetRow + column] = sum
      }
    }
  }
}

extension TurnedProduct {
  /// The product of single precision, with any epilogue.
  func multiply(
    _ count: Int, _ rows: UnsafePointer<Float>, row: Int, into target: UnsafeMutablePointer<Float>,
    row targetRow: Int, _ epilogue: Epilogue, threads: ThreadPool? = nil
  ) {
    guard let packed else { preconditionFailure("only weights in single precision are packed") }
    SGEMM.run(
      m: count, Matrix(rows, rowStride: row), packed, into: target, rowStride: targetRow,
      epilogue: epilogue, threads: threads)
  }
}

extension GradientElement {
  /// In place.
  static func sigmoid(_ values: UnsafeMutablePointer<Self>, _ count: Int) {
    if Self.self == Float.self {
      let floats = UnsafeMutableRawPointer(values).assumingMemoryBound(to: Float.self)
      Elementwise.unary(.sigmoid, into: floats, floats, count: count)
      return
    }
    for index in 0..<count { values[index] = Self(1 / (1 + exp(-values[index].asDouble))) }
  }

  /// In place.
  static func tanh(_ values: UnsafeMutablePointer<Self>, _ count: Int) {
    if Self.self == Float.self {
      let floats = UnsafeMutableRawPointer(values).assumingMemoryBound(to: Float.self)
      Elementwise.unary(.tanh, into: floats, floats, count: count)
      return
    }
    for index in 0..<count { values[index] = Self(Glibc.tanh(values[index].asDouble)) }
  }

  /// target = A' · B (or added to it), for `rows` of A and B one after the other: sums over them.
  static func sumProducts(
    _ count: Int, _ a: UnsafeMutablePointer<Self>, row aRow: Int, columns m: Int,
    _ b: UnsafeMutablePointer<Self>, row bRow: Int, columns n: Int,
    into target: UnsafeMutablePointer<Self>, _ threads: ThreadPool?
  ) {
    if Self.self == Float.self {
      func floats(_ pointer: UnsafeMutablePointer<Self>) -> UnsafeMutablePointer<Float> {
        UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: Float.self)
      }
      SGEMM.run(
        m: m, n: n, k: count, Matrix(UnsafePointer(floats(a)), rowStride: aRow).transposed,
        Matrix(UnsafePointer(floats(b)), rowStride: bRow), into: floats(target), rowStride: n,
        threads: threads)
      return
    }
    for row in 0..<m {
      for column in 0..<n {
        var sum: Self = 0
        for index in 0..<count { sum += a[index * aRow + row] * b[index * bRow + column] }
        target[row * n + column] = sum
      }
    }
  }
}
