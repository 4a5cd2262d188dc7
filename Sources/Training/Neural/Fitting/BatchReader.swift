internal import Compute

/// Where the columns of a data source go in a network.
struct BatchColumns {
  let features: [Int]
  let target: Int

  /// Finds them: by the names in the description, by those of the network's inputs, or by custom, `x` and
  /// `y`, or all columns but the last as one vector and the last.
  init(
    _ columns: [DataColumn], _ specification: TrainingSpecification
  ) throws(TrainingError) {
    func find(_ name: String) -> Int? { columns.firstIndex { $0.name == name } }
    let known = columns.map(\.name).joined(separator: ", ")
    func named(_ name: String) throws(TrainingError) -> Int {
      guard let found = find(name) else {
        throw TrainingError(.data, "the data have no column '\(name)'; they have \(known)")
      }
      return found
    }
    guard columns.count >= 2 else {
      throw TrainingError(
        .data, "the data must have examples and targets, such as x and y; they have \(known)")
    }
    let fit = specification.fit
    if let target = fit.target {
      self.target = try named(target)
    } else {
      self.target = find("y") ?? find("y_train") ?? columns.count - 1
    }
    if let features = fit.features {
      var found: [Int] = []
      for name in features { found.append(try named(name)) }
      self.features = found
    } else {
      let inputs = specification.network.inputs
      let byInput = inputs.compactMap { find($0.name) }
      if byInput.count == inputs.count, !byInput.contains(target) {
        self.features = byInput
      } else if let x = find("x") ?? find("x_train"), inputs.count == 1 {
        self.features = [x]
      } else {
        let target = self.target
        self.features = columns.indices.filter { $0 != target }
      }
    }
  }
}

/// Reads batches of examples as the numbers that a network takes.
struct BatchReader {
  let source: any ExampleSource
  let columns: BatchColumns
  let network: Network
  /// Whether all features together are the network's one input.
  private let joins: Bool

  init(_ source: any ExampleSource, _ network: Network) throws(TrainingError) {
    self.source = source
    self.network = network
    columns = try BatchColumns(source.columns, network.specification)
    joins = network.inputs.count == 1 && columns.features.count > 1
  }

  /// What the network's inputs and targets are, by the data.
  static func network(
    _ specification: TrainingSpecification, _ source: any ExampleSource
  ) throws(TrainingError) -> Network {
    let columns = try BatchColumns(source.columns, specification)
    let inputs = specification.network.inputs
    let features = columns.features.map { source.columns[$0] }
    for column in features + [source.columns[columns.target]] where column.dataType == .string {
      throw TrainingError(
        .data, "column '\(column.name)' holds texts; networks learn from numbers")
    }
    let joined = features.reduce(0) { $0 + $1.elementCount }
    guard inputs.count == features.count || inputs.count == 1 else {
      throw TrainingError(
        .data, "the network has \(inputs.count) inputs, the data \(features.count) columns for them"
      )
    }
    var found: [(name: String, shape: [Int], dataType: DataType)] = []
    for (index, input) in inputs.enumerated() {
      let isJoined = inputs.count == 1 && features.count > 1
      let given = isJoined ? [joined] : features[index].shape
      let count = isJoined ? joined : features[index].elementCount
      let shape = input.shape ?? given
      // The same elements in another shape are what people mean: 784 for 28 × 28 × 1.
      guard shape.reduce(1, *) == count else {
        throw TrainingError(
          .data,
          "input '\(input.name)' takes examples of shape \(shape), the data have \(given)")
      }
      found.append((input.name, shape, input.isInteger ? .int64 : .fp32))
    }
    let probe = Network(specification: specification, inputs: found, target: ([], .fp32))
    let (_, output) = try probe.build(.evaluation(batch: 1))
    let shape = try Network.checkTarget(
      specification.loss, output: output.shape, target: source.columns[columns.target].shape)
    return Network(
      specification: specification, inputs: found,
      target: (shape, specification.loss.hasClassTargets ? .int64 : .fp32))
  }

  /// Reads the examples `rows` into memory that is large enough.
  func read(
    _ rows: UnsafeBufferPointer<Int>, inputs: [UnsafeMutableRawPointer],
    target: UnsafeMutableRawPointer, scratch: inout [UInt8], classCount: Int?
  ) throws(TrainingError) {
    if joins {
      try readJoined(rows, inputs[0], &scratch)
    } else {
      for (index, column) in columns.features.enumerated() {
        try read(column, rows, network.inputs[index].dataType, inputs[index], &scratch)
      }
    }
    try read(columns.target, rows, network.target.dataType, target, &scratch)
    let targetCount = rows.count * network.target.shape.reduce(1, *)
    if network.specification.loss.hasProbabilityTargets {
      let targets = target.assumingMemoryBound(to: Float.self)
      for index in 0..<targetCount where !(0...1 ~= targets[index]) {
        throw TrainingError(
          .data,
          "targets of a cross-entropy must be in 0...1, got \(targets[index]); for numbers of classes use "
            + "sparse_categorical_crossentropy")
      }
    }
    guard let classCount else { return }
    let labels = target.assumingMemoryBound(to: Int64.self)
    for index in 0..<targetCount
    where labels[index] < 0 || labels[index] >= classCount {
      throw TrainingError(
        .data,
        "labels must be in 0...\(classCount - 1), as the network's output has \(classCount) classes; "
          + "got \(labels[index])")
    }
  }

  func read(
    _ column: Int, _ rows: UnsafeBufferPointer<Int>, _ type: DataType,
    _ target: UnsafeMutableRawPointer, _ scratch: inout [UInt8]
  ) throws(TrainingError) {
    let description = source.columns[column]
    let count = rows.count * description.elementCount
    let width = description.dataType.elementByteCount ?? 1
    if description.dataType == type {
      try source.read(
        column: column, rows: rows,
        into: UnsafeMutableRawBufferPointer(start: target, count: count * width))
      return
    }
    if scratch.count < count * width { scratch = [UInt8](repeating: 0, count: count * width) }
    var failure: TrainingError?
    scratch.withUnsafeMutableBytes { bytes in
      do throws(TrainingError) {
        try source.read(
          column: column, rows: rows,
          into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<(count * width)]))
        if type == .fp32 {
          description.dataType.convert(
            bytes.baseAddress!, to: target.assumingMemoryBound(to: Float.self), count: count)
        } else {
          try convert(description, bytes.baseAddress!, target, count)
        }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  /// To whole numbers, which labels and tokens are; what is none is refused.
  private func convert(
    _ column: DataColumn, _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer,
    _ count: Int
  ) throws(TrainingError) {
    let labels = target.assumingMemoryBound(to: Int64.self)
    for index in 0..<count {
      guard let value = column.dataType.integer(source, at: index) else {
        throw TrainingError(
          .data, "column '\(column.name)' must hold whole numbers, got \(column.dataType)")
      }
      labels[index] = value
    }
  }

  /// Columns side by side, as one vector.
  private func readJoined(
    _ rows: UnsafeBufferPointer<Int>, _ target: UnsafeMutableRawPointer, _ scratch: inout [UInt8]
  ) throws(TrainingError) {
    let width = network.inputs[0].shape.reduce(1, *)
    let floats = target.assumingMemoryBound(to: Float.self)
    var start = 0
    for column in columns.features {
      let size = source.columns[column].elementCount
      var values = [Float](repeating: 0, count: rows.count * size)
      var failure: TrainingError?
      values.withUnsafeMutableBytes { bytes in
        do throws(TrainingError) {
          try read(column, rows, .fp32, bytes.baseAddress!, &scratch)
        } catch {
          failure = error
        }
      }
      if let failure { throw failure }
      for row in 0..<rows.count {
        for index in 0..<size { floats[row * width + start + index] = values[row * size + index] }
      }
      start += size
    }
  }
}

extension DataType {
  /// Numbers of this type as FP32.
  func convert(_ source: UnsafeRawPointer, to target: UnsafeMutablePointer<Float>, count: Int) {
    func cast<T: BinaryInteger & BitwiseCopyable>(_ type: T.Type) {
      for index in 0..<count {
        target[index] = Float(
          source.loadUnaligned(fromByteOffset: index * MemoryLayout<T>.size, as: T.self))
      }
    }
    switch self {
    case .uint8, .bool: cast(UInt8.self)
    case .int8: cast(Int8.self)
    case .uint16: cast(UInt16.self)
    case .int16: cast(Int16.self)
    case .uint32: cast(UInt32.self)
    case .int32: cast(Int32.self)
    case .uint64: cast(UInt64.self)
    case .int64: cast(Int64.self)
    case .fp16:
      for index in 0..<count {
        let bits = source.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
        target[index] = Float(Float16(bitPattern: bits))
      }
    case .bf16:
      for index in 0..<count {
        let bits = source.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
        target[index] = Float(bitPattern: UInt32(bits) << 16)
      }
    case .fp64:
      for index in 0..<count {
        target[index] = Float(source.loadUnaligned(fromByteOffset: 8 * index, as: Double.self))
      }
    default:
      for index in 0..<count {
        target[index] = source.loadUnaligned(fromByteOffset: 4 * index, as: Float.self)
      }
    }
  }

  /// One number as a whole one, nil if it is none.
  func integer(_ source: UnsafeRawPointer, at index: Int) -> Int64? {
    func load<T: BitwiseCopyable>(_ type: T.Type) -> T {
      source.loadUnaligned(fromByteOffset: index * MemoryLayout<T>.size, as: T.self)
    }
    switch self {
    case .uint8, .bool: return Int64(load(UInt8.self))
    case .int8: return Int64(load(Int8.self))
    case .uint16: return Int64(load(UInt16.self))
    case .int16: return Int64(load(Int16.self))
    case .uint32: return Int64(load(UInt32.self))
    case .int32: return Int64(load(Int32.self))
    case .uint64: return Int64(exactly: load(UInt64.self))
    case .int64: return load(Int64.self)
    case .fp32: return Int64(exactly: load(Float.self))
    case .fp64: return Int64(exactly: load(Double.self))
    default: return nil
    }
  }
}
