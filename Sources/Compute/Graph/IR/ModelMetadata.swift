/// What a model's file says about itself beyond its graph.
public struct ModelMetadata: Sendable, Equatable {
  /// The tool that wrote the file, such as "pytorch".
  public var producerName: String
  /// That tool's version.
  public var producerVersion: String
  /// The file's own version number of the model.
  public var modelVersion: Int64
  /// Free text.
  public var documentation: String
  /// Key and value pairs the producer attached.
  public var properties: [String: String]
  /// Names of the classes in the order of the scores, where the file gives them.
  public var classLabels: [String]

  /// Makes metadata; everything may stay empty.
  public init(
    producerName: String = "", producerVersion: String = "", modelVersion: Int64 = 0,
    documentation: String = "", properties: [String: String] = [:], classLabels: [String] = []
  ) {
    self.producerName = producerName
    self.producerVersion = producerVersion
    self.modelVersion = modelVersion
    self.documentation = documentation
    self.properties = properties
    self.classLabels = classLabels
  }
}
