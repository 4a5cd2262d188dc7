internal import Generation
internal import ModelFormats

/// What a deployment sends: files and the names they get.
struct ModelFiles {
  struct File: Sendable {
    var name: String
    /// Where it lies, or what it says.
    var source: Source

    enum Source: Sendable { case path(String), text([UInt8]) }

    /// Its bytes, so many at a time.
    func parts(byteCount: Int) throws(CommandFailure) -> FileParts {
      switch source {
      case .path(let path): try FileParts(path: path, byteCount: byteCount)
      case .text(let text): FileParts(text, byteCount: byteCount)
      }
    }
  }

  static let partByteCount = 1 << 20
  private static let configurationName = "config.pbtxt"
  private(set) var files: [File]
  private let isLanguageModel: Bool

  init(_ path: String) throws(CommandFailure) {
    guard FileBytes.isDirectory(path) else {
      guard let kind = ["onnx", "gguf"].first(where: { path.hasSuffix("." + $0) }) else {
        throw CommandFailure(
          .badData, "expected an .onnx or .gguf file or a folder, got '\(path)'")
      }
      _ = try FileParts(path: path, byteCount: Self.partByteCount)
      files = [File(name: "model." + kind, source: .path(path))]
      isLanguageModel = kind == "gguf"
      return
    }
    let names = try FileBytes.list(path)
    var sent = names.filter { $0 == Self.configurationName }
    if let model = ["model.gguf", "model.onnx"].first(where: names.contains) {
      isLanguageModel = model == "model.gguf"
      // Samples and notes beside a model are not part of what is served.
      sent += names.filter { $0.hasSuffix(".txt") }
      sent += names.filter { $0 == model || $0.hasSuffix(".data") || $0.hasSuffix(".bin") }
    } else if names.contains(HuggingFaceFolder.configurationName) {
      isLanguageModel = true
      do throws(HuggingFaceError) { sent += try HuggingFaceFolder.fileNames(in: path) } catch {
        throw CommandFailure(.badData, "'\(path)': \(error.message)")
      }
    } else {
      throw CommandFailure(
        .noInput,
        "expected '\(path)/model.onnx', model.gguf, or config.json with model.safetensors and "
          + "tokenizer.json, none of which exist")
    }
    files = sent.map { File(name: $0, source: .path("\(path)/\($0)")) }
  }

  /// Writes into the version's configuration what its weights are to become.
  mutating func quantize(_ wanted: String) throws(CommandFailure) {
    let quantization = try Quantize.parsed(wanted)
    try set("quantize", quantization?.rawValue ?? Quantize.none, for: "--quantize")
  }

  /// Writes a parameter of language models into the version's configuration.
  mutating func set(_ name: String, _ value: String, for option: String) throws(CommandFailure) {
    guard isLanguageModel else {
      throw CommandFailure(.usage, "expected a language model for \(option), got an ONNX model")
    }
    var text: [UInt8] = []
    if let index = files.firstIndex(where: { $0.name == Self.configurationName }) {
      switch files.remove(at: index).source {
      case .path(let path): text = try FileBytes.read(path) + [UInt8(ascii: "\n")]
      case .text(let before): text = before
      }
    }
    text += Array(
      "parameters { key: \"\(name)\" value { string_value: \"\(value)\" } }\n".utf8)
    files.insert(File(name: Self.configurationName, source: .text(text)), at: 0)
  }
}

/// The option `--quantize`.
enum Quantize {
  static let none = "none"

  /// What weights are to become; nil: they stay.
  static func parsed(_ text: String?) throws(CommandFailure) -> WeightQuantization? {
    guard let text, text != none else { return nil }
    guard let quantization = WeightQuantization(rawValue: text) else {
      let known = WeightQuantization.allCases.map(\.rawValue).joined(separator: ", ")
      throw CommandFailure(.usage, "expected --quantize \(known) or none, got '\(text)'")
    }
    return quantization
  }
}
