import Compute
import Protocols

/// Writes ONNX files for tests, field by field, so that they can be wrong in any way.
enum ONNXWriter {
  typealias Body = (inout ProtobufWriter) -> Void

  static func model(
    opset: Int64 = 17, irVersion: Int64 = 8, extra: Body = { _ in }, graph: Body
  ) -> [UInt8] {
    var writer = ProtobufWriter()
    writer.field(1, int64: irVersion)
    writer.message(7, graph)
    writer.message(8) { $0.field(2, int64: opset) }
    extra(&writer)
    return writer.bytes
  }

  static func node(
    _ opType: String, _ inputs: [String], _ outputs: [String], name: String = "",
    attributes: @escaping Body = { _ in }
  ) -> Body {
    { writer in
      writer.message(1) { node in
        for input in inputs { node.field(1, string: input) }
        for output in outputs { node.field(2, string: output) }
        node.field(3, string: name)
        node.field(4, string: opType)
        attributes(&node)
      }
    }
  }

  /// An input (field 11) or output (12); nil is a symbolic size called "N".
  static func value(
    _ field: Int, _ name: String, _ type: Int64, _ shape: [Int64?]
  ) -> Body {
    { writer in
      writer.message(field) { value in
        value.field(1, string: name)
        value.message(2) { type_ in
          type_.message(1) { tensor in
            tensor.field(1, int64: type)
            tensor.message(2) { dimensions in
              for size in shape {
                dimensions.message(1) { dimension in
                  if let size {
                    dimension.field(1, int64: size)
                  } else {
                    dimension.field(2, string: "N")
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  /// An initialiser with whatever data `body` writes.
  static func initializer(
    _ name: String, _ type: Int64, _ shape: [Int64], _ body: @escaping Body
  ) -> Body {
    { writer in
      writer.message(5) { tensor in
        tensor.field(1, packed: shape)
        tensor.field(2, int64: type)
        tensor.field(8, string: name)
        body(&tensor)
      }
    }
  }

  /// One initialiser and an Identity that passes it out.
  static func constant(
    _ type: Int64, _ shape: [Int64], _ body: @escaping Body
  ) -> [UInt8] {
    model { graph in
      initializer("k", type, shape, body)(&graph)
      node("Identity", ["k"], ["y"])(&graph)
      value(12, "y", type, shape.map { $0 })(&graph)
    }
  }
}
