/// Numbers of any type, read as Double: for parameters that may have another type than the data,
/// and are few.
struct NumberReader {
  private let read: (Int) -> Double
  let count: Int

  init(_ operand: Operand) throws(GraphError) {
    func reader<T: Element>(_ type: T.Type) -> (Int) -> Double {
      let pointer = operand.pointer(T.self)
      return { pointer[$0].asDouble }
    }
    read = operand.dataType == .bool ? reader(UInt8.self) : reader(try operand.dataType.numeric())
    count = operand.count
  }

  subscript(_ index: Int) -> Double { read(index) }

  /// One for all, or one each.
  func shared(_ index: Int) -> Double { read(count == 1 ? 0 : index) }
}

/// Numbers of any type, written from Double.
struct NumberWriter {
  private let write: (Int, Double) -> Void

  init(_ operand: Operand) throws(GraphError) {
    func writer<T: Element>(_ type: T.Type) -> (Int, Double) -> Void {
      let pointer = operand.pointer(T.self)
      return { pointer[$0] = T(converting: $1) }
    }
    write = writer(try operand.dataType.numeric())
  }

  func set(_ index: Int, _ value: Double) { write(index, value) }
}

extension Int {
  /// A number that may be anything as an index: what lies outside becomes the nearest bound, NaN
  /// the lower one.
  init(_ value: Double, within range: ClosedRange<Int>) {
    let (low, high) = (Double(range.lowerBound), Double(range.upperBound))
    self = value > low ? value < high ? Int(value) : range.upperBound : range.lowerBound
  }
}
