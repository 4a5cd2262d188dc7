internal import JSON

/// The tensors of a folder: those of `model.safetensors`, or of the files that
/// `model.safetensors.index.json` names.
public final class SafeTensorsModel: Sendable {
  /// The one file of a model that is not cut.
  public static let fileName = "model.safetensors"
  /// Which file has which tensor, of one that is.
  public static let indexName = "model.safetensors.index.json"

  /// Tensors by their names.
  public let tensors: [String: SafeTensor]
  private let files: [SafeTensorsFile]

  /// Maps the files of a folder. One that is not cut goes before an index, as in Hugging Face's
  /// libraries.
  public init(
    folder: String, limits: SafeTensorsLimits = SafeTensorsLimits()
  ) throws(SafeTensorsError) {
    let path = folder + "/" + Self.fileName
    if FileMapping.exists(path) {
      let file = try SafeTensorsFile(path: path, limits: limits)
      (files, tensors) = ([file], file.tensors)
      return
    }
    let indexPath = folder + "/" + Self.indexName
    guard FileMapping.exists(indexPath) else {
      throw SafeTensorsError(
        .unreadable, "expected \(Self.fileName) or \(Self.indexName), got neither")
    }
    let text: [UInt8]
    do throws(FileMapping.Failure) {
      text = try FileMapping.contents(indexPath, byteCountMax: limits.indexByteCountMax)
    } catch { throw SafeTensorsError(.unreadable, error.reason, at: Self.indexName) }
    let index = try SafeTensorsIndex(text, limits)
    var opened: [String: SafeTensorsFile] = [:]
    for name in index.files {
      do throws(SafeTensorsError) {
        opened[name] = try SafeTensorsFile(path: folder + "/" + name, limits: limits)
      } catch {
        guard error.code == .unreadable else { throw error.in(name) }
        throw SafeTensorsError(
          .shardMismatch, "expected the file that \(Self.indexName) names, it \(error.message)",
          at: name)
      }
    }
    tensors = try index.tensors(opened)
    files = Array(opened.values)
  }
}

/// `model.safetensors.index.json`: in which file each tensor is.
public struct SafeTensorsIndex: Sendable {
  /// The files, sorted, each named once.
  public let files: [String]
  private let places: [String: String]

  /// Reads an index. Names that lead out of the folder are refused.
  public init(
    _ text: [UInt8], _ limits: SafeTensorsLimits = SafeTensorsLimits()
  ) throws(SafeTensorsError) {
    guard text.count <= limits.indexByteCountMax else {
      throw SafeTensorsError(
        .limitExceeded, "expected at most \(limits.indexByteCountMax) bytes, got \(text.count)",
        at: SafeTensorsModel.indexName)
    }
    var json = JSONLimits()
    json.valuesMax = limits.headerValuesMax
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONParser(limits: json).parse(JSONText(text))
    } catch {
      throw SafeTensorsError(
        error.code == .duplicateName ? .duplicateName : .malformed, error.message,
        at: SafeTensorsModel.indexName)
    }
    guard case .object(let members)? = value["weight_map"] else {
      throw SafeTensorsError(
        .malformed,
        "expected a weight_map that is an object, got "
          + "\(value["weight_map"]?.kind ?? "none")", at: SafeTensorsModel.indexName)
    }
    var places: [String: String] = [:]
    for member in members {
      guard case .string(let file) = member.value else {
        throw SafeTensorsError(
          .malformed, "expected a file's name, got \(member.value.kind)", at: member.name)
      }
      try Self.check(file)
      places[member.name] = file
    }
    self.places = places
    files = Set(places.values).sorted()
    guard files.count <= limits.shardCountMax else {
      throw SafeTensorsError(
        .limitExceeded, "expected at most \(limits.shardCountMax) files, got \(files.count)",
        at: SafeTensorsModel.indexName)
    }
  }

  private static func check(_ file: String) throws(SafeTensorsError) {
    guard file.hasSuffix(".safetensors"), !file.hasPrefix("."),
      file.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "/") && $0 != 0x5c }),
      !file.contains(".."), file.utf8.count <= 255
    else {
      throw SafeTensorsError(
        .shardMismatch,
        "expected the plain name of a .safetensors file beside the index, got "
          + "'\(String(file.prefix(80)))'", at: SafeTensorsModel.indexName)
    }
  }

  /// All tensors, each out of the file that the index says.
  func tensors(
    _ opened: [String: SafeTensorsFile]
  ) throws(SafeTensorsError) -> [String: SafeTensor] {
    var tensors: [String: SafeTensor] = [:]
    for (name, file) in places {
      guard let tensor = opened[file]?.tensors[name] else {
        let others = files.filter { opened[$0]?.tensors[name] != nil }
        throw SafeTensorsError(
          .shardMismatch,
          "expected the tensor in '\(file)', it is in "
            + (others.isEmpty ? "no file" : others.map { "'\($0)'" }.joined(separator: ", ")),
          at: name)
      }
      tensors[name] = tensor
    }
    return tensors
  }
}

extension SafeTensorsError {
  /// The same, in a file of several.
  func `in`(_ file: String) -> SafeTensorsError {
    SafeTensorsError(code, message, at: location.map { "\(file): \($0)" } ?? file)
  }
}
