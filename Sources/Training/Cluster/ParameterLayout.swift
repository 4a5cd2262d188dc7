/// A run of one parameter's numbers.
package struct ParameterPiece: Equatable, Sendable {
  package enum Kind: Equatable, Sendable {
    /// Gradients change it.
    case trained
    /// A running statistic: workers tell how it changed.
    case followed
    /// Nobody changes it.
    case fixed
  }

  /// Where it lies among all parameters.
  package var offset: Int
  package var count: Int
  /// The parameter's number.
  package var parameter: Int
  package var kind: Kind

  package init(offset: Int, count: Int, parameter: Int, kind: Kind) {
    (self.offset, self.count, self.parameter, self.kind) = (offset, count, parameter, kind)
  }
}

/// What one parameter server holds: pieces one behind the other, those that change first.
package struct ServerRange: Equatable, Sendable {
  package var pieces: [ParameterPiece] = []

  package init(pieces: [ParameterPiece] = []) { self.pieces = pieces }

  /// Numbers that change, which are what travels at each step.
  package var activeCount: Int { pieces.reduce(0) { $0 + ($1.kind == .fixed ? 0 : $1.count) } }
  /// All numbers.
  package var count: Int { pieces.reduce(0) { $0 + $1.count } }

  /// Collects the first `count` of the range's numbers from where all parameters lie.
  func gather(_ memory: UnsafePointer<Float>, count: Int) -> [Float] {
    gather(count: count) { memory + $0.offset }
  }

  /// Collects the first `count` of the range's numbers, piece by piece from where each lies; nil: it is zero.
  func gather(
    count: Int, _ place: (ParameterPiece) -> UnsafePointer<Float>?
  ) -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { buffer, filled in
      for piece in pieces where filled < count {
        let target = UnsafeMutableBufferPointer(rebasing: buffer[filled..<(filled + piece.count)])
        if let source = place(piece) {
          _ = target.update(fromContentsOf: UnsafeBufferPointer(start: source, count: piece.count))
        } else {
          target.update(repeating: 0)
        }
        filled += piece.count
      }
    }
  }

  /// Puts the range's first numbers where they belong.
  func scatter(_ values: [Float], to memory: UnsafeMutablePointer<Float>) {
    var place = 0
    for piece in pieces where place < values.count {
      values.withUnsafeBufferPointer { values in
        (memory + piece.offset).update(from: values.baseAddress! + place, count: piece.count)
      }
      place += piece.count
    }
  }
}

/// Deals parameters out to servers: ranges of nearly the same size, which cut parameters where they must.
enum ParameterLayout {
  /// Pieces begin at multiples of this many numbers, a line of the cache.
  private static let alignment = 16

  /// The ranges, one for each server. With more servers than lines, the last ones hold nothing.
  static func ranges(
    _ parameters: [Parameter], offsets: [Int], followed: Set<Int>, serverCount: Int
  ) -> [ServerRange] {
    let pieces = parameters.indices.map { index in
      let kind: ParameterPiece.Kind =
        followed.contains(index) ? .followed : parameters[index].isTrainable ? .trained : .fixed
      return ParameterPiece(
        offset: offsets[index], count: parameters[index].count, parameter: index, kind: kind)
    }
    let sorted = pieces.filter { $0.kind != .fixed } + pieces.filter { $0.kind == .fixed }
    let total = sorted.reduce(0) { $0 + $1.count }
    let lines = (total / serverCount + alignment) / alignment
    let share = max(1, lines) * alignment
    var ranges = [ServerRange](repeating: ServerRange(), count: serverCount)
    var (server, room) = (0, share)
    for piece in sorted {
      var rest = piece
      while rest.count > 0 {
        if room == 0, server < serverCount - 1 { (server, room) = (server + 1, share) }
        let isLast = server == serverCount - 1
        let taken = isLast ? rest.count : min(rest.count, room)
        var part = rest
        part.count = taken
        ranges[server].pieces.append(part)
        rest.offset += taken
        rest.count -= taken
        room -= min(room, taken)
      }
    }
    return ranges
  }
}
