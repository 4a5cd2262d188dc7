internal import Compute

/// Which columns of the data are learned from, and which are to be predicted.
struct TrainingColumns {
  /// Where a feature comes from: a column, and an element of it.
  struct Feature {
    var name: String
    var column: Int
    /// Its values name categories.
    var isCategory: Bool
  }

  /// Columns to learn from, by their numbers in the source.
  let featureColumns: [Int]
  /// Columns to predict.
  let targetColumns: [Int]
  /// Every feature in order: a column of five elements gives five.
  let features: [Feature]
  /// Elements of all target columns.
  let targetCount: Int
  /// Where they are read.
  let source: any ExampleSource

  /// Examples.
  var count: Int { source.count }

  init(
    _ specification: ClassicalSpecification, _ source: any ExampleSource
  ) throws(TrainingError) {
    self.source = source
    let names = source.columns.map(\.name)
    func index(_ name: String) throws(TrainingError) -> Int {
      guard let index = names.firstIndex(of: name) else {
        throw TrainingError(
          .data, "expected a column '\(name)', got \(names.joined(separator: ", "))")
      }
      return index
    }
    guard source.count > 0, !names.isEmpty else {
      throw TrainingError(
        .data, "expected examples, got \(source.count) of \(names.count) columns")
    }
    if let targets = specification.targets {
      var found: [Int] = []
      for name in targets { found.append(try index(name)) }
      targetColumns = found
    } else {
      targetColumns = [names.firstIndex(of: "y") ?? names.count - 1]
    }
    if let chosen = specification.features {
      var found: [Int] = []
      for name in chosen {
        let column = try index(name)
        guard !targetColumns.contains(column) else {
          throw TrainingError(
            .specification, "column '\(name)' is the target, so it cannot be a feature too")
        }
        found.append(column)
      }
      featureColumns = found
    } else if specification.targets == nil, let x = names.firstIndex(of: "x"),
      !targetColumns.contains(x)
    {
      featureColumns = [x]
    } else {
      let targets = targetColumns
      featureColumns = names.indices.filter { !targets.contains($0) }
    }
    guard !featureColumns.isEmpty else {
      throw TrainingError(
        .data, "expected at least one column beside the target, got only '\(names[0])'")
    }
    for name in specification.categorical { _ = try index(name) }
    var features: [Feature] = []
    for column in featureColumns {
      let description = source.columns[column]
      let isCategory =
        description.dataType == .string || specification.categorical.contains(description.name)
      for element in 0..<description.elementCount {
        features.append(
          Feature(
            name: description.elementCount == 1
              ? description.name : "\(description.name)[\(element)]",
            column: column, isCategory: isCategory))
      }
    }
    guard !features.isEmpty else {
      throw TrainingError(.data, "expected features, got columns without elements")
    }
    self.features = features
    targetCount = targetColumns.reduce(0) { $0 + source.columns[$1].elementCount }
  }

  /// A number that tells these data from others: of the columns, and of up to 4,096 targets. A checkpoint
  /// goes on with the same data only.
  func digest() throws(TrainingError) -> UInt64 {
    // FNV-1a; nobody is to be kept from finding other data with the same.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    for byte in "\(count) \(features.map(\.name))".utf8 { add(byte) }
    let picked = min(count, 4096)
    let rows = (0..<picked).map { count * $0 / picked }
    for column in targetColumns {
      if source.columns[column].dataType == .string {
        for text in try Categories.texts(source, column, rows) {
          for byte in text.utf8 { add(byte) }
        }
      } else {
        let width = source.columns[column].elementCount
        let values = Memory<Double>(uninitialized: picked * width)
        try NumberReading.rows([column], of: source, rows, into: values.base)
        for index in 0..<values.count {
          withUnsafeBytes(of: values[index].bitPattern.littleEndian) { $0.forEach(add) }
        }
      }
    }
    return hash
  }

  /// Refuses texts and categories, for models that only add up numbers.
  func requireNumbers(_ model: String) throws(TrainingError) {
    try requireNumbersInFeatures(model)
    for column in targetColumns where source.columns[column].dataType == .string {
      throw TrainingError(
        .data,
        "\(model) predicts numbers, got texts in column '\(source.columns[column].name)'; to predict "
          + "classes, use a classifier")
    }
  }

  /// Refuses texts and categories among the features; targets may be texts.
  func requireNumbersInFeatures(_ model: String) throws(TrainingError) {
    for column in featureColumns where source.columns[column].dataType == .string {
      throw TrainingError(
        .data,
        "\(model) needs numbers, got texts in column '\(source.columns[column].name)'; give one "
          + "column for each category, or use a tree, which takes texts")
    }
    if let feature = features.first(where: \.isCategory) {
      throw TrainingError(
        .specification,
        "\(model) cannot take '\(feature.name)' as categories; give one column for each, or use a "
          + "tree")
    }
  }
}
