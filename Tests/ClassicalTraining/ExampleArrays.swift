internal import Compute
public import ModelFormats
public import Training

/// Examples in memory, as an .npz holds them: the first dimension of every array counts them.
public struct ExampleArrays: ExampleSource {
  /// Examples.
  public let count: Int
  /// What each of them holds.
  public let columns: [DataColumn]
  private let arrays: [NumpyArray]
  private let words: [[String]]

  /// Wraps arrays with as many rows each; traps on anything else, because tests write them.
  public init(_ archive: NumpyArchive) {
    arrays = archive.entries.map(\.array)
    count = arrays.first?.shape.first ?? 0
    columns = archive.entries.map {
      DataColumn(
        name: $0.name, dataType: DataType(oipName: $0.array.datatype)!,
        shape: Array($0.array.shape.dropFirst()))
    }
    words = arrays.map { array in
      guard array.datatype == "BYTES" else { return [] }
      return (array.bytes.withUnsafeBytes { StringFraming.elements($0) } ?? [])
        .map { String(decoding: $0, as: UTF8.self) }
    }
  }

  /// Columns of single numbers, and of texts.
  public init(_ columns: [(String, [Double])], texts: [(String, [String])] = []) {
    var archive = NumpyArchive()
    for (name, values) in columns {
      archive.entries.append(
        .init(
          name: name,
          array: NumpyArray(
            datatype: "FP64", shape: [values.count], bytes: values.withUnsafeBytes { Array($0) })))
    }
    for (name, values) in texts {
      archive.entries.append(
        .init(
          name: name,
          array: NumpyArray(
            datatype: "BYTES", shape: [values.count],
            bytes: StringFraming.frame(values.map { Array($0.utf8) }))))
    }
    self.init(archive)
  }

  /// Copies elements.
  public func read(
    column: Int, rows: UnsafeBufferPointer<Int>, into target: UnsafeMutableRawBufferPointer
  ) throws(TrainingError) {
    let size = columns[column].elementCount * (columns[column].dataType.elementByteCount ?? 0)
    arrays[column].bytes.withUnsafeBytes { source in
      for (place, row) in rows.enumerated() where size > 0 {
        UnsafeMutableRawBufferPointer(rebasing: target[place * size..<(place + 1) * size])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[row * size..<(row + 1) * size]))
      }
    }
  }

  /// Texts.
  public func texts(
    column: Int, rows: UnsafeBufferPointer<Int>
  ) throws(TrainingError) -> [String] {
    rows.map { words[column][$0] }
  }
}
