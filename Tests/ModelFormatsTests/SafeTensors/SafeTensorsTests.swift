import Compute
import ModelFormats
import TestSupport
import Testing

@Suite struct SafeTensorsTests {
  /// Written by PyPI safetensors, one tensor of each type that NumPy has.
  @Test func aFileOfEveryTypeIsRead() throws {
    let path = Repository.path("Tests/Fixtures/safetensors/types.safetensors")
    let file = try SafeTensorsFile(path: path)
    #expect(file.metadata == ["format": "np", "note": "Größe 🦆"])
    #expect(file.tensors.count == 13)
    for (name, type, shape) in [
      ("float32", .float32, [2, 3]), ("float16", .float16, [5]), ("float64", .float64, [2]),
      ("int8", .int8, [3]), ("int16", .int16, [3]), ("int32", .int32, [3]), ("int64", .int64, [3]),
      ("uint8", .uint8, [3]), ("uint16", .uint16, [3]), ("uint32", .uint32, [3]),
      ("uint64", .uint64, [3]), ("bool", .bool, [2]), ("none", .float32, [0, 4]),
    ] as [(String, SafeTensorType, [Int])] {
      let tensor = try #require(file.tensors[name])
      #expect(tensor.type == type && tensor.shape == shape)
      #expect(tensor.bytes.count * 8 == tensor.elementCount * type.bitCount)
    }
    #expect(elements(file.tensors["float32"]) == [0, 1, 2, 3, 4, 5])
    #expect(elements(file.tensors["float16"]) == [0, 0.25, 0.5, 0.75, 1])
    #expect(elements(file.tensors["int64"]) == nil)
  }

  @Test func elementsMayLieAtAnyPlace() throws {
    var writer = SafeTensorsWriter()
    writer.member("a", "U8", "[1]", 0, 1)
    writer.member("b", "F32", "[2]", 1, 9)
    writer.data = [7] + [0, 0, 128, 63, 0, 0, 0, 64]
    let file = try SafeTensorsFile(bytes: writer.file)
    #expect(elements(file.tensors["b"]) == [1, 2])
  }

  @Test func aFolderIsReadWholeOrInShards() throws {
    let folder = ScratchFolder()
    folder.write(shard("a", "b"), "model-00001-of-00002.safetensors")
    folder.write(shard("c"), "model-00002-of-00002.safetensors")
    folder.write(index(["a": 1, "b": 1, "c": 2]), SafeTensorsModel.indexName)
    #expect(try SafeTensorsModel(folder: folder.path).tensors.keys.sorted() == ["a", "b", "c"])
    folder.write(shard("whole"), SafeTensorsModel.fileName)
    #expect(try SafeTensorsModel(folder: folder.path).tensors.keys.sorted() == ["whole"])
  }

  @Test func mutatedFilesNeverTrap() throws {
    var writer = SafeTensorsWriter()
    writer.tensor("model.embed_tokens.weight", [4, 4])
    writer.tensor("lm_head.weight", [2, 0])
    var fuzz = Fuzz(
      "safetensors",
      corpus: [
        writer.file, try Repository.bytes("Tests/Fixtures/safetensors/types.safetensors"),
      ])
    fuzz.run(rounds: 4000) { bytes in
      guard let file = try? SafeTensorsFile(bytes: bytes) else { return }
      for tensor in file.tensors.values where tensor.elementCount < 1 << 20 {
        _ = elements(tensor)
        _ = tensor.bytes.reduce(0) { $0 &+ $1 }
      }
    }
  }

  @Test func mutatedIndexesNeverTrap() {
    var fuzz = Fuzz("safetensors-index", corpus: [index(["a": 1, "b": 2]), index([:])])
    fuzz.run(rounds: 4000) { bytes in
      guard let index = try? SafeTensorsIndex(bytes) else { return }
      for file in index.files { precondition(!file.contains("/") && !file.hasPrefix(".")) }
    }
  }
}

/// A file of tensors with two elements each.
func shard(_ names: String...) -> [UInt8] {
  var writer = SafeTensorsWriter()
  for name in names { writer.tensor(name, [2]) }
  return writer.file
}

/// An index by the files' numbers.
func index(_ places: [String: Int]) -> [UInt8] {
  let members = places.map { #""\#($0)": "model-0000\#($1)-of-00002.safetensors""# }
  return Array(
    #"{"metadata": {"total_size": 24}, "weight_map": {\#(members.joined(separator: ", "))}}"#.utf8)
}

private func elements(_ tensor: SafeTensor?) -> [Float]? {
  guard let tensor, let format = tensor.type.format else { return nil }
  return [Float](unsafeUninitializedCapacity: tensor.elementCount) { buffer, count in
    count = tensor.elementCount
    format.dequantize(tensor.bytes, into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
  }
}
