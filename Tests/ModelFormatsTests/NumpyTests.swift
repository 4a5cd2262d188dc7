import ModelFormats
import TestSupport
import Testing

@Suite struct NumpyTests {
  static let matrix = NumpyArray(
    datatype: "INT16", shape: [2, 3], bytes: [1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0])

  static func npy(_ header: String, _ data: [UInt8]) -> [UInt8] {
    [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8) + data
  }

  @Test func arraySurvivesTheRoundTrip() throws {
    for shape in [[2, 3], [6], [1, 2, 3, 1]] {
      var array = Self.matrix
      array.shape = shape
      #expect(try NumpyArray(npy: try array.npy()[...]) == array)
    }
    let scalar = NumpyArray(datatype: "FP64", shape: [], bytes: [0, 0, 0, 0, 0, 0, 0xF0, 0x3F])
    #expect(try NumpyArray(npy: try scalar.npy()[...]) == scalar)
  }

  @Test func dataStartAtAMultipleOf64() throws {
    let file = try Self.matrix.npy()
    #expect((file.count - 12) % 64 == 0)
  }

  @Test func columnMajorAndBigEndianAreTurned() throws {
    let file = Self.npy(
      "{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }\n",
      [0, 1, 0, 4, 0, 2, 0, 5, 0, 3, 0, 6])
    #expect(try NumpyArray(npy: file[...]) == Self.matrix)
  }

  @Test func textBecomesBytesElements() throws {
    let file = Self.npy(
      "{'descr': '<U2', 'fortran_order': False, 'shape': (2,), }\n",
      [0xFC, 0, 0, 0, 0x62, 0, 0, 0, 0x63, 0, 0, 0, 0, 0, 0, 0])
    let array = try NumpyArray(npy: file[...])
    #expect(array.datatype == "BYTES")
    #expect(array.bytes == [3, 0, 0, 0, 0xC3, 0xBC, 0x62, 1, 0, 0, 0, 0x63])
    #expect(try NumpyArray(npy: try array.npy()[...]) == array)
  }

  @Test func archiveSurvivesTheRoundTrip() throws {
    let archive = NumpyArchive([
      .init(name: "a", array: Self.matrix),
      .init(name: "b", array: NumpyArray(datatype: "UINT8", shape: [0], bytes: [])),
    ])
    #expect(try NumpyArchive(npz: try archive.npz()[...]).entries == archive.entries)
  }

  @Test(arguments: [
    ("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", NumpyError.Code.unsupportedType),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", .wrongByteCount),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", .malformed),
    ("{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 8), }", .malformed),
    ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", .unsupportedType),
    ("{}", .malformed),
  ]) func badHeaderIsRefused(header: String, code: NumpyError.Code) {
    let error = #expect(throws: NumpyError.self) {
      try NumpyArray(npy: Self.npy(header, [0, 0, 0, 0])[...])
    }
    #expect(error?.code == code)
  }

  @Test func mutatedFilesNeverTrap() throws {
    let archive = NumpyArchive([.init(name: "a", array: Self.matrix)])
    var fuzz = Fuzz("numpy", corpus: [try Self.matrix.npy(), try archive.npz()])
    fuzz.run(rounds: 8000, fuzzNumpy)
  }
}

/// Every reader of NumPy's files: it may throw, never trap.
func fuzzNumpy(_ bytes: [UInt8]) {
  _ = try? NumpyArray(npy: bytes[...])
  _ = try? NumpyArchive(npz: bytes[...])
}
