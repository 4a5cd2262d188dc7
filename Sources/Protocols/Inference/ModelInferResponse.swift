extension Inference {
  /// The answer to a ``ModelInferRequest``; its tensors are always raw.
  public struct ModelInferResponse: ProtobufMessage, Hashable {
    /// One output; its elements are the entry of ``ModelInferResponse/rawOutputContents`` with the
    /// same index.
    public struct OutputTensor: Sendable, Hashable {
      /// The model's name for it.
      public var name = ""
      /// An Open Inference Protocol datatype, e.g. `FP32`.
      public var datatype = ""
      /// Sizes of the dimensions, outermost first.
      public var shape: [Int64] = []
      /// Parameters of the output.
      public var parameters: [String: InferParameter] = [:]
      /// Typed elements: never sent by Martlet, read for its clients of other servers.
      public var contents: InferTensorContents?

      /// A tensor without a name.
      public init() {}

      /// A tensor whose elements are sent raw.
      public init(name: String, datatype: String, shape: [Int64]) {
        self.name = name
        self.datatype = datatype
        self.shape = shape
      }
    }

    /// The model that answered.
    public var modelName = ""
    /// The version that answered.
    public var modelVersion = ""
    /// The request's.
    public var id = ""
    /// e.g. `triton_final_response`.
    public var parameters: [String: InferParameter] = [:]
    /// The outputs.
    public var outputs: [OutputTensor] = []
    /// Little-endian, row-major, unpadded elements, one entry an output.
    public var rawOutputContents: [ArraySlice<UInt8>] = []

    /// An answer without a model.
    public init() {}
  }

  /// One message of a stream of answers: an answer, or an error that leaves the stream open.
  public struct ModelStreamInferResponse: ProtobufMessage, Hashable {
    /// Empty when there is no error.
    public var errorMessage = ""
    /// The answer; with an error it still holds the request's id.
    public var inferResponse: ModelInferResponse?

    /// Neither answer nor error.
    public init() {}
  }
}

extension Inference.ModelInferResponse {
  /// Reads one answer.
  public init(protobuf bytes: ArraySlice<UInt8>) throws(ProtobufError) {
    var reader = ProtobufReader(bytes)
    while let field = try reader.next() {
      switch field.number {
      case 1: modelName = try field.string()
      case 2: modelVersion = try field.string()
      case 3: id = try field.string()
      case 4: try Inference.InferParameter.readEntry(try field.slice(), into: &parameters)
      case 5: outputs.append(try OutputTensor(protobuf: try field.slice()))
      case 6: rawOutputContents.append(try field.slice())
      default: break
      }
    }
  }

  /// Appends the answer.
  public func serialize(into writer: inout ProtobufWriter) {
    writer.reserve(rawOutputContents.reduce(256) { $0 + $1.count + 10 })
    if !modelName.isEmpty { writer.field(1, string: modelName) }
    if !modelVersion.isEmpty { writer.field(2, string: modelVersion) }
    if !id.isEmpty { writer.field(3, string: id) }
    Inference.InferParameter.write(parameters, 4, to: &writer)
    for output in outputs { writer.message(5) { output.write(to: &$0) } }
    for raw in rawOutputContents { writer.field(6, bytes: raw) }
  }
}

extension Inference.ModelInferResponse.OutputTensor {
  init(protobuf bytes: ArraySlice<UInt8>) throws(ProtobufError) {
    var reader = ProtobufReader(bytes)
    while let field = try reader.next() {
      switch field.number {
      case 1: name = try field.string()
      case 2: datatype = try field.string()
      case 3: try field.appendInt64s(to: &shape)
      case 4: try Inference.InferParameter.readEntry(try field.slice(), into: &parameters)
      case 5:
        var merged = contents ?? Inference.InferTensorContents()
        try merged.merge(try field.slice())
        contents = merged
      default: break
      }
    }
  }

  func write(to writer: inout ProtobufWriter) {
    if !name.isEmpty { writer.field(1, string: name) }
    if !datatype.isEmpty { writer.field(2, string: datatype) }
    writer.field(3, packed: shape)
    Inference.InferParameter.write(parameters, 4, to: &writer)
    if let contents { writer.message(5) { contents.write(to: &$0) } }
  }
}

extension Inference.ModelStreamInferResponse {
  /// Reads one message of the stream.
  public init(protobuf bytes: ArraySlice<UInt8>) throws(ProtobufError) {
    var reader = ProtobufReader(bytes)
    while let field = try reader.next() {
      switch field.number {
      case 1: errorMessage = try field.string()
      case 2: inferResponse = try Inference.ModelInferResponse(protobuf: try field.slice())
      default: break
      }
    }
  }

  /// Appends the message.
  public func serialize(into writer: inout ProtobufWriter) {
    if !errorMessage.isEmpty { writer.field(1, string: errorMessage) }
    if let inferResponse { writer.message(2) { inferResponse.serialize(into: &$0) } }
  }
}
