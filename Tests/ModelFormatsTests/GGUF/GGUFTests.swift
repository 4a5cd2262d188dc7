import Compute
import ModelFormats
import TestSupport
import Testing

extension GGUFTensor {
  var elements: [Float] {
    [Float](unsafeUninitializedCapacity: elementCount) { buffer, count in
      count = elementCount
      format.dequantize(bytes, into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
    }
  }
}

@Suite struct GGUFTests {
  /// What PyPI gguf's `quants.dequantize` says, to the last bit.
  @Test func everyFormatIsDequantizedAsItsAuthorsDo() throws {
    let file = try GGUFFile(bytes: try Repository.bytes("Tests/Fixtures/gguf/formats.gguf"))
    let expected = try NumpyArchive(
      npz: try Repository.bytes("Tests/Fixtures/gguf/formats.npz")[...])
    #expect(file.tensors.count == BlockFormat.allCases.count)
    for entry in expected.entries {
      let tensor = try #require(file.tensors[entry.name.lowercased()] ?? file.tensors[entry.name])
      #expect(tensor.format.rawValue.lowercased() == entry.name.lowercased())
      #expect(tensor.shape == entry.array.shape)
      let want = entry.array.bytes.withUnsafeBytes { Array($0.bindMemory(to: UInt32.self)) }
      let got = tensor.elements.map(\.bitPattern)
      #expect(got == want, "\(entry.name)")
    }
  }

  @Test(arguments: [2, 3] as [UInt32]) func valuesOfEveryTypeAreRead(version: UInt32) throws {
    var bytes = try Repository.bytes("Tests/Fixtures/gguf/metadata.gguf")
    bytes.replaceSubrange(4..<8, with: GGUFWriter.bytes(version))
    let file = try GGUFFile(bytes: bytes)
    #expect(file.version == Int(version))
    let metadata = file.metadata
    #expect(metadata["general.architecture"]?.string == "test")
    #expect(metadata["a.uint8"]?.int == 200)
    #expect(metadata["a.int8"]?.int == -100)
    #expect(metadata["a.uint16"]?.int == 60_000)
    #expect(metadata["a.int16"]?.int == -30_000)
    #expect(metadata["a.uint32"]?.int == 4_000_000_000)
    #expect(metadata["a.int32"]?.int == -2_000_000_000)
    #expect(metadata["a.uint64"]?.int == nil)
    #expect(metadata["a.uint64"]?.double == 1.8e19)
    #expect(metadata["a.int64"]?.int == -9_000_000_000_000_000_000)
    #expect(metadata["a.float32"]?.double == 0.5)
    #expect(metadata["a.float64"]?.double == 0.1)
    #expect(metadata["a.bool"]?.bool == true)
    #expect(metadata["a.string"]?.string == "Größe ▁ 🦆")
    #expect(metadata["an.array.of.strings"]?.strings == ["<s>", "", "▁the", "🦆"])
    #expect(metadata["an.array.of.int32"]?.ints == [-1, 0, 7])
    #expect(metadata["an.array.of.int32"]?.floats == [-1, 0, 7])
    #expect(metadata["an.array.of.float32"]?.floats == [0.5, -2])
    #expect(metadata["an.array.of.bool"]?.array?.bools == [true, false])
    #expect(metadata["an.array.of.arrays"]?.array?.arrays?.map(\.ints) == [[1, 2], [3]])
    #expect(metadata["an.array.of.arrays"]?.strings == nil)
    #expect(file.tensors["first"]?.elements == [0, 1, 2, 3, 4, 5])
    #expect(file.tensors["first"]?.shape == [2, 3])
    #expect(file.tensors["second"]?.elements == [0, 1, 2, 3, 4])
  }

  @Test func aFileIsMapped() throws {
    let path = Repository.path("Tests/Fixtures/gguf/metadata.gguf")
    let file = try GGUFFile(path: path)
    #expect(file.tensors["first"]?.elements == [0, 1, 2, 3, 4, 5])
    let error = #expect(throws: GGUFError.self) { try GGUFFile(path: path + ".missing") }
    #expect(error?.code == .unreadable)
  }

  @Test func whatIsMissingAtTheEndIsMissed() throws {
    let bytes = try Repository.bytes("Tests/Fixtures/gguf/metadata.gguf")
    for count in 0..<bytes.count {
      // Behind the last tensor is nothing but padding.
      let isWhole = (try? GGUFFile(bytes: Array(bytes[..<count]))) != nil
      #expect(!isWhole || count >= bytes.count - 64 + 10)
    }
  }

  @Test func mutatedFilesNeverTrap() throws {
    var fuzz = Fuzz(
      "gguf",
      corpus: try ["metadata", "formats"].map {
        try Repository.bytes("Tests/Fixtures/gguf/\($0).gguf")
      })
    fuzz.run(rounds: 4000, fuzzGGUF)
  }
}

/// Opens what the bytes turn out to be, and reads all of it.
func fuzzGGUF(_ bytes: [UInt8]) {
  guard let file = try? GGUFFile(bytes: bytes) else { return }
  for value in file.metadata.values {
    _ = (value.int, value.double, value.string, value.strings, value.ints, value.floats)
    _ = (value.array?.bools, value.array?.arrays?.map(\.ints))
  }
  for tensor in file.tensors.values where tensor.elementCount < 1 << 20 { _ = tensor.elements }
}
