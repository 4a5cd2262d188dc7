internal import Compute
internal import ModelFormats

/// The inputs and outputs of `martlet bench serve`.
enum BenchTensors {
  /// The model's inputs from a .npz file.
  static func read(_ path: String, _ model: Model) throws -> [Tensor] {
    do {
      let archive = try NumpyArchive(npz: try FileBytes.read(path)[...])
      return try model.inputs.map { spec in
        guard let array = archive[spec.name] else {
          throw CommandFailure(.badData, "'\(path)' has no array '\(spec.name)'")
        }
        let tensor = array.bytes.withUnsafeBytes {
          Tensor(dataType: spec.dataType, shape: array.shape, copying: $0)
        }
        guard array.datatype == spec.dataType.oipName, let tensor else {
          throw CommandFailure(
            .badData, "'\(spec.name)' must be \(spec.dataType.oipName), got \(array.datatype)")
        }
        return tensor
      }
    } catch let error as NumpyError {
      throw CommandFailure(.badData, "'\(path)': \(error)")
    }
  }

  /// Small positive numbers, so that no model meets denormals or infinities; zeros for other types.
  static func madeUp(_ model: Model, batch: Int) throws -> [Tensor] {
    try model.inputs.map { spec in
      let shape = spec.shape.enumerated().map {
        $0.element >= 0 ? $0.element : ($0.offset == 0 ? batch : 1)
      }
      guard let byteCount = Shape.byteCount(shape, spec.dataType),
        let count = Shape.elementCount(shape)
      else {
        throw CommandFailure(.badData, "input '\(spec.name)' is not a tensor of numbers")
      }
      if spec.dataType == .fp32 {
        return Tensor(fp32: (0..<count).map { Float($0 % 17) / 17 }, shape: shape)
      }
      return [UInt8](repeating: 0, count: byteCount).withUnsafeBytes {
        Tensor(dataType: spec.dataType, shape: shape, copying: $0)!
      }
    }
  }

  /// Writes the outputs of the last run.
  static func write(_ model: Model, _ context: ExecutionContext, to path: String) throws {
    let entries = model.outputs.indices.map { index in
      let view = context.output(index)
      return NumpyArchive.Entry(
        name: model.outputs[index].name,
        array: NumpyArray(
          datatype: view.dataType.oipName, shape: view.shape, bytes: Array(view.bytes)))
    }
    do {
      try FileBytes.write(NumpyArchive(entries).npz(), to: path)
    } catch let error as NumpyError {
      throw CommandFailure(.badData, "'\(path)': \(error)")
    }
  }
}
