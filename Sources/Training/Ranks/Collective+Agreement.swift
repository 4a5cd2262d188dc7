extension Collective {
  /// Ends all ranks when one of them cannot go on: everybody calls this at the same place with what it knows,
  /// and everybody throws what the first of those who failed says.
  package func agree(_ failure: TrainingError?) throws(TrainingError) {
    guard size > 1 else {
      if let failure { throw failure }
      return
    }
    var flags = [Double](repeating: 0, count: size)
    flags[rank] = failure == nil ? 0 : 1
    flags = sum(flags)
    guard let first = flags.firstIndex(where: { $0 > 0 }) else { return }
    throw told(by: first, failure, isShared: flags.allSatisfy { $0 > 0 })
  }

  /// Ends all ranks unless they have the same of something, as rank 0 has it.
  package func agree(
    on digest: UInt64, otherwise sentence: String
  ) throws(TrainingError) {
    var first = digest
    if size > 1 { withUnsafeMutableBytes(of: &first) { broadcast($0, from: 0) } }
    try agree(first == digest ? nil : TrainingError(.specification, sentence))
  }

  /// What a rank says about its failure.
  private func told(by root: Int, _ failure: TrainingError?, isShared: Bool) -> TrainingError {
    var bytes: [UInt8] = []
    if root == rank, let failure {
      // What is wrong everywhere needs no place.
      let prefix = isShared ? "" : "rank \(rank) of \(size) (\(place)): "
      bytes = [UInt8(Self.codes.firstIndex(of: failure.code) ?? 0)]
      bytes += (prefix + failure.message).utf8
    }
    var count = UInt64(bytes.count)
    withUnsafeMutableBytes(of: &count) { broadcast($0, from: root) }
    if root != rank { bytes = [UInt8](repeating: 0, count: Int(count)) }
    bytes.withUnsafeMutableBytes { broadcast($0, from: root) }
    let code = Self.codes[min(Int(bytes.first ?? 0), Self.codes.count - 1)]
    return TrainingError(code, String(decoding: bytes.dropFirst(), as: UTF8.self))
  }

  private static var codes: [TrainingError.Code] {
    [.specification, .data, .diverged, .resources, .cancelled]
  }
}
