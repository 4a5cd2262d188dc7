/// The files of one version, lent for as long as the repository says.
public struct VersionFiles {
  /// The longest `config.pbtxt` that is read.
  public static let configurationByteCountMax = 1 << 20
  /// The longest label file that is read.
  public static let labelsByteCountMax = 16 << 20

  /// A path that opens `model.onnx` and lets a loader find files beside it.
  public let modelPath: String
  /// Bytes of all files.
  public let byteCount: UInt64
  private let configurationOverride: WrittenConfiguration?
  private let read: (String, Int) throws(RepositoryError) -> [UInt8]?

  /// `read` gives a file of the version or else of the model, nil when there is none.
  public init(
    modelPath: String, byteCount: UInt64, configurationOverride: WrittenConfiguration? = nil,
    read: @escaping (_ name: String, _ byteCountMax: Int) throws(RepositoryError) -> [UInt8]?
  ) {
    self.modelPath = modelPath
    self.byteCount = byteCount
    self.configurationOverride = configurationOverride
    self.read = read
  }

  /// The configuration of the override in force, or `config.pbtxt` of the version or else of the
  /// model.
  public func configuration() throws(RepositoryError) -> WrittenConfiguration? {
    if let configurationOverride { return configurationOverride }
    let text = try read(DirectoryRepository.configurationFile, Self.configurationByteCountMax)
    return text.map { WrittenConfiguration(.text, $0) }
  }

  /// The content of a label file, of the version or else of the model; nil when there is none.
  public func labels(_ name: String) throws(RepositoryError) -> [UInt8]? {
    guard RepositoryName.isValid(name) else {
      throw RepositoryError(.invalidName, "expected a plain file name for labels, got '\(name)'")
    }
    return try read(name, Self.labelsByteCountMax)
  }
}

extension VersionFiles {
  /// The version's ONNX file; nil when it has none.
  func model(byteCountMax: Int) throws(RepositoryError) -> [UInt8]? {
    try read("model.onnx", byteCountMax)
  }

  /// Whether the version's ONNX file has these bytes.
  func hasModel(_ bytes: [UInt8]) throws(RepositoryError) -> Bool {
    try read("model.onnx", bytes.count) == bytes
  }
}
