public import Protocols

/// Reads `config.pbtxt`.
public enum ModelConfigText {
  /// The configuration written in a text; refused with the place of the first mistake.
  public static func parse(
    _ text: [UInt8]
  ) throws(TextFormatError) -> Inference.ModelConfig {
    let bytes = try TextFormatParser.parse(
      text, as: ".inference.ModelConfig", schema: .inference)
    do {
      return try Inference.ModelConfig(protobuf: bytes)
    } catch {
      throw TextFormatError(line: 1, column: 1, message: error.message)
    }
  }
}
