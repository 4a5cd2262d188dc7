internal import Compute

/// A model in GGUF, versions 2 and 3: metadata, and tensors where they lie in the file. Everything
/// is checked when it is opened.
public final class GGUFFile: Sendable {
  /// The format's version.
  public let version: Int
  /// Values by their keys.
  public let metadata: [String: GGUFValue]
  /// Tensors by their names.
  public let tensors: [String: GGUFTensor]
  private let mapping: FileMapping

  /// Maps a file.
  public convenience init(path: String, limits: GGUFLimits = GGUFLimits()) throws(GGUFError) {
    let mapping: FileMapping
    do throws(FileMapping.Failure) {
      mapping = try FileMapping(path: path, copiedByteCountMax: limits.copiedByteCountMax)
    } catch {
      throw GGUFError(.unreadable, "'\(path)' \(error.reason)")
    }
    try self.init(mapping, limits)
  }

  /// Copies a file's bytes.
  public convenience init(
    bytes: [UInt8], limits: GGUFLimits = GGUFLimits()
  ) throws(GGUFError) {
    try self.init(FileMapping(bytes), limits)
  }

  private init(_ mapping: FileMapping, _ limits: GGUFLimits) throws(GGUFError) {
    self.mapping = mapping
    var header = GGUFHeader(mapping, limits)
    try header.read()
    version = header.version
    metadata = header.metadata
    tensors = header.tensors
  }
}

/// What comes before the tensors' data, on its way in.
private struct GGUFHeader {
  private let mapping: FileMapping
  private let limits: GGUFLimits
  private var values: GGUFValueReader
  private(set) var version = 0
  private(set) var metadata: [String: GGUFValue] = [:]
  private(set) var tensors: [String: GGUFTensor] = [:]

  init(_ mapping: FileMapping, _ limits: GGUFLimits) {
    self.mapping = mapping
    self.limits = limits
    values = GGUFValueReader(
      file: mapping, reader: GGUFReader(bytes: mapping.bytes), limits: limits)
  }

  mutating func read() throws(GGUFError) {
    try readVersion()
    // A tensor takes a name, a count of dimensions, one of them, a type and an offset; a value a
    // key, a type and a byte.
    let tensorCount = try values.reader.count(of: 32, limit: limits.tensorCountMax, "tensors")
    let keyCount = try values.reader.count(of: 13, limit: limits.keyCountMax, "keys")
    for _ in 0..<keyCount { try readKey() }
    var places: [TensorPlace] = []
    for _ in 0..<tensorCount { places.append(try readPlace()) }
    try place(places, alignment: try alignment())
  }

  private mutating func readVersion() throws(GGUFError) {
    let magic = try values.reader.take(4)
    guard magic.elementsEqual("GGUF".utf8) else {
      throw GGUFError(.wrongMagic, "expected a file that begins with 'GGUF', got other bytes")
    }
    let number = try values.reader.integer(UInt32.self)
    guard number == 2 || number == 3 else {
      let swapped = number.byteSwapped
      throw GGUFError(
        .unsupportedVersion,
        swapped >= 1 && swapped <= 3
          ? "expected little-endian numbers, got a big-endian file of version \(swapped)"
          : "expected version 2 or 3, got \(number)")
    }
    version = Int(number)
  }

  private mutating func readKey() throws(GGUFError) {
    let key = try values.reader.text(limit: limits.nameByteCountMax, "bytes of a key")
    do throws(GGUFError) {
      guard !key.isEmpty else { throw GGUFError(.malformed, "expected a key, got none") }
      let value = try values.value()
      guard metadata.updateValue(value, forKey: key) == nil else {
        throw GGUFError(.duplicateName, "expected each key once, got it twice")
      }
    } catch { throw error.at(key) }
  }

  private func alignment() throws(GGUFError) -> Int {
    guard let value = metadata["general.alignment"] else { return 32 }
    guard let number = value.int, number >= 8, number.nonzeroBitCount == 1,
      number <= limits.alignmentMax
    else {
      throw GGUFError(
        .malformed,
        "expected a power of two from 8 to \(limits.alignmentMax), got "
          + (value.int.map(String.init) ?? "another value"), at: "general.alignment")
    }
    return number
  }
}

/// What the file says about a tensor, before its place is known to be in the file.
private struct TensorPlace {
  let name: String
  let shape: [Int]
  let format: BlockFormat
  let byteCount: Int
  /// From the beginning of the tensors' data.
  let offset: Int
}

extension GGUFHeader {
  private mutating func readPlace() throws(GGUFError) -> TensorPlace {
    let name = try values.reader.text(limit: limits.nameByteCountMax, "bytes of a name")
    do throws(GGUFError) {
      guard !name.isEmpty else { throw GGUFError(.malformed, "expected a name, got none") }
      let shape = try readShape()
      let format = try GGUFTensorType.format(try values.reader.integer(UInt32.self))
      let offset = try values.reader.integer(UInt64.self)
      // Blocks don't go on from one row to the next.
      guard let last = shape.last, last % format.elementsPerBlock == 0,
        let elements = Shape.elementCount(shape),
        let byteCount = format.byteCount(elementCount: elements)
      else {
        throw GGUFError(
          .tensorMisplaced,
          "expected rows of whole blocks of \(format.elementsPerBlock) elements that fit into "
            + "memory, got \(format) with the shape \(shape)")
      }
      guard let offset = Int(exactly: offset) else {
        throw GGUFError(.tensorMisplaced, "expected an offset in the file, got \(offset)")
      }
      return TensorPlace(
        name: name, shape: shape, format: format, byteCount: byteCount, offset: offset)
    } catch { throw error.at(name) }
  }

  private mutating func readShape() throws(GGUFError) -> [Int] {
    let count = try values.reader.integer(UInt32.self)
    guard count >= 1, count <= UInt32(clamping: limits.dimensionCountMax) else {
      throw GGUFError(
        .limitExceeded, "expected 1 to \(limits.dimensionCountMax) dimensions, got \(count)")
    }
    var shape: [Int] = []
    for _ in 0..<count {
      let size = try values.reader.integer(UInt64.self)
      guard size >= 1, let size = Int(exactly: size) else {
        throw GGUFError(.tensorMisplaced, "expected a size of at least 1, got \(size)")
      }
      shape.append(size)
    }
    // Files have the innermost size first.
    return shape.reversed()
  }

  /// Finds every tensor's bytes: in the file, and nobody else's.
  private mutating func place(_ places: [TensorPlace], alignment: Int) throws(GGUFError) {
    let fileByteCount = mapping.bytes.count
    let begin = (values.reader.offset + alignment - 1) / alignment * alignment
    for place in places {
      let (start, overflow) = place.offset.addingReportingOverflow(begin)
      guard place.offset % alignment == 0 else {
        throw GGUFError(
          .tensorMisplaced,
          "expected an offset that is a multiple of \(alignment), got \(place.offset)",
          at: place.name)
      }
      guard !overflow, start <= fileByteCount, place.byteCount <= fileByteCount - start else {
        throw GGUFError(
          .truncated,
          "expected \(place.byteCount) bytes from \(place.offset) on behind the header, the file "
            + "has \(max(0, fileByteCount - begin)) there", at: place.name)
      }
      let tensor = GGUFTensor(
        name: place.name, shape: place.shape, format: place.format,
        bytes: UnsafeRawBufferPointer(
          rebasing: mapping.bytes[start..<start + place.byteCount]))
      guard tensors.updateValue(tensor, forKey: place.name) == nil else {
        throw GGUFError(.duplicateName, "expected each tensor once, got it twice", at: place.name)
      }
    }
    let sorted = places.sorted { $0.offset < $1.offset }
    for (left, right) in zip(sorted, sorted.dropFirst())
    where left.offset + left.byteCount > right.offset {
      throw GGUFError(
        .tensorMisplaced,
        "expected bytes of its own from \(right.offset) on, '\(left.name)' ends at "
          + "\(left.offset + left.byteCount)", at: right.name)
    }
  }
}
