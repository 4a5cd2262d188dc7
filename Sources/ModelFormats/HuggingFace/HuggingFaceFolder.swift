public import JSON

/// A model as Hugging Face's libraries save it: a folder with config.json, safetensors and a tokenizer.
/// What its files say is read; what it means is up to an architecture.
public final class HuggingFaceFolder: Sendable {
  /// What makes a folder a model's.
  public static let configurationName = "config.json"
  static let generationName = "generation_config.json"
  static let tokenizerName = "tokenizer.json"
  static let tokenizerConfigurationName = "tokenizer_config.json"
  static let chatTemplateName = "chat_template.jinja"
  /// Bytes of a small file.
  static let textByteCountMax = 16 << 20
  /// Bytes of tokenizer.json: the largest known ones have 33 MB.
  static let tokenizerByteCountMax = 128 << 20

  /// config.json: an object.
  public let configuration: JSONValue
  /// generation_config.json, if there is one.
  public let generation: JSONValue?
  /// The text of tokenizer.json.
  public let tokenizer: [UInt8]?
  /// The text of tokenizer_config.json.
  public let tokenizerConfiguration: [UInt8]?
  /// chat_template.jinja, which goes before a template in tokenizer_config.json.
  public let chatTemplate: String?
  /// All tensors.
  public let weights: SafeTensorsModel

  /// Reads a folder's small files and maps its large ones.
  public init(
    path: String, limits: SafeTensorsLimits = SafeTensorsLimits()
  ) throws(HuggingFaceError) {
    guard let configuration = try Self.json(path, Self.configurationName) else {
      throw HuggingFaceError("expected \(Self.configurationName) in the folder, got none")
    }
    self.configuration = configuration
    generation = try Self.json(path, Self.generationName)
    tokenizer = try Self.contents(path, Self.tokenizerName, Self.tokenizerByteCountMax)
    tokenizerConfiguration = try Self.contents(path, Self.tokenizerConfigurationName)
    chatTemplate = try Self.contents(path, Self.chatTemplateName).map {
      text throws(HuggingFaceError) in
      guard let template = String(validating: text, as: UTF8.self) else {
        throw HuggingFaceError("\(Self.chatTemplateName): expected UTF-8, got other bytes")
      }
      return template
    }
    do throws(SafeTensorsError) {
      weights = try SafeTensorsModel(folder: path, limits: limits)
    } catch { throw HuggingFaceError(error.description) }
  }

  /// The files of a folder that make its model, and no others: what is sent to a server.
  public static func fileNames(in path: String) throws(HuggingFaceError) -> [String] {
    func has(_ name: String) -> Bool { FileMapping.exists(path + "/" + name) }
    guard has(configurationName) else {
      throw HuggingFaceError("expected \(configurationName) in the folder, got none")
    }
    let optional = [generationName, tokenizerName, tokenizerConfigurationName, chatTemplateName]
    let small = [configurationName] + optional.filter(has)
    if has(SafeTensorsModel.fileName) { return small + [SafeTensorsModel.fileName] }
    guard let text = try contents(path, SafeTensorsModel.indexName, 32 << 20) else {
      throw HuggingFaceError(
        "expected \(SafeTensorsModel.fileName) or \(SafeTensorsModel.indexName) beside "
          + "\(configurationName), got neither"
          + (has("pytorch_model.bin")
            ? "; pytorch_model.bin is not read: save it with safe_serialization=True" : ""))
    }
    let index: SafeTensorsIndex
    do throws(SafeTensorsError) { index = try SafeTensorsIndex(text) } catch {
      throw HuggingFaceError(error.description)
    }
    for file in index.files where !has(file) {
      throw HuggingFaceError(
        "expected '\(file)', which \(SafeTensorsModel.indexName) names, got none")
    }
    return small + [SafeTensorsModel.indexName] + index.files
  }

  private static func json(
    _ path: String, _ name: String
  ) throws(HuggingFaceError) -> JSONValue? {
    guard let text = try contents(path, name) else { return nil }
    let value: JSONValue
    do throws(JSONError) { value = try JSONParser().parse(JSONText(text)) } catch {
      throw HuggingFaceError("\(name): \(error.message)")
    }
    guard case .object = value else {
      throw HuggingFaceError("\(name): expected an object, got \(value.kind)")
    }
    return value
  }

  private static func contents(
    _ path: String, _ name: String, _ byteCountMax: Int = textByteCountMax
  ) throws(HuggingFaceError) -> [UInt8]? {
    guard FileMapping.exists(path + "/" + name) else { return nil }
    do throws(FileMapping.Failure) {
      return try FileMapping.contents(path + "/" + name, byteCountMax: byteCountMax)
    } catch { throw HuggingFaceError("\(name) \(error.reason)") }
  }
}

/// Why a folder is no model of Hugging Face's libraries.
public struct HuggingFaceError: Error, Sendable, Equatable, CustomStringConvertible {
  /// One sentence with what was expected and what was found; no path of this machine.
  public var message: String

  init(_ message: String) { self.message = message }

  /// The sentence.
  public var description: String { message }
}
