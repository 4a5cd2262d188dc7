/// Resize of FP32 along one dimension, or two neighbouring ones: [outer, height, width, inner].
/// First rows, then places of a row, so that every inner loop runs over neighbours in memory. What
/// reads one place with weight 1, as "nearest" does, is copied.
struct ImageResampling {
  private let outer: Int
  private let inner: Int
  private let rows: Line
  private let columns: Line
  private let pairs: Pairs?
  /// Every place of a row becomes two.
  private let doubles: Bool

  /// What the places of one dimension read, without the weights that are zero.
  fileprivate struct Line {
    let input: Int
    /// Places of the input and their weights, those of output place i from `starts[i]` on.
    var sources: [Int] = []
    var weights: [Float] = []
    var starts = [0]

    var count: Int { starts.count - 1 }

    init(_ taps: AxisTaps, input: Int, stride: Int) {
      self.input = input
      for place in 0..<taps.count {
        for tap in place * taps.width..<(place + 1) * taps.width where taps.weights[tap] != 0 {
          sources.append(taps.offsets[tap] / max(stride, 1))
          weights.append(Float(taps.weights[tap]))
        }
        starts.append(sources.count)
      }
    }

    /// A dimension of size 1 that stays.
    init() { (input, sources, weights, starts) = (1, [0], [1], [0, 1]) }

    /// The place that output place `index` repeats, if it does.
    func copied(_ index: Int) -> Int? {
      let first = starts[index]
      return starts[index + 1] == first + 1 && weights[first] == 1 ? sources[first] : nil
    }

    var isCopy: Bool { count == input && (0..<count).allSatisfy { copied($0) == $0 } }
  }

  /// The same for single elements where every place reads one or two, as "linear" does: always two. One alone
  /// counts half twice, so that not even an infinity is read with weight zero.
  private struct Pairs {
    private var sources: [Int32] = []
    private var weights: [Float] = []

    /// nil if some place reads none, or more.
    init?(_ line: Line) {
      for place in 0..<line.count {
        let taps = line.starts[place]..<line.starts[place + 1]
        guard taps.count == 1 || taps.count == 2 else { return nil }
        for tap in [taps.lowerBound, taps.upperBound - 1] {
          guard let source = Int32(exactly: line.sources[tap]) else { return nil }
          sources.append(source)
          weights.append(taps.count == 1 ? line.weights[tap] / 2 : line.weights[tap])
        }
      }
    }

    func apply(
      _ count: Int, _ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>
    ) {
      sources.withUnsafeBufferPointer { sources in
        weights.withUnsafeBufferPointer { weights in
          for place in 0..<count {
            let (left, right) = (2 * place, 2 * place + 1)
            target[place] =
              weights[left] * source[Int(sources[left])]
              + weights[right] * source[Int(sources[right])]
          }
        }
      }
    }
  }

  /// nil if other dimensions change, or if some places take a fixed value.
  init?(_ shape: [Int], _ taps: [AxisTaps]) {
    let strides = Shape.strides(shape)
    guard taps.allSatisfy({ $0.outside.isEmpty }), shape.allSatisfy({ $0 > 0 }) else { return nil }
    let lines = taps.indices.map { Line(taps[$0], input: shape[$0], stride: strides[$0]) }
    let changed = lines.indices.filter { !lines[$0].isCopy }
    guard let first = changed.first, let last = changed.last, last - first <= 1 else { return nil }
    outer = Shape.product(shape[..<first])
    inner = Shape.product(shape[(last + 1)...])
    let columns = lines[last]
    (rows, self.columns) = (first == last ? Line() : lines[first], columns)
    doubles =
      inner == 1 && columns.count == 2 * columns.input
      && (0..<columns.count).allSatisfy { columns.copied($0) == $0 / 2 }
    pairs = inner == 1 && !doubles ? Pairs(columns) : nil
  }

  func step(_ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>) -> Step {
    {
      let (rowCount, outputRowCount) = (columns.input * inner, columns.count * inner)
      for image in 0..<outer {
        let from = source + image * rows.input * rowCount
        var to = target + image * rows.count * outputRowCount
        var previous: Int?
        for row in 0..<rows.count {
          let copied = rows.copied(row)
          if let copied, copied == previous {
            to.update(from: to - outputRowCount, count: outputRowCount)
          } else if let copied {
            resampleRow(from + copied * rowCount, into: to)
          } else {
            let sum = Scratch.staging.floats(rowCount)
            rows.sum(row, from, into: sum, count: rowCount)
            resampleRow(sum, into: to)
          }
          previous = copied
          to += outputRowCount
        }
      }
    }
  }

  private func resampleRow(
    _ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>
  ) {
    if doubles {
      for place in 0..<columns.input {
        (target[2 * place], target[2 * place + 1]) = (source[place], source[place])
      }
      return
    }
    if inner == 1 {
      if let pairs { return pairs.apply(columns.count, source, into: target) }
      for place in 0..<columns.count {
        var sum: Float = 0
        for tap in columns.starts[place]..<columns.starts[place + 1] {
          sum += columns.weights[tap] * source[columns.sources[tap]]
        }
        target[place] = sum
      }
      return
    }
    for place in 0..<columns.count {
      let to = target + place * inner
      if let copied = columns.copied(place) {
        to.update(from: source + copied * inner, count: inner)
      } else {
        columns.sum(place, source, into: to, count: inner)
      }
    }
  }
}

extension ImageResampling.Line {
  /// The weighted sum of the runs of `count` elements that a place reads.
  fileprivate func sum(
    _ place: Int, _ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    let taps = starts[place]..<starts[place + 1]
    guard let first = taps.first else { return target.update(repeating: 0, count: count) }
    var weight = weights[first]
    Elementwise.binary(
      .multiply, .fp32, into: target, source + sources[first] * count, &weight, count: count,
      operands: .rightScalar)
    for tap in taps.dropFirst() {
      Elementwise.accumulate(
        into: target, source + sources[tap] * count, count: count, factor: weights[tap])
    }
  }
}
