internal import Glibc

/// Feeds a parser of foreign bytes with mutations of real inputs. The parser may refuse them; a trap
/// is a bug.
///
/// A unit test runs a fixed number of rounds from a fixed seed. `make fuzz` sets
/// MARTLET_FUZZ_SECONDS, and MARTLET_FUZZ_SEED to repeat a run. The input under test lies in
/// MARTLET_FUZZ_DIRECTORY while its parser runs, so that a crash leaves it behind: commit it as a
/// unit test.
public struct Fuzz {
  private var random: SplitMix64
  private let corpus: [[UInt8]]
  private let name: String

  /// A run over `corpus`, real inputs of the parser called `name`.
  public init(_ name: String, corpus: [[UInt8]]) {
    self.name = name
    self.corpus = corpus.isEmpty ? [[]] : corpus
    let seed = Self.environment("MARTLET_FUZZ_SEED").flatMap { UInt64($0) } ?? 1
    random = SplitMix64(state: seed)
    print("fuzz \(name): seed \(seed)")
  }

  /// Runs `parse` on `rounds` mutations, or for as long as MARTLET_FUZZ_SECONDS says.
  public mutating func run(rounds: Int, _ parse: ([UInt8]) -> Void) {
    let seconds = Self.environment("MARTLET_FUZZ_SECONDS").flatMap { Int($0) }
    let path = Self.environment("MARTLET_FUZZ_DIRECTORY").map { "\($0)/\(name)" }
    let start = time(nil)
    var round = 0
    while seconds.map({ time(nil) - start < $0 }) ?? (round < rounds) {
      let input = mutated()
      if let path { Self.write(input, to: path) }
      parse(input)
      round += 1
    }
    if let path { unlink(path) }
    print("fuzz \(name): \(round) inputs")
  }

  private mutating func mutated() -> [UInt8] {
    var bytes = corpus.randomElement(using: &random)!
    for _ in 0..<Int.random(in: 0...6, using: &random) {
      guard !bytes.isEmpty else {
        bytes.append(UInt8.random(in: 0...255, using: &random))
        continue
      }
      let index = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0..<8, using: &random) {
      case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      // Values at which lengths and counts overflow.
      case 2: bytes[index] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &random)!
      case 3: bytes.removeSubrange(index...)
      case 4: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
      case 5:
        let end = min(bytes.count, index + Int.random(in: 1...16, using: &random))
        bytes.removeSubrange(index..<end)
      case 6:
        let end = min(bytes.count, index + Int.random(in: 1...16, using: &random))
        bytes.insert(contentsOf: bytes[index..<end], at: index)
      default:
        let other = corpus.randomElement(using: &random)!
        let start = other.isEmpty ? 0 : Int.random(in: 0..<other.count, using: &random)
        bytes.replaceSubrange(index..., with: other[start...])
      }
    }
    return bytes
  }

  private static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }

  private static func write(_ bytes: [UInt8], to path: String) {
    guard let file = fopen(path, "w") else { return }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
  }
}
