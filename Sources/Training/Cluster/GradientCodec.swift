internal import Compute

/// How numbers travel between workers and servers. What a lossy encoding of gradients leaves out is kept
/// and added to the next ones (error feedback; Seide et al., "1-Bit Stochastic Gradient Descent", 2014;
/// Stich et al., "Sparsified SGD with Memory", 2018).
struct GradientCodec {
  let compression: Distribution.Compression

  /// Encodes gradients.
  /// - Parameter residual: what earlier encodings left out, as many numbers or none yet; afterwards what
  ///   this one did.
  func encode(_ gradient: [Float], residual: inout [Float]) -> EncodedNumbers {
    guard compression != .none else { return EncodedNumbers(gradient[...]) }
    if residual.count != gradient.count {
      residual = [Float](repeating: 0, count: gradient.count)
    }
    residual.withUnsafeMutableBufferPointer { residual in
      gradient.withUnsafeBufferPointer { gradient in
        for index in residual.indices { residual[index] += gradient[index] }
      }
    }
    let encoded: EncodedNumbers
    if case .topK(let fraction) = compression {
      encoded = EncodedNumbers(Self.largest(residual, fraction))
    } else {
      encoded = halves(residual[...])
    }
    // What was encoded is what the other side reads.
    if let read = decode(encoded, count: gradient.count) {
      residual.withUnsafeMutableBufferPointer { residual in
        read.withUnsafeBufferPointer { read in
          for index in residual.indices { residual[index] -= read[index] }
        }
      }
    }
    return encoded
  }

  /// Reads what `encode` wrote; nil if the bytes are not that of `count` numbers.
  func decode(_ numbers: EncodedNumbers, count: Int) -> [Float]? {
    switch compression {
    case .none: return Self.floats(numbers, count: count)
    case .fp16, .bf16: return halves(numbers, count: count)
    case .topK: return numbers.withContiguousBytes { Self.sparse($0, count: count) }
    }
  }

  /// Encodes parameters: as exactly as gradients, and whole.
  func encode(parameters: ArraySlice<Float>) -> EncodedNumbers {
    switch compression {
    case .none, .topK: EncodedNumbers(parameters)
    case .fp16, .bf16: halves(parameters)
    }
  }

  /// Reads what `encode(parameters:)` wrote.
  func decode(parameters numbers: EncodedNumbers, count: Int) -> [Float]? {
    switch compression {
    case .none, .topK: Self.floats(numbers, count: count)
    case .fp16, .bf16: halves(numbers, count: count)
    }
  }

  /// Reads `count` numbers as they are; nil if there are not as many.
  static func floats(_ numbers: EncodedNumbers, count: Int) -> [Float]? {
    guard count <= numbers.byteCount / 4, numbers.byteCount == count * 4 else { return nil }
    if case .floats(let floats)? = numbers.parts.first, floats.count == count {
      return Array(floats)
    }
    return [Float](unsafeUninitializedCapacity: count) { buffer, filled in
      _ = numbers.copy(to: UnsafeMutableRawBufferPointer(buffer))
      filled = count
    }
  }

  private func halves(_ values: ArraySlice<Float>) -> EncodedNumbers {
    let bytes = [UInt8](unsafeUninitializedCapacity: 2 * values.count) { buffer, filled in
      filled = 2 * values.count
      guard let base = buffer.baseAddress else { return }
      let halves = UnsafeMutableRawPointer(base).assumingMemoryBound(to: UInt16.self)
      values.withUnsafeBufferPointer { values in
        guard let first = values.baseAddress else { return }
        if compression == .bf16 {
          Conversion.bfloats(from: first, into: halves, count: values.count)
        } else {
          Self.finiteHalves(values, halves)
        }
      }
    }
    return EncodedNumbers(bytes)
  }

  /// Numbers beyond half precision become its largest: an infinity would spoil the parameters.
  private static func finiteHalves(
    _ values: UnsafeBufferPointer<Float>, _ halves: UnsafeMutablePointer<UInt16>
  ) {
    let block = 1024
    withUnsafeTemporaryAllocation(of: Float.self, capacity: block) { limited in
      for start in stride(from: 0, to: values.count, by: block) {
        let count = min(block, values.count - start)
        for index in 0..<count {
          // NaN stays: no comparison with it is true.
          let value = values[start + index]
          limited[index] = value > 65504 ? 65504 : value < -65504 ? -65504 : value
        }
        Conversion.halves(from: limited.baseAddress!, into: halves + start, count: count)
      }
    }
  }

  private func halves(_ numbers: EncodedNumbers, count: Int) -> [Float]? {
    guard count <= numbers.byteCount / 2, numbers.byteCount == count * 2 else { return nil }
    return numbers.withContiguousBytes { bytes in
      [Float](unsafeUninitializedCapacity: count) { buffer, filled in
        filled = count
        guard let source = bytes.baseAddress, let target = buffer.baseAddress else { return }
        // An array may begin anywhere: a copy of a few lines lies where the kernels read.
        let block = 4096
        withUnsafeTemporaryAllocation(of: UInt16.self, capacity: block) { halves in
          for start in stride(from: 0, to: count, by: block) {
            let size = min(block, count - start)
            UnsafeMutableRawPointer(halves.baseAddress!).copyMemory(
              from: source + 2 * start, byteCount: 2 * size)
            if compression == .bf16 {
              Conversion.floats(
                fromBFloat: halves.baseAddress!, into: target + start, count: size)
            } else {
              Conversion.floats(fromHalf: halves.baseAddress!, into: target + start, count: size)
            }
          }
        }
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

  private static func sparse(_ bytes: UnsafeRawBufferPointer, count: Int) -> [Float]? {
    guard bytes.count % 8 == 0, bytes.count / 8 <= count else { return nil }
    var values = [Float](repeating: 0, count: count)
    var previous = -1
    for start in stride(from: 0, to: bytes.count, by: 8) {
      let place = Int(bytes.loadUnaligned(fromByteOffset: start, as: UInt32.self))
      let bits = bytes.loadUnaligned(fromByteOffset: start + 4, as: UInt32.self)
      guard place > previous, place < count else { return nil }
      values[place] = Float(bitPattern: UInt32(littleEndian: bits))
      previous = place
    }
    return values
  }
}
