public import JSON

/// Messages of the inference protocol as JSON, as Triton answers them by REST.
public enum InferenceJSON {
  /// A message as a value, with every scalar and list, set or not. `type` is the message's full
  /// name with a leading dot. Messages with tensors have a form of their own.
  public static func value(
    _ message: ArraySlice<UInt8>, type: String
  ) throws(ProtobufError) -> JSONValue {
    try JSONFromMessage(schema: .inference).object(message, type)
  }
}
