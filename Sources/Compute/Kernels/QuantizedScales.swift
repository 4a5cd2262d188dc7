/// The constants of a product of bytes that is quantised again: scales, zero points and bias.
struct QuantizedScales: Sendable {
  let inputScale: Float
  let inputZero: Int32
  let inputIsSigned: Bool
  /// One for all filters, or one each.
  let weightScales: [Float]
  let outputScale: Float
  let output: ByteRange
  /// One a filter; empty: none.
  let bias: [Int32]

  /// The byte that stands for zero once signed bytes are made unsigned.
  var inputFill: UInt8 { UInt8(truncatingIfNeeded: inputZero + (inputIsSigned ? 128 : 0)) }

  /// Whether every filter's factor is a finite number, as the kernels need it.
  var areFinite: Bool {
    weightScales.indices.allSatisfy { factor($0).isFinite }
  }

  private func factor(_ filter: Int) -> Float {
    inputScale * weightScales[weightScales.count == 1 ? 0 : filter] / outputScale
  }

  /// Offsets and factors of the columns of a packed matrix.
  func columns(of packed: PackedIntegerMatrix) -> (AlignedFloats, AlignedFloats) {
    let panel = packed.kernels.panelColumns
    let count = (packed.columnCount + panel - 1) / panel * panel
    return columns(
      count: count, channel: { $0 < packed.columnCount ? $0 : nil },
      sum: { packed.columnSums[$0] })
  }

  /// Offsets and factors in an order of the kernel's; `sum` is that of a filter's weights.
  func columns(
    count: Int, channel: (Int) -> Int?, sum: (Int) -> Int32
  ) -> (AlignedFloats, AlignedFloats) {
    let (offsets, factors) = (AlignedFloats(count: count), AlignedFloats(count: count))
    for place in 0..<count {
      guard let filter = channel(place) else { continue }
      offsets.integers[place] =
        (bias.isEmpty ? 0 : bias[filter]) &- Int32(inputFill) &* sum(filter)
      factors.base[place] = factor(filter)
    }
    return (offsets, factors)
  }
}
