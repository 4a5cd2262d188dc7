internal import ArgumentParser

/// Numbers of the command line. Options that take one read what follows them whatever it looks like,
/// so that -1 is a wrong number and not a missing one.
enum Number {
  /// A whole number that the type can hold.
  static func whole<Value: FixedWidthInteger>(_ text: String) throws -> Value {
    guard let value = Value(text) else {
      throw ValidationError(
        "expected a whole number from \(Value.min) to \(Value.max), got '\(Output.safe(text))'")
    }
    return value
  }

  /// A number that is one.
  static func real<Value: BinaryFloatingPoint & LosslessStringConvertible>(
    _ text: String
  ) throws -> Value {
    guard let value = Value(text), value.isFinite else {
      throw ValidationError("expected a number, got '\(Output.safe(text))'")
    }
    return value
  }
}
