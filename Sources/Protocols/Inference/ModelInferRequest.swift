extension Inference {
  /// One inference. It is read in place: names become strings, raw tensors stay views into the
  /// message.
  public struct ModelInferRequest: ProtobufMessage, Hashable {
    /// One input: typed ``contents``, or the next of ``ModelInferRequest/rawInputContents``.
    public struct InputTensor: Sendable, Hashable {
      /// The model's name for it.
      public var name = ""
      /// An Open Inference Protocol datatype, e.g. `FP32`.
      public var datatype = ""
      /// Sizes of the dimensions, outermost first.
      public var shape: [Int64] = []
      /// e.g. `shared_memory_region`.
      public var parameters: [String: InferParameter] = [:]
      /// Typed elements, when they are not sent raw.
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

    /// An output asked for by name.
    public struct RequestedOutput: Sendable, Hashable {
      /// The model's name for it.
      public var name = ""
      /// e.g. `classification`.
      public var parameters: [String: InferParameter] = [:]

      /// An output without a name.
      public init() {}

      /// The output of that name.
      public init(name: String) { self.name = name }
    }

    /// The model.
    public var modelName = ""
    /// Its version; empty: the newest.
    public var modelVersion = ""
    /// Returned with the answer.
    public var id = ""
    /// e.g. `timeout`, `priority`, `sequence_id`.
    public var parameters: [String: InferParameter] = [:]
    /// The inputs.
    public var inputs: [InputTensor] = []
    /// The outputs wanted; empty: all.
    public var outputs: [RequestedOutput] = []
    /// Little-endian, row-major, unpadded elements of the inputs, in their order.
    public var rawInputContents: [ArraySlice<UInt8>] = []

    /// A request without a model.
    public init() {}
  }
}

extension Inference.ModelInferRequest {
  /// Reads one request. A second `model_name` is refused: the gateway authorises the first one it
  /// meets, and protobuf would otherwise let the last one win.
  public init(protobuf bytes: ArraySlice<UInt8>) throws(ProtobufError) {
    var reader = ProtobufReader(bytes)
    var hasModelName = false
    while let field = try reader.next() {
      switch field.number {
      case 1:
        guard !hasModelName else {
          throw ProtobufError(.malformed, "expected model_name once, got it twice")
        }
        hasModelName = true
        modelName = try field.string()
      case 2: modelVersion = try field.string()
      case 3: id = try field.string()
      case 4: try Inference.InferParameter.readEntry(try field.slice(), into: &parameters)
      case 5: inputs.append(try InputTensor(protobuf: try field.slice()))
      case 6: outputs.append(try RequestedOutput(protobuf: try field.slice()))
      case 7: rawInputContents.append(try field.slice())
      default: break
      }
    }
  }

  /// Appends the request, the model's name first.
  public func serialize(into writer: inout ProtobufWriter) {
    writer.reserve(rawInputContents.reduce(256) { $0 + $1.count + 10 })
    if !modelName.isEmpty { writer.field(1, string: modelName) }
    if !modelVersion.isEmpty { writer.field(2, string: modelVersion) }
    if !id.isEmpty { writer.field(3, string: id) }
    Inference.InferParameter.write(parameters, 4, to: &writer)
    for input in inputs { writer.message(5) { input.write(to: &$0) } }
    for output in outputs { writer.message(6) { output.write(to: &$0) } }
    for raw in rawInputContents { writer.field(7, bytes: raw) }
  }
}

extension Inference.ModelInferRequest.InputTensor {
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

extension Inference.ModelInferRequest.RequestedOutput {
  init(protobuf bytes: ArraySlice<UInt8>) throws(ProtobufError) {
    var reader = ProtobufReader(bytes)
    while let field = try reader.next() {
      switch field.number {
      case 1: name = try field.string()
      case 2: try Inference.InferParameter.readEntry(try field.slice(), into: &parameters)
      default: break
      }
    }
  }

  func write(to writer: inout ProtobufWriter) {
    if !name.isEmpty { writer.field(1, string: name) }
    Inference.InferParameter.write(parameters, 2, to: &writer)
  }
}
