import JSON
import ModelFormats
import TestSupport
import Testing

@testable import Generation

/// A folder of Tests/Fixtures/huggingface, with what transformers computes.
struct FolderFixture {
  let path: String
  let tokens: [Int32]
  /// [tokens, columns]
  let expected: [Float]

  static let names = [
    "llama", "llama-old", "llama-yarn", "mistral", "qwen2", "qwen3", "gemma2", "gemma3",
    "gemma3-old", "phi3", "gpt2",
  ]

  static func path(_ name: String) -> String {
    let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
    return "/\(root)/Tests/Fixtures/huggingface/\(name)"
  }

  init(_ name: String) throws {
    path = Self.path(name)
    let file = try SafeTensorsFile(path: "\(path)/expected.safetensors")
    let tokens = try #require(file.tensors["tokens"])
    self.tokens = (0..<tokens.elementCount).map {
      Int32(tokens.bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self))
    }
    let expected = try #require(file.tensors["expected"])
    self.expected = (0..<expected.elementCount).map {
      expected.bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self)
    }
  }

  /// What our decoder computes, the tokens in parts of some sizes.
  func computed(_ decoder: Decoder, parts: [Int], hidden: Bool = false) -> [Float] {
    let session = DecoderSession(decoder, pageCount: 4, answersHidden: hidden)
    var (result, first) = ([Float](), 0)
    for part in parts {
      let last = min(first + part, tokens.count)
      result += session.run([
        DecoderEntry(
          tokens: Array(tokens[first..<last]), firstPosition: first, pages: [2, 0, 3, 1],
          rows: .all)
      ])
      first = last
    }
    return result
  }
}

/// The largest difference, as a share of the largest number.
func difference(_ got: [Float], _ want: [Float]) -> Float {
  guard got.count == want.count else { return .infinity }
  let size = want.reduce(0) { max($0, abs($1)) }
  // A number that is none is infinitely far away.
  return zip(got, want).reduce(0) { $1.0.isFinite ? max($0, abs($1.0 - $1.1)) : .infinity } / size
}

/// A copy of a fixture with some files changed.
final class ChangedFolder {
  private let folder = ScratchFolder()
  var path: String { folder.path }

  init(_ name: String) throws {
    let source = FolderFixture.path(name)
    for file in Files.list(source) where !file.hasPrefix(".") {
      folder.write(try Files.read("\(source)/\(file)"), file)
    }
  }

  func write(_ text: String, _ name: String) { folder.write(Array(text.utf8), name) }
  func write(_ bytes: [UInt8], _ name: String) { folder.write(bytes, name) }

  /// Sets members of config.json; nil takes one away.
  func configure(_ members: [String: JSONValue?]) throws {
    let text = try Files.read("\(path)/config.json")
    guard case .object(var object) = try JSONValue(parsing: text[...]) else { return }
    object.removeAll { members[$0.name] != nil }
    for (name, value) in members {
      if let value { object.append(JSONValue.Member(name, value)) }
    }
    folder.write(JSONValue.object(object).serialized(), "config.json")
  }
}
