import Compute
import Generation
import ModelFormats
import TestSupport
import Testing

/// A tiny model of Tests/Fixtures/language-models with random weights, and what Hugging Face
/// transformers computes with it in float32 (Tests/Fixtures/generate/language_models.py).
struct TinyModel {
  static let names = [
    "llama", "llama-3", "llama-linear", "llama-yarn", "mistral", "qwen2", "qwen3", "gemma2",
    "gemma3", "phi3", "phi3-longrope", "gpt2", "bert",
  ]

  let name: String
  let decoder: Decoder
  let tokens: [Int32]
  /// Elements of an answer: the vocabulary's, or a hidden state's.
  let width: Int
  /// For every token, with keys and values rounded to half precision as our pages keep them.
  let answers: [Float]
  /// Of transformers as it is, at some places.
  let plainPlaces: [Int32]
  let plainAnswers: [Float]
  /// The most likely token at every place.
  let plainLikely: [Int32]

  static func bytes(_ name: String, type: String = "gguf") throws -> [UInt8] {
    let tests = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    return try Files.read("/\(tests)/Fixtures/language-models/\(name).\(type)")
  }

  init(_ name: String) throws {
    self.name = name
    decoder = try Decoder(try GGUFFile(bytes: try Self.bytes(name)))
    let archive = try NumpyArchive(npz: try Self.bytes(name, type: "npz")[...])
    func values<T>(_ name: String, _ type: T.Type) throws -> [T] {
      try #require(archive[name]).bytes.withUnsafeBytes { Array($0.bindMemory(to: T.self)) }
    }
    tokens = try values("tokens", Int32.self)
    answers = try values("answers", Float.self)
    plainPlaces = try values("plain_places", Int32.self)
    plainAnswers = try values("plain_answers", Float.self)
    plainLikely = try values("plain_likely", Int32.self)
    width = answers.count / tokens.count
  }

  /// The rows of all tokens, given in parts of `chunk` tokens.
  func run(
    chunk: Int, threadCount: Int = 1, precision: BlockMatrix.Precision = .float32,
    cachePrecision: KeyValuePages.Precision = .half
  ) -> [Float] {
    let pageCount =
      (tokens.count + KeyValuePages.positionCount - 1) / KeyValuePages.positionCount
    // One more, so that a sequence's pages need not be the first ones, nor in order.
    let session = DecoderSession(
      decoder, pageCount: pageCount + 1, threadCount: threadCount, precision: precision,
      cachePrecision: cachePrecision)
    let pages = (1...Int32(pageCount)).reversed().map { $0 }
    var rows: [Float] = []
    for first in stride(from: 0, to: tokens.count, by: chunk) {
      let part = Array(tokens[first..<min(first + chunk, tokens.count)])
      rows += session.run([
        DecoderEntry(tokens: part, firstPosition: first, pages: pages, rows: .all)
      ])
    }
    return rows
  }
}

/// The norm of what differs by the norm of what was expected.
func relativeDifference(_ got: some Collection<Float>, _ expected: some Collection<Float>) -> Double
{
  guard got.count == expected.count else { return .infinity }
  var (difference, norm) = (0.0, 0.0)
  for (got, expected) in zip(got, expected) {
    difference += Double(got - expected) * Double(got - expected)
    norm += Double(expected) * Double(expected)
  }
  return (difference / norm).squareRoot()
}

/// The first of the largest.
func likeliest(_ row: ArraySlice<Float>) -> Int32 {
  var best = row.startIndex
  for index in row.indices where row[index] > row[best] { best = index }
  return Int32(best - row.startIndex)
}
