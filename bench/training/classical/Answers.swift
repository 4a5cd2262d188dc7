internal import Compute
internal import ModelFormats

/// What a trained model answers when it is run here: each output as an array.
enum Answers {
  /// Numbers are the columns of the model's features in their order; texts are inputs of their own.
  static func of(_ onnx: [UInt8], _ archive: NumpyArchive) throws -> NumpyArchive {
    let model = try Model(ONNX.load(bytes: onnx))
    let rowCount = archive.entries.first?.array.shape.first ?? 0
    var inputs: [ModelValue] = []
    for input in model.inputs {
      guard input.dataType == .string else {
        inputs.append(.tensor(try numbers(archive, rowCount, width: input.shape[1])))
        continue
      }
      let texts = archive[input.name]?.bytes.withUnsafeBytes { StringFraming.elements($0) } ?? []
      inputs.append(.tensor(Tensor(strings: texts ?? [], shape: [rowCount, 1])))
    }
    let outputs = try model.evaluate(inputs).compactMap(\.tensor)
    return NumpyArchive(
      zip(model.outputs, outputs).map { spec, tensor in
        .init(
          name: spec.name,
          array: NumpyArray(
            datatype: tensor.dataType.oipName, shape: tensor.shape,
            bytes: tensor.storage.withBytes { Array($0) }))
      })
  }

  private static func numbers(
    _ archive: NumpyArchive, _ rowCount: Int, width: Int
  ) throws -> Tensor {
    var columns: [(count: Int, values: [Float])] = []
    for entry in archive.entries where entry.name != "y" && entry.array.datatype != "BYTES" {
      let count = entry.array.shape.dropFirst().reduce(1, *)
      let values = entry.array.bytes.withUnsafeBytes { bytes -> [Float] in
        entry.array.datatype == "FP32"
          ? Array(bytes.bindMemory(to: Float.self))
          : bytes.bindMemory(to: Double.self).map { Float($0) }
      }
      columns.append((count, values))
    }
    var rows: [Float] = []
    for row in 0..<rowCount {
      for column in columns {
        rows += column.values[row * column.count..<(row + 1) * column.count]
      }
    }
    return Tensor(fp32: rows, shape: [rowCount, width])
  }
}
