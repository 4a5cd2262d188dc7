internal import Protocols
internal import RPC

/// Which outputs a client wants behind the JSON, as bytes.
struct InferAnswerForm: Equatable {
  /// Of outputs that say nothing themselves.
  var isBinary = false
  var outputs: [String: Bool] = [:]

  func isBinary(_ output: String) -> Bool { outputs[output] ?? isBinary }
}

/// Reads an inference request of the Open Inference Protocol's REST form, with Triton's extension
/// that lets tensors follow the JSON as bytes. What the answer shall look like stays here; all else
/// becomes the gRPC message, tensors raw. Members without a meaning are ignored, as the protocol's
/// servers do.
struct InferRequestFromJSON {
  private(set) var request = Inference.ModelInferRequest()
  private(set) var form = InferAnswerForm()

  private let text: JSONText
  private let parser: JSONParser
  /// Tensors behind the JSON that are not taken yet.
  private var binary: ArraySlice<UInt8>
  private let byteCountMax: Int

  /// `headerByteCount` is where the JSON ends; nil: with the body. No tensor becomes larger than
  /// `byteCountMax`.
  init(
    _ body: [UInt8], headerByteCount: Int?, endpoint: RESTEndpoint, parser: JSONParser,
    byteCountMax: Int
  ) throws(RESTError) {
    let end = headerByteCount ?? body.count
    guard end <= body.count else {
      throw RESTError(
        .invalidArgument,
        "inference-header-content-length: expected at most the body's \(body.count) bytes, got \(end)"
      )
    }
    text = JSONText(Array(body[..<end]))
    binary = body[end...]
    self.parser = parser
    self.byteCountMax = byteCountMax
    request.modelName = endpoint.model
    request.modelVersion = endpoint.version
    let value: JSONValue
    do { value = try parser.parse(text, leavingArraysNamed: "data") } catch {
      throw RESTError(error)
    }
    guard case .object(let members) = value else {
      throw RESTError(.invalidArgument, "expected an object, got \(value.kind)")
    }
    for member in members { try read(member) }
    guard binary.isEmpty else {
      throw RESTError(
        .invalidArgument,
        "expected the body to end with the last input, got \(binary.count) more bytes")
    }
  }

  private mutating func read(_ member: JSONValue.Member) throws(RESTError) {
    if member.value == .null { return }
    switch member.name {
    case "id": request.id = try member.value.text(at: "id")
    case "parameters":
      for (name, value) in try member.value.members(at: "parameters") {
        if name == "binary_data_output" {
          form.isBinary = try value.flag(at: "parameters.binary_data_output")
        } else if value != .null {
          let parameter = try value.parameter(at: "parameters.\(name.clipped)")
          // JSON can write every id as what it is; gRPC's field is signed, and holds its bits.
          if name == "sequence_id", case .int64(let id) = parameter, id < 0 {
            throw RESTError(
              .invalidArgument, "'parameters.sequence_id': expected 0 or more, got \(id)")
          }
          request.parameters[name] = parameter
        }
      }
    case "inputs":
      for (index, input) in try member.value.list(at: "inputs").enumerated() {
        try readInput(input, "inputs[\(index)]")
      }
    case "outputs":
      for (index, output) in try member.value.list(at: "outputs").enumerated() {
        try readOutput(output, "outputs[\(index)]")
      }
    default: break
    }
  }

  private mutating func readInput(_ value: JSONValue, _ place: String) throws(RESTError) {
    var tensor = Inference.ModelInferRequest.InputTensor()
    var data: JSONValue?
    var binaryByteCount: Int?
    for (name, value) in try value.members(at: place) where value != .null {
      switch name {
      case "name": tensor.name = try value.text(at: "\(place).name")
      case "datatype": tensor.datatype = try value.text(at: "\(place).datatype")
      case "shape":
        tensor.shape = try Self.shape(value, "\(place).shape")
      case "parameters":
        for (name, value) in try value.members(at: "\(place).parameters") where value != .null {
          if name == "binary_data_size" {
            binaryByteCount = Int(try value.size(at: "\(place).parameters.binary_data_size"))
          } else {
            tensor.parameters[name] = try value.parameter(
              at: "\(place).parameters.\(name.clipped)")
          }
        }
      case "data": data = value
      default: break
      }
    }
    let place = "\(place) '\(tensor.name.clipped)'"
    switch (data, binaryByteCount) {
    case (.elements(let range), nil):
      request.rawInputContents.append(try elements(range, tensor, place)[...])
    case (nil, .some(let count)):
      guard count <= binary.count else {
        throw RESTError(
          .invalidArgument,
          "\(place): expected \(count) bytes behind the JSON, got \(binary.count)")
      }
      request.rawInputContents.append(binary.prefix(count))
      binary = binary.dropFirst(count)
    // Where the elements are then is for the service to say.
    case (nil, nil) where tensor.parameters["shared_memory_region"] != nil: break
    case (nil, nil):
      throw RESTError(.invalidArgument, "\(place): expected 'data' or 'binary_data_size'")
    case (.some, .some):
      throw RESTError(
        .invalidArgument, "\(place): expected 'data' or 'binary_data_size', got both")
    case (.some(let value), nil):
      throw RESTError(.invalidArgument, "\(place): 'data': expected a list, got \(value.kind)")
    }
    request.inputs.append(tensor)
  }

  /// More dimensions than any format has.
  private static let dimensionsMax = 64

  private static func shape(_ value: JSONValue, _ place: String) throws(RESTError) -> [Int64] {
    let sizes = try value.list(at: place)
    guard sizes.count <= dimensionsMax else {
      throw RESTError(
        .invalidArgument,
        "'\(place)': expected at most \(dimensionsMax) dimensions, got \(sizes.count)")
    }
    var shape: [Int64] = []
    for size in sizes { shape.append(try size.size(at: place)) }
    return shape
  }

  private func elements(
    _ range: Range<Int>, _ tensor: Inference.ModelInferRequest.InputTensor, _ place: String
  ) throws(RESTError) -> [UInt8] {
    guard let datatype = TensorDatatype(tensor.datatype) else {
      throw RESTError(
        .invalidArgument,
        "\(place): expected a datatype of the protocol, got '\(tensor.datatype.clipped)'")
    }
    let elements: JSONElements
    do {
      elements = try parser.elements(
        range, in: text, as: datatype.element, byteCountMax: byteCountMax)
    } catch {
      throw RESTError(error, in: place)
    }
    var expected = 1
    for size in tensor.shape {
      let (product, overflow) = expected.multipliedReportingOverflow(by: Int(size))
      expected = overflow ? Int.max : product
    }
    let count = elements.count
    guard count == expected else {
      throw RESTError(
        .invalidArgument,
        "\(place): shape \(tensor.shape) needs \(expected) elements, got \(count)")
    }
    let result: Result<[UInt8], RESTError> = elements.withBytes { bytes in
      do throws(RESTError) { return .success(try datatype.narrow(bytes)) } catch {
        return .failure(RESTError(error.code, "\(place): \(error.message)"))
      }
    }
    return try result.get()
  }

  private mutating func readOutput(_ value: JSONValue, _ place: String) throws(RESTError) {
    var output = Inference.ModelInferRequest.RequestedOutput()
    var isBinary: Bool?
    for (name, value) in try value.members(at: place) where value != .null {
      switch name {
      case "name": output.name = try value.text(at: "\(place).name")
      case "parameters":
        for (name, value) in try value.members(at: "\(place).parameters") where value != .null {
          let place = "\(place).parameters.\(name.clipped)"
          if name == "binary_data" {
            isBinary = try value.flag(at: place)
          } else {
            output.parameters[name] = try value.parameter(at: place)
          }
        }
      default: break
      }
    }
    if let isBinary { form.outputs[output.name] = isBinary }
    request.outputs.append(output)
  }
}
