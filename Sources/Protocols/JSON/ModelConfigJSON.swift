public import JSON

/// A model's configuration as JSON, as Triton's clients send it with a load and get it from REST.
public enum ModelConfigJSON {
  private static let type = ".inference.ModelConfig"

  /// The configuration in a text; refused with the path of the first mistake.
  public static func parse(_ text: [UInt8]) throws(JSONError) -> Inference.ModelConfig {
    try message(try JSONValue(parsing: text[...]))
  }

  /// The configuration that a value says.
  public static func message(_ value: JSONValue) throws(JSONError) -> Inference.ModelConfig {
    let bytes = try MessageFromJSON(schema: .inference).message(value, type, path: "")
    do {
      return try Inference.ModelConfig(protobuf: bytes[...])
    } catch {
      throw JSONError(error.message)
    }
  }

  /// The configuration as a value, with every scalar and list, set or not.
  public static func value(_ config: Inference.ModelConfig) throws(ProtobufError) -> JSONValue {
    try JSONFromMessage(schema: .inference).object(config.serialized()[...], type)
  }
}
