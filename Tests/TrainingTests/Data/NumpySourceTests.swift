import Compute
import ModelFormats
import TestSupport
import Testing

@testable import Training

@Suite struct NumpySourceTests {
  let folder = ScratchFolder()

  func open(_ bytes: [UInt8], _ name: String) throws -> any ExampleSource {
    folder.write(bytes, name)
    return try DataFile.open("\(folder.path)/\(name)", name: name)
  }

  static func npy(_ header: String, _ data: [UInt8]) -> [UInt8] {
    [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8) + data
  }

  static func bytes(_ source: any ExampleSource, _ column: Int, _ rows: [Int]) throws -> [UInt8] {
    let width = source.columns[column].dataType.elementByteCount!
    var result = [UInt8](
      repeating: 0, count: rows.count * width * source.columns[column].elementCount)
    try result.withUnsafeMutableBytes { target in
      try rows.withUnsafeBufferPointer { rows in
        try source.read(column: column, rows: rows, into: target)
      }
    }
    return result
  }

  /// Written by numpy 1.26: savez_compressed(x=arange(6, dtype=int16).reshape(3, 2), y=[7., 8., 9.]).
  static let matrix = NumpyArray(
    datatype: "INT16", shape: [3, 2], bytes: [0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0])

  @Test func storedArraysAreReadByRow() throws {
    let archive = NumpyArchive([
      .init(name: "x", array: Self.matrix),
      .init(name: "y", array: NumpyArray(datatype: "UINT8", shape: [3], bytes: [7, 8, 9])),
    ])
    let source = try open(try archive.npz(), "training.npz")
    #expect(source.count == 3)
    #expect(
      source.columns == [
        DataColumn(name: "x", dataType: .int16, shape: [2]),
        DataColumn(name: "y", dataType: .uint8, shape: []),
      ])
    #expect(try Self.bytes(source, 0, [2, 0, 2]) == [4, 0, 5, 0, 0, 0, 1, 0, 4, 0, 5, 0])
    #expect(try Self.bytes(source, 1, [1]) == [8])
  }

  @Test func deflatedArraysAreUnpackedAndChecked() throws {
    let file = try Files.read(Self.fixture("compressed.npz"))
    let source = try open(file, "training.npz")
    #expect(source.count == 1000 && source.columns.map(\.name) == ["x", "labels"])
    let row = try Self.bytes(source, 0, [999]).withUnsafeBytes {
      Array($0.bindMemory(to: Float.self))
    }
    #expect(row == [2997, 2998, 2999])
    var texts: [String] = []
    try [0, 3].withUnsafeBufferPointer { texts = try source.texts(column: 1, rows: $0) }
    #expect(texts == ["label0", "label3é"])
    var damaged = file
    damaged[damaged.count / 2] ^= 0x10
    #expect(throws: TrainingError.self) { try open(damaged, "training.npz") }
  }

  @Test func sizesOf64BitsAreRead() throws {
    // numpy's savez writes local headers of this kind for every array.
    let file = try Files.read(Self.fixture("stored.npz"))
    let source = try open(file, "training.npz")
    #expect(source.count == 4 && source.columns[0].dataType == .fp64)
    let values = try Self.bytes(source, 0, [3, 1]).withUnsafeBytes {
      Array($0.bindMemory(to: Double.self))
    }
    #expect(values == [3.5, 1.5])
  }

  static func fixture(_ name: String) -> String {
    #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
      + "/Fixtures/training/\(name)"
  }

  @Test func columnMajorAndBigEndianAreTurned() throws {
    let source = try open(
      Self.npy(
        "{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }\n",
        [0, 1, 0, 4, 0, 2, 0, 5, 0, 3, 0, 6]), "training.npy")
    #expect(source.columns == [DataColumn(name: "x", dataType: .int16, shape: [3])])
    #expect(try Self.bytes(source, 0, [1, 0]) == [4, 0, 5, 0, 6, 0, 1, 0, 2, 0, 3, 0])
  }

  @Test(
    arguments: [
      ("{'descr': '<f4', 'fortran_order': False, 'shape': (), }", [0, 0, 0, 0], "single value"),
      (
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", [0, 0, 0, 0], "8 bytes, got 4"
      ),
      ("{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }", [], "got none"),
      ("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", [0], "NumPy type"),
      (
        "{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 8), }", [],
        "too many"
      ),
    ] as [(String, [UInt8], String)])
  func badFilesSayWhatIsWrong(header: String, data: [UInt8], part: String) {
    let error = #expect(throws: TrainingError.self) {
      try open(Self.npy(header, data), "training.npy")
    }
    #expect(error?.code == .data && error?.message.contains(part) == true, "\(error as Any)")
  }

  @Test func arraysOfDifferentLengthsAreRefused() throws {
    let archive = NumpyArchive([
      .init(name: "x", array: Self.matrix),
      .init(name: "y", array: NumpyArray(datatype: "UINT8", shape: [2], bytes: [7, 8])),
    ])
    let error = #expect(throws: TrainingError.self) { try open(try archive.npz(), "training.npz") }
    #expect(error?.message.contains("3 of 'x' and 2 of 'y'") == true)
  }

  @Test func parquetIsRefusedWithAdvice() {
    let error = #expect(throws: TrainingError.self) { try open([1, 2], "training.parquet") }
    #expect(error?.message.contains(".npz") == true)
  }

  @Test func mutatedFilesNeverTrap() throws {
    let archive = NumpyArchive([.init(name: "a", array: Self.matrix)])
    var fuzz = Fuzz(
      "training-numpy",
      corpus: [
        try Self.matrix.npy(), try archive.npz(), try Files.read(Self.fixture("stored.npz")),
        Array(try Files.read(Self.fixture("compressed.npz"))),
        Self.npy(
          "{'descr': '>U2', 'fortran_order': True, 'shape': (2, 1), }\n",
          [0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4]),
      ])
    fuzz.run(rounds: 1500) { fuzzSource($0, folder, "training.npz") }
  }
}

/// Opens a file, and reads everything if that works.
func fuzzSource(_ bytes: [UInt8], _ folder: ScratchFolder, _ name: String) {
  folder.write(bytes, name)
  guard let source = try? DataFile.open("\(folder.path)/\(name)", name: name) else { return }
  let rows = [0, source.count - 1, source.count / 2]
  for (index, column) in source.columns.enumerated() {
    if column.dataType == .string {
      _ = try? rows.withUnsafeBufferPointer { try source.texts(column: index, rows: $0) }
    } else if column.elementCount < 1 << 20 {
      _ = try? NumpySourceTests.bytes(source, index, rows)
    }
  }
}
