import CKernels
import Glibc
import Testing

@testable import Compute

@Suite struct KernelsDecodingTests {
  /// What one head answers to one query over positions of keys and values as they were given.
  private func attention(
    _ query: [Float], _ keys: [[Float]], _ values: [[Float]], scale: Double, cap: Double
  ) -> [Double] {
    var scores = keys.map { key in
      zip(query, key).reduce(0.0) { $0 + Double($1.0) * Double($1.1) } * scale
    }
    if cap > 0 { scores = scores.map { cap * tanh($0 / cap) } }
    let top = scores.max() ?? 0
    let weights = scores.map { exp($0 - top) }
    let sum = weights.reduce(0, +)
    return query.indices.map { d in
      zip(weights, values).reduce(0.0) { $0 + $1.0 * Double($1.1[d]) } / sum
    }
  }

  /// What pages keep of some heads' values.
  private func kept(
    _ values: [Float], headSize: Int, _ precision: KeyValuePages.Precision
  ) -> [Float] {
    if precision == .half { return values.map { Float(Float16($0)) } }
    return stride(from: 0, to: values.count, by: headSize).flatMap { start in
      let head = values[start..<start + headSize]
      let top = head.reduce(0) { max($0, abs($1)) }
      return head.map { ($0 * (127 / top)).rounded(.toNearestOrEven) * (top / 127) }
    }
  }

  @Test(arguments: Kernels.available, KeyValuePages.Precision.allCases)
  func attentionOverPagesIsThatOverAllPositions(
    _ kernels: Kernels, _ precision: KeyValuePages.Precision
  ) {
    var random = Random(#function, kernels)
    for _ in 0..<6 {
      let size = [16, 32, 64, 80, 256].randomElement(using: &random) ?? 16
      let keyHeads = Int.random(in: 1...2, using: &random)
      let group = Int.random(in: 1...9, using: &random)
      let heads = keyHeads * group
      let layers = 2
      let memory = KeyValuePages(
        pageCount: 40, layerCount: layers, headCount: keyHeads, headSize: size,
        precision: precision)
      var free = Array(Int32(0)..<40).shuffled(using: &random)
      var attention = PagedAttention(headCount: heads, scale: 0.3)
      attention.softCap = Bool.random(using: &random) ? 0 : 5
      attention.window = Bool.random(using: &random) ? nil : Int.random(in: 1...70, using: &random)
      attention.isCausal = Int.random(in: 0..<4, using: &random) > 0
      // Sequences of different lengths, part of them new.
      var tables: [[Int32]] = []
      var sequences: [(count: Int, first: Int, keys: [[Float]], values: [[Float]])] = []
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let total = Int.random(in: 1...100, using: &random)
        let count = attention.isCausal ? Int.random(in: 1...min(9, total), using: &random) : total
        let pages = (total + 15) / 16
        tables.append(Array(free.prefix(pages)))
        free.removeFirst(pages)
        let given = (0..<2 * total).map { _ in random.reals(keyHeads * size) }
        let kept = given.map { self.kept($0, headSize: size, precision) }
        let (keys, values) = (Array(kept[..<total]), Array(kept[total...]))
        for place in 0..<total {
          memory.store(
            given[place], given[total + place], layer: 1,
            page: tables[tables.count - 1][place / 16],
            place: place % 16, kernels: kernels)
        }
        sequences.append((count, total - count, keys, values))
      }
      let rows = sequences.reduce(0) { $0 + $1.count }
      let queries = Memory(random.reals(rows * heads * size, in: -2...2))
      let got = Memory(count: rows * heads * size)
      let flat = tables.flatMap { $0 }
      flat.withUnsafeBufferPointer { flat in
        guard let base = flat.baseAddress else { return }
        var (row, table) = (0, 0)
        var descriptions: [PagedAttention.Sequence] = []
        for (index, sequence) in sequences.enumerated() {
          descriptions.append(
            PagedAttention.Sequence(
              firstRow: row, count: sequence.count, firstPosition: sequence.first,
              pages: base + table))
          row += sequence.count
          table += tables[index].count
        }
        attention.run(
          descriptions, layer: 1, queries.base, into: got.base, memory,
          threadCount: Int.random(in: 1...2, using: &random), kernels: kernels)
      }
      let (given, answers) = (queries.values, got.values)
      var row = 0
      for sequence in sequences {
        for offset in 0..<sequence.count {
          let place = sequence.first + offset
          let end = attention.isCausal ? place + 1 : sequence.keys.count
          let begin = attention.window.map { max(0, place + 1 - $0) } ?? 0
          for head in 0..<heads {
            let at = (row * heads + head) * size
            let part = head / group * size..<(head / group + 1) * size
            let want = self.attention(
              Array(given[at..<at + size]),
              sequence.keys[begin..<end].map { Array($0[part]) },
              sequence.values[begin..<end].map { Array($0[part]) }, scale: 0.3,
              cap: Double(attention.softCap))
            let error = (0..<size).reduce(0) { max($0, abs(Double(answers[at + $1]) - want[$1])) }
            #expect(error < 1e-5)
          }
          row += 1
        }
      }
      #expect(got.isIntact)
    }
  }

  /// What half precision cannot hold must not make other positions' answers NaN, nor must what an
  /// earlier owner left behind in a page.
  @Test(arguments: Kernels.available, KeyValuePages.Precision.allCases)
  func whatWasLeftInAPageIsNotSeen(
    _ kernels: Kernels, _ precision: KeyValuePages.Precision
  ) {
    let memory = KeyValuePages(
      pageCount: 1, layerCount: 1, headCount: 1, headSize: 16, precision: precision)
    let huge = [Float](repeating: .infinity, count: 16)
    let nan = [Float](repeating: .nan, count: 16)
    for place in 0..<16 {
      memory.store(nan, nan, layer: 0, page: 0, place: place, kernels: kernels)
    }
    let ones = [Float](repeating: 1, count: 16)
    memory.store(ones, ones, layer: 0, page: 0, place: 0, kernels: kernels)
    memory.store(ones, huge, layer: 0, page: 0, place: 1, kernels: kernels)
    let pages: [Int32] = [0]
    let got = Memory(count: 32)
    pages.withUnsafeBufferPointer { pages in
      guard let base = pages.baseAddress else { return }
      let attention = PagedAttention(headCount: 1, scale: 1)
      attention.run(
        [.init(firstRow: 0, count: 2, firstPosition: 0, pages: base)], layer: 0,
        ones + ones, into: got.base, memory, kernels: kernels)
    }
    #expect(got.values.prefix(16).allSatisfy { abs($0 - 1) < 1e-6 })
    #expect(got.values.suffix(16).allSatisfy { abs($0 - (65504 + 1) / 2) < 0.01 })
  }

  @Test(arguments: Kernels.available)
  func rowsAreNormalisedByTheirRootMeanSquare(_ kernels: Kernels) {
    var random = Random(#function, kernels)
    for _ in 0..<100 {
      let rows = Int.random(in: 0...3, using: &random)
      let size = random.size(kernels, upTo: 400, zero: false)
      let source = Memory(random.reals(rows * size, in: -2...3))
      let scale = Memory(random.reals(size))
      let got = Memory(count: rows * size)
      kernels.table.pointee.rmsNorm(got.base, source.base, rows, size, scale.base, 1e-3)
      for row in 0..<rows {
        let values = source.values[row * size..<(row + 1) * size].map(Double.init)
        let (scales, answers) = (scale.values, got.values)
        let factor = 1 / (values.reduce(0) { $0 + $1 * $1 } / Double(size) + 1e-3).squareRoot()
        for i in 0..<size {
          let want = values[i] * factor * Double(scales[i])
          #expect(abs(Double(answers[row * size + i]) - want) < 1e-5 * max(1, abs(want)))
        }
      }
      #expect(got.isIntact)
    }
  }

  @Test(arguments: Kernels.available, [false, true])
  func headsTurnByTheirAngles(_ kernels: Kernels, _ interleaved: Bool) {
    var random = Random(#function, kernels)
    for _ in 0..<50 {
      let half = Int.random(in: 1...40, using: &random)
      let size = 2 * half + Int.random(in: 0...9, using: &random)
      let heads = Int.random(in: 0...3, using: &random)
      let angles = random.reals(half, in: -3...3)
      let (cosines, sines) = (angles.map { cos($0) }, angles.map { sin($0) })
      let source = random.reals(heads * size)
      let got = Memory(source)
      kernels.table.pointee.rotate(got.base, heads, size, cosines, sines, half, interleaved)
      var want = source
      for head in 0..<heads {
        for i in 0..<half {
          let a = head * size + (interleaved ? 2 * i : i)
          let b = head * size + (interleaved ? 2 * i + 1 : half + i)
          want[a] = source[a] * cosines[i] - source[b] * sines[i]
          want[b] = source[a] * sines[i] + source[b] * cosines[i]
        }
      }
      for (x, y) in zip(got.values, want) { #expect(abs(x - y) < 1e-6) }
      #expect(got.isIntact)
    }
  }

  @Test(arguments: Kernels.available, [RowOperations.Activation.silu, .gelu, .geluTanh, .relu])
  func gatesMultiplyWhatIsActivated(_ kernels: Kernels, _ activation: RowOperations.Activation) {
    var random = Random(#function, kernels)
    for _ in 0..<30 {
      let count = random.size(kernels, upTo: 100, zero: false)
      let (x, up) = (random.reals(count, in: -9...9), random.reals(count, in: -2...2))
      let got = Memory(x)
      RowOperations.gate(got.base, up, count: count, activation, kernels: kernels)
      for i in 0..<count {
        let v = Double(x[i])
        let activated =
          switch activation {
          case .silu: v / (1 + exp(-v))
          case .gelu: 0.5 * v * (1 + erf(v * 0.5.squareRoot()))
          case .geluTanh:
            0.5 * v * (1 + tanh(0.7978845608028654 * (v + 0.044715 * v * v * v)))
          case .relu: max(0, v)
          }
        #expect(abs(Double(got.values[i]) - activated * Double(up[i])) < 5e-6)
      }
      #expect(got.isIntact)
    }
  }
}
