internal import ModelFormats

/// Brings the arrays of a file into a form that examples can be read from: row by row, little-endian.
struct NumpyUnpacker {
  /// An array and where it lies.
  struct UnpackedArray {
    var data: MappedData
    var offset: Int
    var shape: [Int]
    var type: NumpyType
  }

  let file: MappedData
  let fileName: String
  let path: String
  private var left = NumpySource.unpackedByteCountMax

  init(file: MappedData, fileName: String, path: String) {
    (self.file, self.fileName, self.path) = (file, fileName, path)
  }

  func members() throws(TrainingError) -> [NumpyMember] {
    do { return try NumpyMember.all(in: file.bytes) } catch { throw failure(error) }
  }

  mutating func array(_ member: NumpyMember) throws(TrainingError) -> UnpackedArray {
    let (header, type, skipped): (NumpyHeader, NumpyType, Int)
    do throws(NumpyError) {
      let head = try member.head(of: file.bytes)
      header = try NumpyHeader(head[...])
      type = try NumpyType(descriptor: header.descriptor)
      skipped = header.data.startIndex
    } catch {
      throw failure(error, member)
    }
    var byteCount = type.byteCount
    var overflows = false
    for size in header.shape {
      let (product, overflow) = byteCount.multipliedReportingOverflow(by: size)
      (byteCount, overflows) = (product, overflows || overflow)
    }
    guard !overflows, member.byteCount - skipped == byteCount else {
      throw TrainingError(
        .data,
        "'\(fileName)', array '\(member.name)': a \(header.descriptor) array of shape \(header.shape) has "
          + "\(overflows ? "too many" : "\(byteCount)") bytes, got \(member.byteCount - skipped)")
    }
    // Columns of an array of one dimension are its rows.
    let isTurned = header.isFortranOrder && header.shape.count > 1
    var array = UnpackedArray(
      data: file, offset: member.stored.lowerBound + skipped, shape: header.shape, type: type)
    guard member.isDeflated || isTurned || type.isBigEndian && !type.isText && type.byteCount > 1
    else { return array }
    array.data = try unpack(member, skipped, byteCount)
    array.offset = 0
    if type.isBigEndian, !type.isText { swapBytes(array.data, type.byteCount) }
    if isTurned {
      let turned = try room(byteCount)
      Self.turn(array.data.bytes, turned, header.shape, type.byteCount)
      array.data = turned
    }
    return array
  }

  private mutating func room(_ byteCount: Int) throws(TrainingError) -> MappedData {
    guard byteCount <= left else {
      throw TrainingError(
        .data,
        "'\(fileName)' may take \(NumpySource.unpackedByteCountMax) bytes when it is unpacked, and takes "
          + "more: save it with numpy.savez, which needs no unpacking")
    }
    left -= byteCount
    return try MappedData(byteCount: byteCount, beside: path, name: fileName)
  }

  private mutating func unpack(
    _ member: NumpyMember, _ skipped: Int, _ byteCount: Int
  ) throws(TrainingError) -> MappedData {
    let data = try room(byteCount)
    let target = data.mutableBytes ?? UnsafeMutableRawBufferPointer(start: nil, count: 0)
    do {
      try member.unpack(file.bytes, skipping: skipped, into: target)
    } catch { throw failure(error, member) }
    return data
  }

  private func swapBytes(_ data: MappedData, _ width: Int) {
    guard let bytes = data.mutableBytes else { return }
    for start in stride(from: 0, to: bytes.count - width + 1, by: width) {
      for i in 0..<width / 2 { bytes.swapAt(start + i, start + width - 1 - i) }
    }
  }

  /// Copies an array whose first index runs fastest into one whose last one does.
  private static func turn(
    _ source: UnsafeRawBufferPointer, _ target: MappedData, _ shape: [Int], _ size: Int
  ) {
    guard let from = source.baseAddress, let to = target.mutableBytes?.baseAddress else { return }
    var strides: [Int] = []
    var step = size
    for length in shape {
      strides.append(step)
      step *= length
    }
    var index = [Int](repeating: 0, count: shape.count)
    var offset = 0
    for place in stride(from: 0, to: source.count, by: size) {
      (to + place).copyMemory(from: from + offset, byteCount: size)
      for axis in shape.indices.reversed() {
        index[axis] += 1
        offset += strides[axis]
        if index[axis] < shape[axis] { break }
        offset -= strides[axis] * shape[axis]
        index[axis] = 0
      }
    }
  }

  private func failure(_ error: NumpyError, _ member: NumpyMember? = nil) -> TrainingError {
    let place = member.map { $0.name.isEmpty ? "" : ", array '\($0.name)'" } ?? ""
    return TrainingError(.data, "'\(fileName)'\(place): \(error.message)")
  }
}
