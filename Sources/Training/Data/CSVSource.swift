internal import Compute

/// A table in a .csv file with a line of names: columns of whole numbers (INT64), of numbers (FP32, NaN
/// where a cell is empty) and of texts, which are categories.
///
/// The first 1,000 lines decide: a column is one of numbers if all of its cells are numbers there, and
/// from then on a cell that is none is an error with its line and column.
public final class CSVSource: ExampleSource {
  /// Examples.
  public let count: Int
  /// What each of them holds.
  public let columns: [DataColumn]
  private let values: [CSVColumn]

  init(_ file: MappedData, name: String, beside path: String) throws(TrainingError) {
    var table = try CSVTable(file, name: name, beside: path)
    try table.read()
    count = table.count
    var columns: [DataColumn] = []
    var values: [CSVColumn] = []
    for column in table.columns {
      columns.append(DataColumn(name: column.name, dataType: column.finish(count), shape: []))
      values.append(column)
    }
    (self.columns, self.values) = (columns, values)
  }

  /// Copies one column of some examples.
  public func read(
    column: Int, rows: UnsafeBufferPointer<Int>, into target: UnsafeMutableRawBufferPointer
  ) throws(TrainingError) {
    let width = columns[column].dataType.elementByteCount ?? 0
    precondition(width > 0 && target.count >= rows.count * width, "numbers, and room for them")
    guard let to = target.baseAddress else { return }
    let base = values[column].memory
    for (index, row) in rows.enumerated() {
      precondition(row >= 0 && row < count, "an example of the file")
      (to + index * width).copyMemory(from: base + row * width, byteCount: width)
    }
  }

  /// The texts of one column of some examples.
  public func texts(
    column: Int, rows: UnsafeBufferPointer<Int>
  ) throws(TrainingError) -> [String] {
    let values = values[column]
    precondition(values.kind == .texts && rows.allSatisfy { $0 >= 0 && $0 < count }, "texts")
    return rows.map {
      values.categories[Int(values.memory.load(fromByteOffset: $0 * 4, as: UInt32.self))]
    }
  }
}

/// One column while it is read: eight bytes a cell, which then become what the column's type takes.
final class CSVColumn: @unchecked Sendable {
  // Sendable by hand: nothing is changed once the table is read.
  enum Kind { case integers, reals, texts }

  let name: String
  private let data: MappedData
  /// Where the column's cells are.
  let memory: UnsafeMutableRawPointer
  private(set) var kind: Kind
  /// The texts that occur, by code.
  private(set) var categories: [String] = []
  private var codes: [String: UInt32] = [:]

  /// Different texts of one column.
  static let categoryCountMax = 1_000_000

  /// A column whose cells begin at an offset of what all columns share.
  init(name: String, kind: Kind, data: MappedData, offset: Int) {
    (self.name, self.kind, self.data) = (name, kind, data)
    memory = data.mutableBytes!.baseAddress! + offset
  }

  /// Puts in a number, or nothing; false when it is no number.
  func set(_ row: Int, _ number: CSVNumber) -> Bool {
    switch (number, kind) {
    case (.integer(let value), .integers):
      memory.storeBytes(of: value, toByteOffset: row * 8, as: Int64.self)
    case (.integer(let value), _):
      memory.storeBytes(of: Double(value), toByteOffset: row * 8, as: Double.self)
    case (.real(let value), _): setReal(row, value)
    case (.missing, _): setReal(row, .nan)
    case (.text, _): return false
    }
    return true
  }

  private func setReal(_ row: Int, _ value: Double) {
    if kind == .integers {
      for earlier in 0..<row {
        let whole = memory.load(fromByteOffset: earlier * 8, as: Int64.self)
        memory.storeBytes(of: Double(whole), toByteOffset: earlier * 8, as: Double.self)
      }
      kind = .reals
    }
    memory.storeBytes(of: value, toByteOffset: row * 8, as: Double.self)
  }

  /// Puts in a text; false when there are too many different ones.
  func set(_ row: Int, _ text: String) -> Bool {
    let code: UInt32
    if let known = codes[text] {
      code = known
    } else {
      guard categories.count < Self.categoryCountMax else { return false }
      code = UInt32(categories.count)
      codes[text] = code
      categories.append(text)
    }
    memory.storeBytes(of: code, toByteOffset: row * 4, as: UInt32.self)
    return true
  }

  /// Packs the cells, and says what they are.
  func finish(_ count: Int) -> DataType {
    codes = [:]
    switch kind {
    case .integers: return .int64
    case .texts: return .string
    case .reals:
      // Forwards: what is written lies before what is still to be read.
      for row in 0..<count {
        let value = memory.load(fromByteOffset: row * 8, as: Double.self)
        memory.storeBytes(of: Float(value), toByteOffset: row * 4, as: Float.self)
      }
      return .fp32
    }
  }
}
