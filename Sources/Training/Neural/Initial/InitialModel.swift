internal import Compute
internal import ModelFormats

/// A stored model whose weights a network begins with.
public struct InitialModel: Sendable {
  /// What people know it by: "digits:3", or the file's name.
  public var name: String
  /// Where its ONNX file is. Whoever makes the request vouches for it: a description's text alone
  /// opens no file.
  public var path: String

  /// A model by its parts.
  public init(name: String, path: String) {
    (self.name, self.path) = (name, path)
  }

  /// Its weights by the names of layers.
  func weights() throws(TrainingError) -> StoredWeights {
    do {
      return StoredWeights(try ONNX.load(contentsOf: path))
    } catch {
      throw TrainingError(.data, "the initial model \(name) cannot be read: \(error)")
    }
  }
}
