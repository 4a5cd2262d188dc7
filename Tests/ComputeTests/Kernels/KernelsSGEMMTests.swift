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
    func run(_ operands: Operands, _ kernels: Kernels, _ threads: ThreadPool? = nil) -> Guarded {
      var result = Guarded(c.count)
      let cRow = n + extra
      result.withMemory { out in
        // With beta 0, C must not be read: it starts as NaN where it will be written.
        for i in c.indices { out[i] = c[i] }
        if beta == 0 { for i in 0..<m { for j in 0..<n { out[i * cRow + j] = .nan } } }
        a.withUnsafeBufferPointer { a in
          b.withUnsafeBufferPointer { b in
            (biasColumn ?? []).withUnsafeBufferPointer { column in
              (biasRow ?? []).withUnsafeBufferPointer { row in
                let epilogue = Epilogue(
                  alpha: alpha, beta: beta,
                  biasColumn: biasColumn == nil ? nil : column.baseAddress,
                  biasRow: biasRow == nil ? nil : row.baseAddress, activation: activation)
                let left =
                  transposesA
                  ? Matrix(a.baseAddress!, rowStride: m + extra).transposed
                  : Matrix(a.baseAddress!, rowStride: k + extra)
                let right =
                  transposesB
                  ? Matrix(b.baseAddress!, rowStride: k + extra).transposed
                  : Matrix(b.baseAddress!, rowStride: n + extra)
                switch operands {
                case .reference:
                  Reference.product(
                    m: m, n: n, k: k, left, right, into: out, rowStride: cRow, epilogue: epilogue)
                case .plain:
                  SGEMM.run(
                    m: m, n: n, k: k, left, right, into: out, rowStride: cRow, epilogue: epilogue,
                    kernels: kernels, threads: threads)
                case .packedRight:
                  let packed = PackedMatrix(right, rowCount: k, columnCount: n, kernels: kernels)
                  SGEMM.run(
                    m: m, left, packed, into: out, rowStride: cRow, epilogue: epilogue,
                    threads: threads)
                case .packedLeft:
                  let packed = PackedLeftMatrix(left, rowCount: m, columnCount: k, kernels: kernels)
                  SGEMM.run(
                    n: n, packed, right, into: out, rowStride: cRow, epilogue: epilogue,
                    threads: threads)
                }
              }
            }
          }
        }
      }
      return result
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
      let one = Case(&random, kernels, most: 300, deep: 900)
      check(one, kernels)
    }
  }

  private func check(_ one: Case, _ kernels: Kernels) {
    let want = one.run(.reference, kernels)
    for operands in [Case.Operands.plain, .packedRight, .packedLeft] {
      let got = one.run(operands, kernels)
      #expect(
        got.result.elementsEqual(want.result, by: { $0 == $1 || ($0.isNaN && $1.isNaN) }),
        "\(operands) \(one.description)")
      #expect(got.isIntact, "wrote past C: \(operands) \(one.description)")
    }
  }

  @Test(arguments: Kernels.available)
  func realNumbersStayWithinTheBoundOfASum(_ kernels: Kernels) {
    var random = Random(#function, kernels)
    let (m, n, k) = (33, 65, 700)
    let a = random.reals(m * k)
    let b = random.reals(k * n)
    var got = [Float](repeating: 0, count: m * n)
    SGEMM.run(
      m: m, n: n, k: k, Matrix(a, rowStride: k), Matrix(b, rowStride: n), into: &got, rowStride: n,
      kernels: kernels)
    for i in 0..<m {
      for j in 0..<n {
        var want = 0.0
        var size = 0.0
        for x in 0..<k {
          let term = Double(a[i * k + x]) * Double(b[x * n + j])
          want += term
          size += abs(term)
        }
        // A sum of k rounded terms errs by at most k units of the sum of their sizes; random
        // errors by the square root of that (Higham, Accuracy and Stability, 3.1).
        let bound = 4 * Double(k).squareRoot() * Double(Float.ulpOfOne) * size
        #expect(abs(Double(got[i * n + j]) - want) <= bound)
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
      let a = random.reals(m * k)
      let b = random.reals(k * n)
      let packed = PackedMatrix(
        Matrix(b, rowStride: n), rowCount: k, columnCount: n, kernels: kernels)
      var one = [Float](repeating: 0, count: m * n)
      var several = one
      SGEMM.run(m: m, Matrix(a, rowStride: k), packed, into: &one, rowStride: n)
      SGEMM.run(m: m, Matrix(a, rowStride: k), packed, into: &several, rowStride: n, threads: pool)
      #expect(one == several, "\(m)×\(n)×\(k)")
    }
  }

  @Test(arguments: Kernels.available)
  func notANumberPassesThroughReLU(_ kernels: Kernels) {
    let a: [Float] = [.nan, 1]
    let b: [Float] = [1, 1]
    var c: [Float] = [0, 0]
    SGEMM.run(
      m: 2, n: 1, k: 1, Matrix(a, rowStride: 1), Matrix(b, rowStride: 1), into: &c, rowStride: 1,
      epilogue: Epilogue(alpha: -1, activation: .relu), kernels: kernels)
    #expect(c[0].isNaN)
    #expect(c[1] == 0)
  }
}
