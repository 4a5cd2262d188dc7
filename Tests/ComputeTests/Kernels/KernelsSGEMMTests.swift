import Testing

@testable import Compute

@Suite struct KernelsSGEMMTests {
  /// One random product: shapes with edges, any strides, any epilogue, operands packed or not.
  struct Case {
    let m: Int, n: Int, k: Int
    let a: [Float], b: [Float], c: [Float]
    let biasColumn: [Float]?, biasRow: [Float]?
    let alpha: Float, beta: Float
    let activation: Epilogue.Activation
    let transposesA: Bool, transposesB: Bool
    let extra: Int

    init(_ random: inout Random, _ kernels: Kernels, most: Int, deep: Int) {
      m = random.size(kernels, upTo: most)
      n = random.size(kernels, upTo: most)
      k = Bool.random(using: &random) ? random.size(kernels, upTo: deep) : random.size(kernels)
      extra = Int.random(in: 0...3, using: &random)
      transposesA = Bool.random(using: &random)
      transposesB = Bool.random(using: &random)
      a = random.wholes((m + extra) * (k + extra) + 1)
      b = random.wholes((k + extra) * (n + extra) + 1)
      c = random.wholes(m * (n + extra) + 1)
      biasColumn = Bool.random(using: &random) ? random.wholes(n) + [0] : nil
      biasRow = Bool.random(using: &random) ? random.wholes(m) + [0] : nil
      alpha = [1, 1, 2, -1, 0.5].randomElement(using: &random) ?? 1
      beta = [0, 0, 1, -2].randomElement(using: &random) ?? 0
      activation =
        [.none, .relu, .clamp(low: -20, high: 30)].randomElement(using: &random) ?? .none
    }

    var description: String {
      "\(m)×\(n)×\(k) αβ \(alpha) \(beta) TA \(transposesA) TB \(transposesB) +\(extra) \(activation)"
    }

    enum Operands: CaseIterable { case plain, packedRight, packedLeft, reference }

    /// C after the product, with unwritten elements between the rows as they were.
    func run(_ operands: Operands, _ kernels: Kernels) -> Memory {
      let (a, b, out) = (Memory(self.a), Memory(self.b), Memory(c))
      let (column, row) = (Memory(biasColumn ?? []), Memory(biasRow ?? []))
      let cRow = n + extra
      // With beta 0, C must not be read: it starts as NaN where it will be written.
      if beta == 0 { for i in 0..<m { for j in 0..<n { out.base[i * cRow + j] = .nan } } }
      let epilogue = Epilogue(
        alpha: alpha, beta: beta, biasColumn: biasColumn == nil ? nil : column.base,
        biasRow: biasRow == nil ? nil : row.base, activation: activation)
      let left =
        transposesA
        ? Matrix(a.base, rowStride: m + extra).transposed : Matrix(a.base, rowStride: k + extra)
      let right =
        transposesB
        ? Matrix(b.base, rowStride: k + extra).transposed : Matrix(b.base, rowStride: n + extra)
      switch operands {
      case .reference:
        Reference.product(
          m: m, n: n, k: k, left, right, into: out.base, rowStride: cRow, epilogue: epilogue)
      case .plain:
        SGEMM.run(
          m: m, n: n, k: k, left, right, into: out.base, rowStride: cRow, epilogue: epilogue,
          kernels: kernels)
      case .packedRight:
        let packed = PackedMatrix(right, rowCount: k, columnCount: n, kernels: kernels)
        SGEMM.run(m: m, left, packed, into: out.base, rowStride: cRow, epilogue: epilogue)
      case .packedLeft:
        let packed = PackedLeftMatrix(left, rowCount: m, columnCount: k, kernels: kernels)
        SGEMM.run(n: n, packed, right, into: out.base, rowStride: cRow, epilogue: epilogue)
      }
      return withExtendedLifetime((a, b, column, row)) { out }
    }
  }

  @Test(arguments: Kernels.available)
  func everyShapeAndEpilogueEqualsTheReferenceExactly(_ kernels: Kernels) {
    var random = Random(#function, kernels)
    for _ in 0..<400 {
      let one = Case(&random, kernels, most: 70, deep: 90)
      check(one, kernels)
    }
  }

  @Test(arguments: Kernels.available)
  func largeShapesThatAreCutIntoBlocksEqualTheReferenceExactly(_ kernels: Kernels) {
    var random = Random(#function, kernels)
    for _ in 0..<6 {
      // Deeper than one block of K, more rows than one block of A.
      let one = Case(&random, kernels, most: 300, deep: 2100)
      check(one, kernels)
    }
  }

  private func check(_ one: Case, _ kernels: Kernels) {
    let want = one.run(.reference, kernels)
    for operands in [Case.Operands.plain, .packedRight, .packedLeft] {
      let got = one.run(operands, kernels)
      #expect(got.values == want.values, "\(operands) \(one.description)")
      #expect(got.isIntact, "wrote past C: \(operands) \(one.description)")
    }
  }

  @Test(arguments: Kernels.available)
  func realNumbersStayWithinTheBoundOfASum(_ kernels: Kernels) {
    var random = Random(#function, kernels)
    let (m, n, k) = (33, 65, 700)
    let a = Memory(random.reals(m * k))
    let b = Memory(random.reals(k * n))
    let got = Memory(count: m * n)
    SGEMM.run(
      m: m, n: n, k: k, Matrix(a.base, rowStride: k), Matrix(b.base, rowStride: n), into: got.base,
      rowStride: n, kernels: kernels)
    for i in 0..<m {
      for j in 0..<n {
        var want = 0.0
        var size = 0.0
        for x in 0..<k {
          let term = Double(a.base[i * k + x]) * Double(b.base[x * n + j])
          want += term
          size += abs(term)
        }
        // A sum of k rounded terms errs by at most k units of the sum of their sizes; random
        // errors by the square root of that (Higham, Accuracy and Stability, 3.1).
        let bound = 4 * Double(k).squareRoot() * Double(Float.ulpOfOne) * size
        #expect(abs(Double(got.base[i * n + j]) - want) <= bound)
      }
    }
  }

  @Test(arguments: Kernels.available)
  func threadsDoNotChangeASingleBit(_ kernels: Kernels) {
    var random = Random(#function, kernels)
    let pool = ThreadPool(participants: 3)
    let shapes = [
      (300, 200, 100), (7, 900, 400), (1, 3000, 700), (2, 3000, 700), (900, 33, 60),
      (kernels.panelRows * 48 + 1, 50, 70), (kernels.panelRows * 33 + 2, 40, 90),
    ]
    for (m, n, k) in shapes {
      let a = Memory(random.reals(m * k))
      let b = Memory(random.reals(k * n))
      let packed = PackedMatrix(
        Matrix(b.base, rowStride: n), rowCount: k, columnCount: n, kernels: kernels)
      let one = Memory(count: m * n)
      let several = Memory(count: m * n)
      let left = Matrix(a.base, rowStride: k)
      SGEMM.run(m: m, left, packed, into: one.base, rowStride: n)
      SGEMM.run(m: m, left, packed, into: several.base, rowStride: n, threads: pool)
      #expect(one.values == several.values, "\(m)×\(n)×\(k)")
    }
  }

  @Test(arguments: Kernels.available)
  func notANumberPassesThroughReLU(_ kernels: Kernels) {
    let a = Memory([.nan, 1])
    let b = Memory([1])
    let c = Memory(count: 2)
    SGEMM.run(
      m: 2, n: 1, k: 1, Matrix(a.base, rowStride: 1), Matrix(b.base, rowStride: 1), into: c.base,
      rowStride: 1, epilogue: Epilogue(alpha: -1, activation: .relu), kernels: kernels)
    #expect(c.values[0].isNaN)
    #expect(c.values[1] == 0)
  }
}
