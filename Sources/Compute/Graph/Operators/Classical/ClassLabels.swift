/// The labels a classifier answers with: integers or strings.
enum ClassLabels: Sendable {
  case integers([Int64])
  case strings([[UInt8]])

  init(_ context: OperatorContext) throws(GraphError) {
    if let strings = try context.strings("classlabels_strings"), !strings.isEmpty {
      self = .strings(strings)
      return
    }
    var integers = try context.ints("classlabels_int64s")
    if integers == nil { integers = try context.ints("classlabels_ints") }
    self = .integers((integers ?? []).map { Int64($0) })
  }

  var count: Int {
    switch self {
    case .integers(let labels): labels.count
    case .strings(let labels): labels.count
    }
  }

  var dataType: DataType {
    if case .strings = self { return .string }
    return .int64
  }

  /// What to answer for one score with two classes: the labels given, or the standard ones.
  var binary: ClassLabels {
    switch self {
    case .integers(let labels): labels.count == 2 ? self : .integers([-1, 1])
    case .strings(let labels): labels.count == 2 ? self : .strings([[0x30], [0x31]])
    }
  }

  /// Writes the labels of `count` rows; `classes` says which class each row has.
  func write(
    _ count: Int, to output: Operand, class classes: (Int) -> Int
  ) {
    switch self {
    case .integers(let labels):
      let target = output.pointer(Int64.self)
      labels.withUnsafeBufferPointer { labels in
        for row in 0..<count { target[row] = labels[classes(row)] }
      }
    case .strings(let labels):
      guard let target = output.strings else { return }
      target.removeAll()
      for row in 0..<count {
        labels[classes(row)].withUnsafeBytes { target.append(element: $0) }
      }
    }
  }
}
