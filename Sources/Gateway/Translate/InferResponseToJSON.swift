internal import Protocols
internal import RPC

/// Writes an inference answer in the Open Inference Protocol's REST form: tensors as lists in the
/// JSON, flat and row-major, or behind it as bytes where the request asked for that.
struct InferResponseToJSON {
  private(set) var json: [UInt8] = []
  /// What follows the JSON, in order.
  private(set) var binary: [ArraySlice<UInt8>] = []

  /// Tensors of more than `byteCountMax` bytes together are not written as JSON.
  init(
    _ response: Inference.ModelInferResponse, _ form: InferAnswerForm, byteCountMax: Int
  ) throws(RESTError) {
    guard response.outputs.count == response.rawOutputContents.count else {
      throw RESTError(
        .internalError,
        "the service answered \(response.outputs.count) outputs and"
          + " \(response.rawOutputContents.count) contents")
    }
    let outputs = Array(zip(response.outputs, response.rawOutputContents))
    let byteCount = outputs.reduce(0) { $0 + (form.isBinary($1.0.name) ? 0 : $1.1.count) }
    guard byteCount <= byteCountMax else {
      throw RESTError(
        .resourceExhausted,
        "expected at most \(byteCountMax) bytes of outputs as JSON, got \(byteCount): ask for"
          + " 'binary_data'")
    }
    var writer = JSONWriter()
    var failure: RESTError?
    var followers: [ArraySlice<UInt8>] = []
    writer.reserve(256 + byteCount * 2)
    writer.object { writer in
      writer.key("model_name")
      writer.string(response.modelName)
      writer.key("model_version")
      writer.string(response.modelVersion)
      if !response.id.isEmpty {
        writer.key("id")
        writer.string(response.id)
      }
      Self.write(response.parameters, binaryByteCount: nil, to: &writer)
      writer.key("outputs")
      writer.array { writer in
        for (output, contents) in outputs {
          let isBinary = form.isBinary(output.name)
          if isBinary { followers.append(contents) }
          let isWritten = Self.write(output, contents, isBinary: isBinary, to: &writer)
          if !isWritten { failure = Self.unwritable(output) }
        }
      }
    }
    if let failure { throw failure }
    json = writer.bytes
    binary = followers
  }

  private static func unwritable(
    _ output: Inference.ModelInferResponse.OutputTensor
  ) -> RESTError {
    RESTError(
      .invalidArgument,
      "output '\(output.name)': its \(output.datatype) cannot be written as JSON: ask for"
        + " 'binary_data'")
  }

  /// False for contents that JSON has no words for.
  private static func write(
    _ output: Inference.ModelInferResponse.OutputTensor, _ contents: ArraySlice<UInt8>,
    isBinary: Bool, to writer: inout JSONWriter
  ) -> Bool {
    var isWritten = true
    writer.object { writer in
      writer.key("name")
      writer.string(output.name)
      writer.key("datatype")
      writer.string(output.datatype)
      writer.key("shape")
      writer.array { writer in output.shape.forEach { writer.number($0) } }
      write(output.parameters, binaryByteCount: isBinary ? contents.count : nil, to: &writer)
      guard !isBinary else { return }
      writer.key("data")
      writer.array { writer in
        isWritten = contents.withUnsafeBytes { bytes in
          TensorDatatype(output.datatype)?.write(bytes, to: &writer) ?? false
        }
      }
    }
    return isWritten
  }

  private static func write(
    _ parameters: [String: Inference.InferParameter], binaryByteCount: Int?,
    to writer: inout JSONWriter
  ) {
    guard !parameters.isEmpty || binaryByteCount != nil else { return }
    writer.key("parameters")
    writer.object { writer in
      if let binaryByteCount {
        writer.key("binary_data_size")
        writer.number(binaryByteCount)
      }
      for (name, value) in parameters.sorted(by: { $0.key < $1.key }) {
        writer.key(name)
        switch value {
        case .bool(let flag): writer.bool(flag)
        case .int64(let number): writer.number(number)
        case .uint64(let number): writer.number(number)
        case .double(let number): writer.number(number)
        case .string(let text): writer.string(text)
        }
      }
    }
  }
}
