internal import Compute
internal import Protocols

extension ONNXReader {
  /// NodeProto.
  func node(_ bytes: ArraySlice<UInt8>, depth: Int) throws(ONNXError) -> Node {
    var inputs: [String] = []
    var outputs: [String] = []
    var (name, opType, domain, overload) = ("", "", "", "")
    var attributeBytes: [ArraySlice<UInt8>] = []
    try fields(of: bytes, "node") { field throws(ONNXError) in
      switch field.number {
      case 1:
        try limit(inputs.count, limits.operandCountMax, "inputs of a node")
        inputs.append(try text(field))
      case 2:
        try limit(outputs.count, limits.operandCountMax, "outputs of a node")
        outputs.append(try text(field))
      case 3: name = try text(field)
      case 4: opType = try text(field)
      case 5:
        try limit(attributeBytes.count, limits.attributeCountMax, "attributes of a node")
        attributeBytes.append(try slice(field))
      case 7: domain = try text(field)
      case 8: overload = try text(field)
      default: break
      }
    }
    var node = Node(
      name: name, opType: opType, domain: domain, inputs: inputs, outputs: outputs)
    node.overload = overload
    guard !opType.isEmpty else {
      throw ONNXError(
        code: .malformed, message: "the node has no operator type",
        location: "node '\(node.displayName)'")
    }
    do throws(ONNXError) {
      for bytes in attributeBytes {
        let (name, value) = try attribute(bytes, depth: depth)
        guard node.attributes.updateValue(value, forKey: name) == nil else {
          throw ONNXError(
            code: .duplicateName, message: "attribute '\(name)' is given twice")
        }
      }
    } catch {
      throw error.at("node '\(node.displayName)'")
    }
    return node
  }

  /// AttributeProto. `type` says which of the value fields counts; files from before IR
  /// version 2 leave it out, and then the one field present counts.
  func attribute(
    _ bytes: ArraySlice<UInt8>, depth: Int
  ) throws(ONNXError) -> (String, Attribute) {
    var name = ""
    var type: Int64 = 0
    var found: Int64 = 0
    var (float, int, string) = (Float(0), Int64(0), ArraySlice<UInt8>())
    var tensors: [ArraySlice<UInt8>] = []
    var graphs: [ArraySlice<UInt8>] = []
    var typeBytes: ArraySlice<UInt8>?
    var reference = ""
    var (floats, ints, strings) = ([Float](), [Int64](), [[UInt8]]())
    try fields(of: bytes, "attribute") { field throws(ONNXError) in
      switch field.number {
      case 1: name = try text(field)
      case 2: (float, found) = (try self.float(field), 1)
      case 3: (int, found) = (try integer(field), 2)
      case 4: (string, found) = (try slice(field), 3)
      case 5: (tensors, found) = ([try slice(field)], 4)
      case 6: (graphs, found) = ([try slice(field)], 5)
      case 7:
        found = 6
        let raw = try elements(field, width: 4)
        raw.withUnsafeBytes { bytes in
          for offset in stride(from: 0, to: bytes.count, by: 4) {
            floats.append(bytes.loadUnaligned(fromByteOffset: offset, as: Float.self))
          }
        }
      case 8:
        found = 7
        try append(field, to: &ints)
      case 9:
        found = 8
        strings.append(Array(try slice(field)))
      case 10:
        found = 9
        tensors.append(try slice(field))
      case 11:
        found = 10
        graphs.append(try slice(field))
      case 14: typeBytes = try slice(field)
      case 20: type = try integer(field)
      case 21: reference = try text(field)
      default: break
      }
    }
    guard !name.isEmpty else {
      throw ONNXError(code: .malformed, message: "an attribute has no name")
    }
    if !reference.isEmpty { return (name, .reference(reference)) }
    if let typeBytes {
      var value = Graph.Value(name: name, dataType: nil, shape: nil)
      try self.type(typeBytes, &value, depth: 0)
      return (name, value.dataType.map { .type(value.form, $0) } ?? .other("type"))
    }
    switch type != 0 ? type : found {
    case 1: return (name, .float(float))
    case 2: return (name, .int(int))
    case 3: return (name, .string(Array(string)))
    case 4, 5:
      guard let first = (type == 5 ? graphs : tensors).first ?? graphs.first else {
        throw ONNXError(code: .malformed, message: "attribute '\(name)' has no value")
      }
      if type == 5 || (type == 0 && found == 5) {
        return (name, .graph(try graph(first, depth: depth + 1)))
      }
      return (name, .tensor(try tensor(first).1))
    case 6: return (name, .floats(floats))
    case 7: return (name, .ints(ints))
    case 8: return (name, .strings(strings))
    case 9:
      var values: [Tensor] = []
      for bytes in tensors { values.append(try tensor(bytes).1) }
      return (name, .tensors(values))
    case 10:
      var values: [Graph] = []
      for bytes in graphs { values.append(try graph(bytes, depth: depth + 1)) }
      return (name, .graphs(values))
    default: return (name, .other("kind \(type)"))
    }
  }
}
