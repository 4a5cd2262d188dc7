/// Writes a checkpoint: whole numbers and doubles, eight bytes each, and lists of them.
struct CheckpointWriter {
  private(set) var bytes: [UInt8] = []

  /// Begins with what the checkpoint belongs to: another specification does not go on from it.
  init(fingerprint: [UInt8]) { append(fingerprint) }

  mutating func append(_ value: UInt64) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }
  mutating func append(_ value: Int) { append(UInt64(bitPattern: Int64(value))) }
  mutating func append(_ value: Double) { append(value.bitPattern) }
  mutating func append(_ values: [UInt8]) {
    append(values.count)
    bytes += values
  }
  mutating func append(_ values: [Double]) {
    append(values.count)
    for value in values { append(value) }
  }
}

/// Reads what `CheckpointWriter` wrote. Every read beyond the end, and every count that cannot be, is an
/// error.
struct CheckpointReader {
  private let bytes: [UInt8]
  private var offset = 0

  /// nil if the checkpoint is of another specification.
  init?(_ bytes: [UInt8], fingerprint: [UInt8]) throws(TrainingError) {
    self.bytes = bytes
    guard try byteList() == fingerprint else { return nil }
  }

  static var damaged: TrainingError {
    TrainingError(
      .resources, "the checkpoint is damaged or of another version; delete it to start over")
  }

  mutating func word() throws(TrainingError) -> UInt64 {
    guard bytes.count - offset >= 8 else { throw Self.damaged }
    defer { offset += 8 }
    return bytes.withUnsafeBytes {
      UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
  }
  mutating func integer(in range: ClosedRange<Int>) throws(TrainingError) -> Int {
    let value = Int(Int64(bitPattern: try word()))
    guard range.contains(value) else { throw Self.damaged }
    return value
  }
  /// A count of elements that are yet to come, of so many bytes each at least.
  mutating func count(bytesEach: Int) throws(TrainingError) -> Int {
    try integer(in: 0...(bytes.count - offset) / max(1, bytesEach))
  }
  mutating func number() throws(TrainingError) -> Double { Double(bitPattern: try word()) }
  mutating func byteList() throws(TrainingError) -> [UInt8] {
    let count = try count(bytesEach: 1)
    defer { offset += count }
    guard bytes.count - offset >= count else { throw Self.damaged }
    return Array(bytes[offset..<offset + count])
  }
  mutating func numbers() throws(TrainingError) -> [Double] {
    let count = try count(bytesEach: 8)
    var values: [Double] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(try number()) }
    return values
  }
}
