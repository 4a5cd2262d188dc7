internal import Compute
internal import ModelFormats

/// The arrays of a .npy or .npz file as columns, in file order: the first dimension counts examples.
///
/// What is stored as it is (np.save, np.savez) is read where it lies. What is deflated
/// (np.savez_compressed), stored column by column or in the other order of bytes is unpacked once, into
/// a file without a name.
public final class NumpySource: ExampleSource {
  private struct Storage {
    var data: MappedData
    /// Where the first example lies.
    var offset: Int
    /// Bytes of one example.
    var stride: Int
    var type: NumpyType
  }

  /// Examples.
  public let count: Int
  /// What each of them holds.
  public let columns: [DataColumn]
  private let storages: [Storage]

  /// What all arrays of a file may take when they are unpacked: a bound against files that are made to
  /// fill a disk.
  static let unpackedByteCountMax = 16 << 30
  /// The array of a .npy file has no name of its own.
  private static let onlyName = "x"

  init(_ file: MappedData, name: String, beside path: String) throws(TrainingError) {
    var unpacker = NumpyUnpacker(file: file, fileName: name, path: path)
    var (columns, storages): ([DataColumn], [Storage]) = ([], [])
    var count = 0
    for member in try unpacker.members() {
      let array = try unpacker.array(member)
      let columnName = member.name.isEmpty ? Self.onlyName : member.name
      guard let first = array.shape.first else {
        throw TrainingError(
          .data,
          "'\(name)', array '\(columnName)': expected a first dimension that counts examples, got a "
            + "single value")
      }
      guard columns.isEmpty || first == count else {
        throw TrainingError(
          .data,
          "'\(name)': expected arrays of as many examples each, got \(count) of '\(columns[0].name)' and "
            + "\(first) of '\(columnName)': keep training and validation data in a file each")
      }
      count = first
      let shape = Array(array.shape.dropFirst())
      guard !columns.contains(where: { $0.name == columnName }),
        let dataType = DataType(oipName: array.type.datatype)
      else { throw TrainingError(.data, "'\(name)': expected arrays of different names") }
      columns.append(DataColumn(name: columnName, dataType: dataType, shape: shape))
      // No overflow: the elements of all examples fit the file.
      let elements = first == 0 ? 0 : shape.reduce(1, *)
      storages.append(
        Storage(
          data: array.data, offset: array.offset, stride: elements * array.type.byteCount,
          type: array.type))
    }
    guard !columns.isEmpty, count > 0 else {
      throw TrainingError(.data, "expected examples in '\(name)', got none")
    }
    (self.columns, self.storages, self.count) = (columns, storages, count)
  }

  /// Copies one column of some examples.
  public func read(
    column: Int, rows: UnsafeBufferPointer<Int>, into target: UnsafeMutableRawBufferPointer
  ) throws(TrainingError) {
    let storage = storages[column]
    let stride = storage.stride
    precondition(!storage.type.isText && target.count >= rows.count * stride, "numbers, and room")
    guard stride > 0, let base = storage.data.bytes.baseAddress, let to = target.baseAddress else {
      return
    }
    for (index, row) in rows.enumerated() {
      precondition(row >= 0 && row < count, "an example of the file")
      (to + index * stride).copyMemory(
        from: base + storage.offset + row * stride, byteCount: stride)
    }
  }

  /// The texts of one column of some examples.
  public func texts(
    column: Int, rows: UnsafeBufferPointer<Int>
  ) throws(TrainingError) -> [String] {
    let storage = storages[column]
    precondition(storage.type.isText, "a column of texts")
    let width = storage.type.byteCount
    var texts: [String] = []
    for row in rows {
      precondition(row >= 0 && row < count, "an example of the file")
      let start = storage.offset + row * storage.stride
      for element in stride(from: start, to: start + storage.stride, by: max(1, width)) {
        texts.append(
          storage.type.text(
            UnsafeRawBufferPointer(rebasing: storage.data.bytes[element..<element + width])))
      }
      if width == 0 { texts.append("") }
    }
    return texts
  }
}
