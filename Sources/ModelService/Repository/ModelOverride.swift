/// What a load asks to serve instead of what was deployed: another configuration, and, if it brings
/// files, these instead of every deployed version. It holds until the model is loaded, unloaded or
/// deployed again.
public struct ModelOverride: Sendable {
  /// In JSON.
  public var configuration: [UInt8]
  /// By version and name; empty: the deployed versions stay.
  public var files: [Int64: [String: ArraySlice<UInt8>]]

  /// An override by its parts.
  public init(configuration: [UInt8], files: [Int64: [String: ArraySlice<UInt8>]] = [:]) {
    self.configuration = configuration
    self.files = files
  }
}
