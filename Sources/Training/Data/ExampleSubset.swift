/// Some of a source's examples, in an order of their own.
public struct ExampleSubset: ExampleSource {
  private let source: any ExampleSource
  private let first: Int
  private let numbers: [Int]?

  /// Examples.
  public let count: Int
  /// What each of them holds.
  public var columns: [DataColumn] { source.columns }

  /// Examples that lie side by side.
  public init(_ source: any ExampleSource, _ range: Range<Int>) {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= source.count, "examples of the source")
    (self.source, first, numbers, count) = (source, range.lowerBound, nil, range.count)
  }

  /// Examples by number, for example those of a shard.
  public init(_ source: any ExampleSource, _ numbers: [Int]) {
    precondition(numbers.allSatisfy { $0 >= 0 && $0 < source.count }, "examples of the source")
    (self.source, first, self.numbers, count) = (source, 0, numbers, numbers.count)
  }

  private func places(_ rows: UnsafeBufferPointer<Int>) -> [Int] {
    rows.map { row in
      precondition(row >= 0 && row < count, "an example of the subset")
      return numbers?[row] ?? first + row
    }
  }

  /// Copies one column of some examples.
  public func read(
    column: Int, rows: UnsafeBufferPointer<Int>, into target: UnsafeMutableRawBufferPointer
  ) throws(TrainingError) {
    let places = places(rows)
    var failure: TrainingError?
    places.withUnsafeBufferPointer { places in
      do throws(TrainingError) {
        try source.read(column: column, rows: places, into: target)
      } catch { failure = error }
    }
    if let failure { throw failure }
  }

  /// The texts of one column of some examples.
  public func texts(
    column: Int, rows: UnsafeBufferPointer<Int>
  ) throws(TrainingError) -> [String] {
    let places = places(rows)
    var result: Result<[String], TrainingError> = .success([])
    places.withUnsafeBufferPointer { places in
      do throws(TrainingError) {
        result = .success(try source.texts(column: column, rows: places))
      } catch { result = .failure(error) }
    }
    return try result.get()
  }
}

extension ExampleSource {
  /// The first examples, and the last `share` of them to judge by: Keras's `validation_split`.
  public func split(
    validationShare share: Double
  ) throws(TrainingError) -> (training: ExampleSubset, validation: ExampleSubset) {
    guard share > 0, share < 1 else {
      throw TrainingError(
        .specification, "expected a validation_split between 0 and 1, got \(share)")
    }
    let trainingCount = Int((Double(count) * (1 - share)).rounded(.down))
    guard trainingCount > 0, trainingCount < count else {
      throw TrainingError(
        .data,
        "a validation_split of \(share) leaves nothing on one side of \(count) examples")
    }
    return (
      ExampleSubset(self, 0..<trainingCount), ExampleSubset(self, trainingCount..<count)
    )
  }
}
