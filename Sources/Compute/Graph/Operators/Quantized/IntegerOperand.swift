internal import CKernels

/// A tensor of 8-bit integers of either sign, less its zero point: one for all, or one each.
struct IntegerOperand {
  private let unsigned: UnsafePointer<UInt8>?
  private let signed: UnsafePointer<Int8>?
  private let count: Int

  init(_ operand: Operand) {
    let isUnsigned = operand.dataType == .uint8
    unsigned = isUnsigned ? UnsafePointer(operand.pointer(UInt8.self)) : nil
    signed = isUnsigned ? nil : UnsafePointer(operand.pointer(Int8.self))
    count = operand.count
  }

  @inline(__always)
  subscript(_ index: Int) -> Int32 {
    if let unsigned { return Int32(unsigned[index]) }
    return signed.map { Int32($0[index]) } ?? 0
  }

  /// As the zero point of a product's right side, from a column on.
  func rightZero(from first: Int = 0) -> IGEMM.RightZero {
    count == 1 ? .one(self[0]) : .each { self[first + $0] }
  }

  /// As a zero point.
  @inline(__always)
  func shared(_ index: Int) -> Int32 { self[count == 1 ? 0 : index] }

  static let types: [DataType] = [.uint8, .int8]

  /// Checks an optional zero point of a tensor's type.
  static func check(_ inputs: KnownInputs, _ index: Int, _ type: DataType) throws(GraphError) {
    if inputs.optional(index) != nil { _ = try inputs.type(index, among: [type]) }
  }
}

/// Where sums of products of 8-bit integers go: as they are, or brought to the scale of an 8-bit
/// output. The one place where quantised operators round.
struct IntegerResult {
  private let sums: UnsafeMutablePointer<Int32>?
  private let unsigned: UnsafeMutablePointer<UInt8>?
  private let signed: UnsafeMutablePointer<Int8>?
  private var scales: (input: NumberReader, weight: NumberReader, output: NumberReader)?
  private var zero: IntegerOperand?

  init(_ output: Operand) {
    sums = output.dataType == .int32 ? output.pointer(Int32.self) : nil
    unsigned = output.dataType == .uint8 ? output.pointer(UInt8.self) : nil
    signed = output.dataType == .int8 ? output.pointer(Int8.self) : nil
  }

  init(
    _ output: Operand, scales: (Operand, Operand, Operand), zero: Operand?
  ) throws(GraphError) {
    self.init(output)
    self.scales = (
      try NumberReader(scales.0), try NumberReader(scales.1), try NumberReader(scales.2)
    )
    self.zero = zero.map { IntegerOperand($0) }
  }

  /// What sums are multiplied by, one factor a column, if that is the same for all rows and each
  /// is a finite number; false otherwise, and for sums that stay what they are.
  func prepare(_ factors: UnsafeMutablePointer<Float>, count: Int) -> Bool {
    guard let scales, scales.input.count == 1 else { return false }
    let (input, output) = (Float(scales.input[0]), Float(scales.output[0]))
    var areFinite = true
    for column in 0..<count {
      factors[column] = input * Float(scales.weight.shared(column)) / output
      areFinite = areFinite && factors[column].isFinite
    }
    return areFinite
  }

  /// Stores the sums of one row, from a column on, at `index` and behind. `factors` are those that
  /// were prepared, nil where they could not be.
  func store(
    _ line: UnsafeMutableBufferPointer<Int32>, at index: Int, row: Int, column: Int,
    factors: UnsafePointer<Float>?
  ) {
    guard let first = line.baseAddress else { return }
    if let factors,
      let target = unsigned.map({ UnsafeMutableRawPointer($0) })
        ?? signed.map({ UnsafeMutableRawPointer($0) })
    {
      Kernels.active.table.pointee.requantize(
        target.assumingMemoryBound(to: UInt8.self) + index, first, factors + column, line.count,
        zero?[0] ?? 0, signed != nil)
    } else if scales == nil, let sums {
      (sums + index).update(from: first, count: line.count)
    } else {
      for place in 0..<line.count {
        store(line[place], at: index + place, row: row, column: column + place)
      }
    }
  }

  /// Stores one sum; `row` and `column` choose among scales that there is one each of.
  func store(_ sum: Int32, at index: Int, row: Int, column: Int) {
    guard let scales else {
      sums?[index] = sum
      return
    }
    let factor =
      Float(scales.input.shared(row)) * Float(scales.weight.shared(column))
      / Float(scales.output[0])
    // Half to even, then the zero point, then saturation.
    let value =
      Double((Float(sum) * factor).rounded(.toNearestOrEven)) + Double(zero?[0] ?? 0)
    unsigned?[index] = UInt8(converting: value)
    signed?[index] = Int8(converting: value)
  }
}
