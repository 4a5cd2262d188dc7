internal import Compute

/// Examples as trees see them: for every feature the order of its values. A value is a code, its place
/// among the feature's different values (or bins of them), so that looking for a split only counts.
///
/// As in scikit-learn, features are single precision; NaN is a missing value.
final class TreeTable: Sendable {
  /// Codes of one feature, as narrow as they can be.
  enum Codes: Sendable {
    case bytes(Memory<UInt8>)
    case shorts(Memory<UInt16>)
    case words(Memory<UInt32>)
  }

  struct Feature: Sendable {
    let codes: Codes
    /// The smallest and the largest value that each code stands for, ascending.
    let low: [Float]
    let high: [Float]
    /// Some examples have no value; their code is `low.count`.
    let hasMissing: Bool
    /// Values name categories: their order means nothing.
    let isCategory: Bool

    /// Whether a split between two codes separates them: scikit-learn takes values this close as equal.
    @inline(__always)
    func separates(_ lower: Int, _ upper: Int) -> Bool { low[upper] > high[lower] + 1e-7 }

    /// The threshold of a split between two codes.
    func threshold(_ lower: Int, _ upper: Int) -> Double {
      Double(high[lower]) / 2 + Double(low[upper]) / 2
    }
  }

  let rowCount: Int
  let features: [Feature]
  /// The names of the categories of text columns, by feature.
  let categoryNames: [Int: [String]]

  /// Reads and codes all features; with `binCountMax`, values are put into at most so many bins of about
  /// as many examples each.
  init(
    _ columns: TrainingColumns, binCountMax: Int?, threads: ThreadPool?
  ) throws(TrainingError) {
    rowCount = columns.count
    let values = try FeatureColumns(columns)
    categoryNames = values.categoryNames
    let (rows, count) = (rowCount, columns.features.count)
    let described = columns.features
    var features = [Feature?](repeating: nil, count: count)
    features.withUnsafeMutableBufferPointer { features in
      // Each task writes its own elements.
      nonisolated(unsafe) let features = features
      let tasks = min(count, 256)
      Tasks.run(tasks, on: threads) { task in
        let coder = FeatureCoder(rowCount: rows)
        for feature in count * task / tasks..<count * (task + 1) / tasks {
          features[feature] = coder.code(
            values.base + feature * rows, isCategory: described[feature].isCategory,
            binCountMax: binCountMax)
        }
      }
    }
    self.features = features.compactMap { $0 }
  }
}

/// All features in memory, one behind the other, in single precision.
private struct FeatureColumns {
  let values: Memory<Float>
  var categoryNames: [Int: [String]] = [:]
  var base: UnsafeMutablePointer<Float> { values.base }

  private static let blockRowCount = 2048

  init(_ columns: TrainingColumns) throws(TrainingError) {
    let rows = columns.count
    guard let count = Shape.elementCount([rows, columns.features.count]) else {
      throw TrainingError(.resources, "\(rows) examples with so many features overflow")
    }
    values = Memory(uninitialized: count)
    var first = 0
    for column in columns.featureColumns {
      let description = columns.source.columns[column]
      let width = description.elementCount
      if description.dataType == .string {
        try readTexts(columns, column, first)
      } else {
        try readNumbers(columns, column, first, width)
      }
      first += width
    }
  }

  private mutating func readTexts(
    _ columns: TrainingColumns, _ column: Int, _ first: Int
  ) throws(TrainingError) {
    guard columns.source.columns[column].elementCount == 1 else {
      throw TrainingError(
        .data,
        "expected one text an example in column '\(columns.source.columns[column].name)', got "
          + "\(columns.source.columns[column].elementCount)")
    }
    let (names, codes) = Categories.ordered(try Categories.texts(columns.source, column))
    categoryNames[first] = names
    for row in 0..<columns.count { base[first * columns.count + row] = Float(codes[row]) }
  }

  private func readNumbers(
    _ columns: TrainingColumns, _ column: Int, _ first: Int, _ width: Int
  ) throws(TrainingError) {
    let rows = columns.count
    let block = Memory<Double>(uninitialized: min(rows, Self.blockRowCount) * width)
    for start in stride(from: 0, to: rows, by: Self.blockRowCount) {
      let range = start..<min(rows, start + Self.blockRowCount)
      try NumberReading.rows([column], of: columns.source, range, into: block.base)
      for element in 0..<width {
        let target = base + (first + element) * rows
        for row in range {
          let value = Float(block.base[(row - start) * width + element])
          guard !value.isInfinite else {
            throw TrainingError(
              .data,
              "expected numbers in the range of single precision, got "
                + "\(block.base[(row - start) * width + element]) as feature "
                + "'\(columns.features[first + element].name)' of example \(row)")
          }
          // Negative zero is zero.
          target[row] = value + 0
        }
      }
    }
  }
}
