internal import Compute

/// The classes that examples belong to, in ascending order, and each example's.
struct ClassTargets {
  enum Labels: Equatable {
    case integers([Int64])
    case texts([String])

    var count: Int {
      switch self {
      case .integers(let labels): labels.count
      case .texts(let labels): labels.count
      }
    }
  }

  /// The classes.
  let labels: Labels
  /// Each example's class, an index into `labels`.
  let classes: [Int32]
  /// How many examples each class has.
  let counts: [Int]

  /// Reads the only target column. `model` is who asks, for sentences.
  init(_ columns: TrainingColumns, model: String) throws(TrainingError) {
    let source = columns.source
    guard columns.targetCount == 1, let column = columns.targetColumns.first else {
      throw TrainingError(
        .data, "\(model) predicts one class, so it needs one target, got \(columns.targetCount)")
    }
    let name = source.columns[column].name
    let (labels, classes) =
      try source.columns[column].dataType == .string
      ? Self.texts(source, column) : Self.integers(source, column, name)
    guard labels.count >= 2 else {
      throw TrainingError(
        .data,
        "\(model) needs examples of at least two classes, got only \(Self.first(labels)) in column "
          + "'\(name)'")
    }
    self.labels = labels
    self.classes = classes
    var counts = [Int](repeating: 0, count: labels.count)
    for index in classes { counts[Int(index)] += 1 }
    self.counts = counts
  }

  private static func first(_ labels: Labels) -> String {
    switch labels {
    case .integers(let labels): labels.first.map { "\($0)" } ?? "none"
    case .texts(let labels): labels.first.map { "'\($0)'" } ?? "none"
    }
  }

  private static func texts(
    _ source: any ExampleSource, _ column: Int
  ) throws(TrainingError) -> (Labels, [Int32]) {
    let texts = try Categories.texts(source, column)
    if let row = texts.firstIndex(of: "") {
      throw TrainingError(
        .data,
        "expected a label in column '\(source.columns[column].name)', got none in example \(row); fill in or leave "
          + "out such examples")
    }
    let (labels, codes) = Categories.ordered(texts)
    return (.texts(labels), codes)
  }

  private static func integers(
    _ source: any ExampleSource, _ column: Int, _ name: String
  ) throws(TrainingError) -> (Labels, [Int32]) {
    let values = Memory<Double>(uninitialized: source.count)
    try NumberReading.rows([column], of: source, 0..<source.count, into: values.base)
    if let small = smallIntegers(values) { return small }
    var index: [Double: Int32] = [:]
    for row in 0..<source.count where index[values[row]] == nil {
      let value = values[row]
      guard value == value.rounded(), value.magnitude < 0x1p53 else {
        throw TrainingError(
          .data,
          "expected classes as whole numbers or texts in column '\(name)', got \(value) in example "
            + "\(row); is it a regression?")
      }
      index[value] = 0
      // Every value a class of its own is a number to be estimated.
      guard index.count <= 1 << 20 else {
        throw TrainingError(
          .data, "expected at most \(1 << 20) classes in column '\(name)'; is it a regression?")
      }
    }
    let sorted = index.keys.sorted()
    for (code, value) in sorted.enumerated() { index[value] = Int32(code) }
    let classes = (0..<source.count).map { index[values[$0]] ?? 0 }
    return (.integers(sorted.map { Int64($0) }), classes)
  }

  /// Whole numbers that lie close together, by a table; nil for others.
  private static func smallIntegers(_ values: Memory<Double>) -> (Labels, [Int32])? {
    let span = 1 << 16
    var (low, high) = (Double.infinity, -Double.infinity)
    for row in 0..<values.count {
      let value = values.base[row]
      guard value == value.rounded() else { return nil }
      low = min(low, value)
      high = max(high, value)
    }
    guard low.magnitude < 0x1p52, high - low < Double(span) else { return nil }
    let first = Int64(low)
    var codes = [Int32](repeating: -1, count: Int(Int64(high) - first) + 1)
    for row in 0..<values.count { codes[Int(Int64(values.base[row]) - first)] = 0 }
    var labels: [Int64] = []
    for place in codes.indices where codes[place] == 0 {
      codes[place] = Int32(labels.count)
      labels.append(first + Int64(place))
    }
    return (
      .integers(labels),
      (0..<values.count).map { codes[Int(Int64(values.base[$0]) - first)] }
    )
  }

  /// Weights of the examples that make every class count the same (`class_weight: "balanced"`).
  var balancedWeights: [Double] {
    counts.map { Double(classes.count) / (Double(counts.count) * Double(max(1, $0))) }
  }
}

/// Texts as numbers.
enum Categories {
  /// All texts of a column.
  static func texts(_ source: any ExampleSource, _ column: Int) throws(TrainingError) -> [String] {
    try texts(source, column, Array(0..<source.count))
  }

  /// The texts of some examples.
  static func texts(
    _ source: any ExampleSource, _ column: Int, _ rows: [Int]
  ) throws(TrainingError) -> [String] {
    var result: Result<[String], TrainingError> = .success([])
    rows.withUnsafeBufferPointer { rows in
      do throws(TrainingError) {
        result = .success(try source.texts(column: column, rows: rows))
      } catch {
        result = .failure(error)
      }
    }
    return try result.get()
  }

  /// The different texts in the order of their bytes, and each text's place among them.
  static func ordered(_ texts: [String]) -> (names: [String], codes: [Int32]) {
    var index: [String: Int32] = [:]
    for text in texts { index[text] = 0 }
    let names = index.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    for (code, name) in names.enumerated() { index[name] = Int32(code) }
    return (names, texts.map { index[$0] ?? 0 })
  }
}
