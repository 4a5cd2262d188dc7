/// What one step of a plan took, for people who look for where time goes.
public struct StepTime: Sendable {
  /// The operator, such as "Conv"; what passes made has the domain "martlet" in front.
  public var operatorName: String
  /// The node's name, or what it writes.
  public var nodeName: String
  /// Nanoseconds in all runs together.
  public var nanoseconds: Int
}
