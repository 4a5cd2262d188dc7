/// How numbers travel between workers and servers. What a lossy encoding of gradients leaves out is kept
/// and added to the next ones (error feedback; Seide et al., "1-Bit Stochastic Gradient Descent", 2014;
/// Stich et al., "Sparsified SGD with Memory", 2018).
struct GradientCodec {
  let compression: Distribution.Compression

  /// Encodes gradients.
  /// - Parameter residual: what earlier encodings left out, as many numbers or none yet; afterwards what
  ///   this one did.
  func encode(_ gradient: [Float], residual: inout [Float]) -> [UInt8] {
    guard compression != .none else { return Self.bytes(gradient) }
    if residual.count != gradient.count {
      residual = [Float](repeating: 0, count: gradient.count)
    }
    for index in gradient.indices { residual[index] += gradient[index] }
    let encoded: [UInt8]
    if case .topK(let fraction) = compression {
      encoded = Self.largest(residual, fraction)
    } else {
      encoded = Self.halves(residual, compression)
    }
    // What was encoded is what the other side reads.
    if let read = decode(encoded, count: gradient.count) {
      for index in gradient.indices { residual[index] -= read[index] }
    }
    return encoded
  }

  /// Reads what `encode` wrote; nil if the bytes are not that of `count` numbers.
  func decode(_ bytes: [UInt8], count: Int) -> [Float]? {
    switch compression {
    case .none: return Self.floats(bytes, count: count)
    case .fp16, .bf16: return Self.halves(bytes, count: count, compression)
    case .topK: return Self.sparse(bytes, count: count)
    }
  }

  /// Encodes parameters: as exactly as gradients, and whole.
  func encode(parameters: [Float]) -> [UInt8] {
    switch compression {
    case .none, .topK: Self.bytes(parameters)
    case .fp16, .bf16: Self.halves(parameters, compression)
    }
  }

  /// Reads what `encode(parameters:)` wrote.
  func decode(parameters bytes: [UInt8], count: Int) -> [Float]? {
    switch compression {
    case .none, .topK: Self.floats(bytes, count: count)
    case .fp16, .bf16: Self.halves(bytes, count: count, compression)
    }
  }

  static func bytes(_ values: [Float]) -> [UInt8] {
    values.withUnsafeBytes { Array($0) }
  }

  static func floats(_ bytes: [UInt8], count: Int) -> [Float]? {
    guard count <= bytes.count / 4, bytes.count == count * 4 else { return nil }
    return [Float](unsafeUninitializedCapacity: count) { buffer, filled in
      UnsafeMutableRawBufferPointer(buffer).copyBytes(from: bytes)
      filled = count
    }
  }

  private static func halves(
    _ values: [Float], _ compression: Distribution.Compression
  ) -> [UInt8] {
    let isBrain = compression == .bf16
    let halves = values.map { value -> UInt16 in
      // Numbers beyond half precision become its largest: an infinity would spoil the parameters.
      if !isBrain { return Float16(min(max(value, -65504), 65504)).bitPattern }
      let bits = value.bitPattern
      if value.isNaN { return UInt16(bits >> 16) | 0x40 }
      return UInt16((bits &+ 0x7FFF &+ ((bits >> 16) & 1)) >> 16)
    }
    return halves.withUnsafeBytes { Array($0) }
  }

  private static func halves(
    _ bytes: [UInt8], count: Int, _ compression: Distribution.Compression
  ) -> [Float]? {
    guard count <= bytes.count / 2, bytes.count == count * 2 else { return nil }
    return bytes.withUnsafeBytes { bytes in
      (0..<count).map { index in
        let bits = bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
        return compression == .bf16
          ? Float(bitPattern: UInt32(bits) << 16) : Float(Float16(bitPattern: bits))
      }
    }
  }

  /// Pairs of place and number, of the largest numbers; of equal ones the first.
  private static func largest(_ values: [Float], _ fraction: Double) -> [UInt8] {
    let kept = min(values.count, max(1, Int((Double(values.count) * fraction).rounded(.up))))
    let threshold = magnitude(values, rank: kept)
    var places = values.indices.filter { values[$0].magnitude > threshold }
    if places.count < kept {
      places += values.indices.lazy.filter { values[$0].magnitude == threshold }
        .prefix(kept - places.count)
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(places.count * 8)
    for place in places.sorted() {
      withUnsafeBytes(of: UInt32(place).littleEndian) { bytes += $0 }
      withUnsafeBytes(of: values[place].bitPattern.littleEndian) { bytes += $0 }
    }
    return bytes
  }

  /// The `rank`-th largest magnitude (Hoare's selection).
  private static func magnitude(_ values: [Float], rank: Int) -> Float {
    var numbers = values.map(\.magnitude)
    var (low, high, wanted) = (0, numbers.count - 1, rank - 1)
    if numbers.isEmpty { return 0 }
    while low < high {
      let pivot = numbers[(low + high) / 2]
      var (left, right) = (low, high)
      while left <= right {
        while numbers[left] > pivot { left += 1 }
        while numbers[right] < pivot { right -= 1 }
        if left <= right {
          numbers.swapAt(left, right)
          left += 1
          right -= 1
        }
      }
      if wanted <= right {
        high = right
      } else if wanted >= left {
        low = left
      } else {
        break
      }
    }
    wanted = min(wanted, numbers.count - 1)
    return numbers[wanted]
  }

  private static func sparse(_ bytes: [UInt8], count: Int) -> [Float]? {
    guard bytes.count % 8 == 0, bytes.count / 8 <= count else { return nil }
    var values = [Float](repeating: 0, count: count)
    var previous = -1
    for start in stride(from: 0, to: bytes.count, by: 8) {
      let (place, bits) = bytes.withUnsafeBytes {
        (
          $0.loadUnaligned(fromByteOffset: start, as: UInt32.self),
          $0.loadUnaligned(fromByteOffset: start + 4, as: UInt32.self)
        )
      }
      guard Int(place) > previous, Int(place) < count else { return nil }
      values[Int(place)] = Float(bitPattern: UInt32(littleEndian: bits))
      previous = Int(place)
    }
    return values
  }
}
