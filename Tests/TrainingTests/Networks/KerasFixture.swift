import Compute
import JSON
import ModelFormats
import TestSupport
import Testing

@testable import Training

/// A model of Keras with weights, data and what Keras computes of them.
struct KerasFixture {
  let model: JSONValue
  private let arrays: [String: NumpyArray]

  init(_ name: String) throws {
    let folder = "Tests/TrainingTests/Fixtures/keras/"
    model = try JSONValue(parsing: try Files.read(folder + name + ".json")[...])
    let archive = try NumpyArchive(npz: try Files.read(folder + name + ".npz")[...])
    arrays = Dictionary(uniqueKeysWithValues: archive.entries.map { ($0.name, $0.array) })
  }

  func request(fit: [String: JSONValue]) throws -> TrainingRequest {
    TrainingRequest(
      specification: .object([
        .init("model", model),
        .init("fit", .object(fit.sorted { $0.key < $1.key }.map { .init($0.key, $0.value) })),
      ]), training: ArraySource(["x": try tensor("x"), "y": try tensor("y")]))
  }

  func names(_ prefix: String) -> [String] { arrays.keys.filter { $0.hasPrefix(prefix) } }

  func tensor(_ name: String) throws -> Tensor {
    let array = try #require(arrays[name], "\(name)")
    let type = try #require(DataType(oipName: array.datatype))
    return try #require(
      array.bytes.withUnsafeBytes { Tensor(dataType: type, shape: array.shape, copying: $0) })
  }

  func floats(_ name: String) throws -> [Float] { try tensor(name).elements(as: Float.self) }

  /// Gives every parameter the weights that Keras had.
  func load(into memory: ParameterMemory) throws {
    #expect(Set(memory.parameters.map { "w:" + $0.name }) == Set(names("w:")))
    for (index, parameter) in memory.parameters.enumerated() {
      let values = try floats("w:" + parameter.name)
      try #require(values.count == parameter.count, "\(parameter.name)")
      memory.pointer(index).update(from: values, count: values.count)
    }
  }
}

/// Tensors whose first dimension counts examples.
struct ArraySource: ExampleSource {
  private let tensors: [Tensor]
  let columns: [DataColumn]
  let count: Int

  init(_ arrays: [String: Tensor]) {
    let sorted = arrays.sorted { $0.key < $1.key }
    tensors = sorted.map(\.value)
    columns = sorted.map {
      DataColumn(
        name: $0.key, dataType: $0.value.dataType, shape: Array($0.value.shape.dropFirst()))
    }
    count = tensors.first?.shape.first ?? 0
  }

  func read(
    column: Int, rows: UnsafeBufferPointer<Int>, into target: UnsafeMutableRawBufferPointer
  ) throws(TrainingError) {
    let size = columns[column].elementCount * (columns[column].dataType.elementByteCount ?? 1)
    tensors[column].withView { view in
      for (index, row) in rows.enumerated() {
        target[(index * size)..<((index + 1) * size)].copyBytes(
          from: view.bytes[(row * size)..<((row + 1) * size)])
      }
    }
  }

  func texts(column: Int, rows: UnsafeBufferPointer<Int>) throws(TrainingError) -> [String] { [] }
}

extension UnsafeMutableRawBufferPointer.SubSequence {
  func copyBytes(from source: UnsafeRawBufferPointer.SubSequence) {
    UnsafeMutableRawBufferPointer(rebasing: self).copyMemory(
      from: UnsafeRawBufferPointer(rebasing: source))
  }
}
