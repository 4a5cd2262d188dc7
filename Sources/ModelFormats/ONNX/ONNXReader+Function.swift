internal import Compute
internal import Protocols

extension ONNXReader {
  /// FunctionProto.
  func function(_ bytes: ArraySlice<UInt8>) throws(ONNXError) -> GraphFunction {
    var function = GraphFunction()
    try fields(of: bytes, "function") { field throws(ONNXError) in
      switch field.number {
      case 1: function.name = try text(field)
      case 4:
        try limit(function.inputs.count, limits.operandCountMax, "inputs of a function")
        function.inputs.append(try text(field))
      case 5:
        try limit(function.outputs.count, limits.operandCountMax, "outputs of a function")
        function.outputs.append(try text(field))
      case 7:
        try limit(function.nodes.count, limits.nodeCountMax, "nodes")
        function.nodes.append(try node(try slice(field), depth: 0))
      case 9:
        let (domain, version) = try opset(try slice(field))
        function.opsets[domain == "ai.onnx" ? "" : domain] = version
      case 10: function.domain = try text(field)
      case 11:
        try limit(function.defaults.count, limits.attributeCountMax, "attributes")
        let (name, value) = try attribute(try slice(field), depth: 0)
        function.defaults[name] = value
      case 13: function.overload = try text(field)
      default: break
      }
    }
    guard !function.name.isEmpty else {
      throw ONNXError(code: .malformed, message: "a function has no name")
    }
    return function
  }
}
