/// Optional, OptionalHasElement and OptionalGetElement, and Identity of what is no tensor.
enum OptionalOperators {
  static func register(in registry: inout OperatorRegistry) {
    registry.register("Optional") { context throws(GraphError) in
      guard case .type(let form, let dataType) = context.node.attributes["type"] else {
        return ValueFunction(
          types: { inputs throws(GraphError) in
            let type = try inputs.value(0)
            return [TensorType(type.dataType, type.shape, type.form.wrapped)]
          }, function: { call throws(ExecutionError) in [try call.value(0)] })
      }
      return ValueFunction(
        types: { _ in [TensorType(dataType, nil, form.wrapped)] },
        function: { call in [call.optional(0) ?? ModelValue.none] })
    }
    registry.register("OptionalHasElement") { _ in
      ValueFunction(
        types: { _ in [TensorType(.bool, [])] },
        function: { call in
          let isFull: Bool =
            switch call.optional(0) {
            case nil, .some(.none): false
            default: true
            }
          return [.tensor(Tensor([UInt8(isFull ? 1 : 0)], shape: [], dataType: .bool))]
        })
    }
    registry.register("OptionalGetElement") { _ in
      ValueFunction(
        types: { inputs throws(GraphError) in
          let type = try inputs.value(0)
          return [TensorType(type.dataType, type.shape, type.form.unwrapped)]
        },
        function: { call throws(ExecutionError) in
          let value = try call.value(0)
          if case .none = value {
            throw ExecutionError(code: .invalidValue, message: "the optional is empty")
          }
          return [value]
        })
    }
    registry.register("Identity") { context in
      guard let type = context.known.optional(0), type.form != .tensor else {
        return AliasOperator(shape: { inputs throws(GraphError) in try inputs.type(0).shape })
      }
      return ValueFunction(
        types: { inputs throws(GraphError) in [try inputs.value(0)] },
        function: { call throws(ExecutionError) in [try call.value(0)] })
    }
  }
}
