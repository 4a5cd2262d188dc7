import ClassicalTraining
import Compute
import JSON
import TestSupport
import Testing

@testable import Training

/// Linear models learn what scikit-learn learns, within 1e-5.
@Suite struct ClassicalLinearTests {
  private func fit(_ test: ClassicalCase, threadCount: Int = 1) throws -> LinearModelWeights {
    let request = test.request(threadCount: threadCount)
    let specification = try test.parsed()
    if test.className == "LogisticRegression" {
      return try LogisticRegressionTrainer(request, specification).fit(report: silent).weights
    }
    return try LinearRegressionTrainer(
      request, specification, isRidge: test.className == "Ridge"
    ).fit().0
  }

  private func expect(
    _ weights: LinearModelWeights, _ test: ClassicalCase, within tolerance: Double = 1e-5
  ) throws {
    let (coefficients, shape) = try test.numbers("coef")
    let intercepts = try test.numbers("intercept").values
    try #require(weights.coefficients.count == shape[0])
    let scale = max(1, coefficients.map(\.magnitude).max() ?? 1)
    for (got, expected) in zip(weights.coefficients.joined(), coefficients) {
      #expect((got - expected).magnitude <= tolerance * scale, "\(got) is not \(expected)")
    }
    for (index, got) in weights.intercepts.enumerated() {
      let expected = intercepts.count == 1 ? intercepts[0] : intercepts[index]
      #expect(
        (got - expected).magnitude <= tolerance * max(scale, expected.magnitude),
        "\(got) is not \(expected)")
    }
  }

  @Test(arguments: ["linear", "ridge"].flatMap(ClassicalCase.named))
  func leastSquaresAndRidgeAreThoseOfScikitLearn(_ test: ClassicalCase) throws {
    try expect(fit(test), test)
  }

  @Test(arguments: ClassicalCase.named("logistic"))
  func logisticRegressionIsThatOfScikitLearn(_ test: ClassicalCase) throws {
    try expect(fit(test), test)
  }

  @Test(arguments: ClassicalCase.named("logistic-t") + ClassicalCase.named("ridge"))
  func theNumberOfThreadsChangesNothing(_ test: ClassicalCase) throws {
    #expect(try fit(test, threadCount: 2) == fit(test))
  }

  @Test(arguments: ClassicalCase.named("l") + ClassicalCase.named("ridge"))
  func theModelAnswersWhatItsWeightsSay(_ test: ClassicalCase) throws {
    let weights = try fit(test)
    var trainer = try test.trainer()
    let (x, shape) = try test.numbers("x")
    let answers = try ClassicalAnswers(
      try trainer.run(report: silent).onnx, x, rowCount: shape[0])
    let outputs = weights.intercepts.count
    for row in 0..<shape[0] {
      let scores = (0..<outputs).map { output in
        (0..<shape[1]).reduce(weights.intercepts[output]) {
          $0 + x[row * shape[1] + $1] * weights.coefficients[output][$1]
        }
      }
      guard test.className == "LogisticRegression" else {
        for output in 0..<outputs {
          let got = Double(answers.numbers[row * outputs + output])
          // Single precision, and terms that cancel: 1e-6 of the largest weights' sum.
          let size = weights.coefficients[output].map(\.magnitude).max() ?? 1
          #expect((got - scores[output]).magnitude <= 1e-4 + 4e-6 * (size * 5 + got.magnitude))
        }
        continue
      }
      // One score is the second class's.
      let whole = outputs == 1 ? [-scores[0] / 2, scores[0] / 2] : scores
      let best = whole.indices.max { whole[$0] < whole[$1] } ?? 0
      let got = answers.numbers[row * whole.count..<(row + 1) * whole.count]
      #expect(got.indices.max { got[$0] < got[$1] } == got.startIndex + best)
      #expect((got.reduce(0, +) - 1).magnitude < 1e-5)
    }
  }

  @Test func passesOverBlocksComeNearTheAnswerInOneGo() throws {
    var random = SplitMix64(state: 3)
    let count = 20_000
    let columns = (0..<4).map { _ in
      (0..<count).map { _ in Double.random(in: -1...1, using: &random) }
    }
    let targets = (0..<count).map { row in
      3 * columns[0][row] - 2 * columns[1][row] + 0.5 * columns[2][row] + 1
        + Double.random(in: -0.1...0.1, using: &random)
    }
    let examples = ExampleArrays(
      columns.enumerated().map { ("f\($0)", $1) } + [("target", targets)])
    let request = TrainingRequest(
      specification: .object([.init("class_name", .string("SGDRegressor"))]), training: examples)
    var trainer = try #require(try ClassicalTrainers.trainer(for: request))
    let model = try trainer.run(report: silent)
    let answers = try ClassicalAnswers(
      model.onnx, [0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], rowCount: 5
    ).numbers
    for (got, expected) in zip(answers, [1, 4, -1, 1.5, 1] as [Float]) {
      #expect((got - expected).magnitude < 0.03)
    }
    var again = try #require(try ClassicalTrainers.trainer(for: request))
    #expect(try again.run(report: silent).onnx == model.onnx, "the same seed, other weights")
  }

  @Test func qrSolvesAndRevealsTheRank() {
    var random = SplitMix64(state: 11)
    for (rows, columns, rank) in [(1, 1, 1), (7, 7, 7), (30, 9, 4), (9, 30, 9), (40, 33, 33)] {
      let left = (0..<rows * rank).map { _ in Double.random(in: -1...1, using: &random) }
      let right = (0..<rank * columns).map { _ in Double.random(in: -1...1, using: &random) }
      let matrix = Memory<Double>(repeating: 0, count: rows * columns)
      for row in 0..<rows {
        for column in 0..<columns {
          for inner in 0..<rank {
            matrix[column * rows + row] +=
              left[row * rank + inner] * right[inner * columns + column]
          }
        }
      }
      let original = matrix.elements
      let qr = HouseholderQR(matrix, rowCount: rows, columnCount: columns, pivots: true)
      #expect(qr.rank(tolerance: 1e-10) == min(rank, rows))
      // Q · R is A with its columns in another order.
      for column in 0..<columns {
        let line = Memory<Double>(repeating: 0, count: rows)
        for row in 0...min(column, rows - 1) { line[row] = qr.r(row, column) }
        qr.apply(to: line.base)
        for row in 0..<rows {
          #expect((line[row] - original[qr.order[column] * rows + row]).magnitude < 1e-12)
        }
      }
    }
  }

  @Test func theMinimumOfRosenbrocksValleyIsFound() throws {
    let x = Memory<Double>([-1.2, 1])
    let ending = try LBFGS(
      gradientTolerance: 1e-9, valueTolerance: 0, iterationCountMax: 200
    ).minimize(x) { point, gradient throws(TrainingError) in
      let (a, b) = (1 - point[0], point[1] - point[0] * point[0])
      gradient[0] = -2 * a - 400 * point[0] * b
      gradient[1] = 200 * b
      return a * a + 100 * b * b
    } report: { _, _ throws(TrainingError) in
    }
    #expect(ending == .gradient)
    #expect((x[0] - 1).magnitude < 1e-8 && (x[1] - 1).magnitude < 1e-8)
  }

  @Test func theGradientOfTheLogisticLossIsItsDifference() throws {
    for test in ClassicalCase.named("logistic-t") + ClassicalCase.named("logistic-b") {
      let columns = try TrainingColumns(test.parsed(), test.examples)
      let targets = try ClassTargets(columns, model: "test")
      let objective = LogisticObjective(
        try DenseTable(columns, model: "test"), targets,
        classWeights: targets.balancedWeights, inverse: 0.7, fitsIntercept: true, threads: nil)
      var random = SplitMix64(state: 5)
      let point = Memory(
        (0..<objective.weightCount).map { _ in Double.random(in: -1...1, using: &random) })
      let gradient = Memory<Double>(repeating: 0, count: point.count)
      let unused = Memory<Double>(repeating: 0, count: point.count)
      _ = objective.evaluate(point, gradient)
      for index in stride(from: 0, to: point.count, by: 5) {
        let (here, step) = (point[index], 1e-5)
        point[index] = here + step
        let above = objective.evaluate(point, unused)
        point[index] = here - step
        let below = objective.evaluate(point, unused)
        point[index] = here
        #expect(((above - below) / (2 * step) - gradient[index]).magnitude < 1e-7)
      }
    }
  }
}
