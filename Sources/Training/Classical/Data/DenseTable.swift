internal import Compute

/// Examples in memory for the linear models: features row by row, and targets, in double precision.
struct DenseTable {
  /// Examples.
  let rowCount: Int
  /// Features.
  let featureCount: Int
  /// rowCount × featureCount values.
  let features: Memory<Double>

  init(_ columns: TrainingColumns, model: String) throws(TrainingError) {
    try columns.requireNumbersInFeatures(model)
    rowCount = columns.count
    featureCount = columns.features.count
    guard let elementCount = Shape.elementCount([rowCount, featureCount]) else {
      throw TrainingError(.resources, "\(rowCount) examples of \(featureCount) features overflow")
    }
    features = Memory(uninitialized: elementCount)
    try NumberReading.rows(
      columns.featureColumns, of: columns.source, 0..<rowCount, into: features.base)
    let count = featureCount
    try Self.requireFinite(features) { index in
      "feature '\(columns.features[index % count].name)' of example \(index / count)"
    }
  }

  /// rowCount × targetCount numbers to predict.
  static func targets(_ columns: TrainingColumns, model: String) throws(TrainingError)
    -> Memory<Double>
  {
    try columns.requireNumbers(model)
    let targets = Memory<Double>(uninitialized: columns.count * columns.targetCount)
    try NumberReading.rows(
      columns.targetColumns, of: columns.source, 0..<columns.count, into: targets.base)
    let place = { (index: Int) in "the target of example \(index / columns.targetCount)" }
    try requireFinite(targets, place)
    try requireSingle(targets, place)
    return targets
  }

  /// Linear models have no answer to a missing value, and trees none to an infinite one.
  static func requireFinite(
    _ values: Memory<Double>, _ place: (Int) -> String
  ) throws(TrainingError) {
    // A sum that is finite has only finite terms; the place is looked for only if there is one.
    var sum = 0.0
    for index in 0..<values.count { sum += values.base[index] * 0 }
    guard sum != 0 else { return }
    for index in 0..<values.count where !values.base[index].isFinite {
      throw TrainingError(
        .data,
        "expected finite numbers, got \(values.base[index]) as \(place(index)); fill in or leave out "
          + "such examples")
    }
  }

  /// Refuses what models, which answer in single precision, could not answer.
  static func requireSingle(
    _ values: Memory<Double>, _ place: (Int) -> String
  ) throws(TrainingError) {
    let most = Double(Float.greatestFiniteMagnitude)
    for index in 0..<values.count where values.base[index].magnitude > most {
      throw TrainingError(
        .data,
        "expected numbers in the range of single precision (3.4e38), got \(values.base[index]) as "
          + "\(place(index)); scale the targets")
    }
  }
}
