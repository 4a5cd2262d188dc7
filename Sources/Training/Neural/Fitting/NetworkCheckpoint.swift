internal import JSON

/// Where a training of a network is: everything that decides how it goes on.
struct NetworkCheckpoint {
  /// Of the description; another one's checkpoint is refused.
  var digest: UInt64
  /// Epochs that are done, and steps of the one under way.
  var epoch = 0
  var step = 0
  /// Steps of all epochs.
  var total = 0
  /// Sums over the epoch under way: examples, loss and metrics times examples.
  var sums: [Double] = []
  /// What early stopping remembers: the best value, and epochs since.
  var best = Double.nan
  var wait = 0
  /// Metrics of the last epoch that ended.
  var metrics: [Metric] = []
  var parameters: [Float] = []
  var slots: [[Float]] = []
  /// Empty unless the best are to be restored.
  var bestParameters: [Float] = []

  private static let magic: [UInt8] = Array("MRTLTRN1".utf8)

  /// The bytes of a checkpoint: a line of JSON with its length, then all floats.
  func encoded() -> [UInt8] {
    func bits(_ value: Double) -> JSONValue { .string(String(value.bitPattern)) }
    let header = JSONValue.object([
      .init("digest", .string(String(digest))), .init("epoch", .integer(Int64(epoch))),
      .init("step", .integer(Int64(step))), .init("total", .integer(Int64(total))),
      .init("sums", .array(sums.map(bits))), .init("best", bits(best)),
      .init("wait", .integer(Int64(wait))),
      .init(
        "metrics", .array(metrics.map { .array([.string($0.name), bits($0.value)]) })),
      .init("parameters", .integer(Int64(parameters.count))),
      .init("slots", .integer(Int64(slots.count))),
      .init("bestParameters", .integer(Int64(bestParameters.count))),
    ]).serialized()
    var bytes = Self.magic
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { bytes += $0 }
    bytes += header
    for floats in [parameters] + slots + [bestParameters] {
      floats.withUnsafeBytes { bytes += $0 }
    }
    return bytes
  }

  init(digest: UInt64) { self.digest = digest }

  /// Reads what `encoded` wrote.
  init(_ bytes: [UInt8]) throws(TrainingError) {
    let broken = TrainingError(.resources, "the checkpoint is damaged; delete it to begin anew")
    guard bytes.count >= 16, Array(bytes[..<8]) == Self.magic else { throw broken }
    let length = bytes.withUnsafeBytes {
      UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    }
    guard length <= UInt64(bytes.count - 16) else { throw broken }
    let end = 16 + Int(length)
    guard let header = try? JSONValue(parsing: bytes[16..<end]) else { throw broken }
    func double(_ value: JSONValue?) -> Double? {
      value?.text.flatMap { UInt64($0) }.map { Double(bitPattern: $0) }
    }
    func count(_ key: String) -> Int? {
      header[key]?.wholeNumber.flatMap { $0 >= 0 && $0 <= bytes.count ? $0 : nil }
    }
    guard let digest = header["digest"]?.text.flatMap({ UInt64($0) }),
      let epoch = header["epoch"]?.wholeNumber, let step = header["step"]?.wholeNumber,
      let total = header["total"]?.wholeNumber, let wait = header["wait"]?.wholeNumber,
      let best = double(header["best"]), let parameterCount = count("parameters"),
      let slotCount = count("slots"), let bestCount = count("bestParameters"),
      slotCount <= 8, bestCount == 0 || bestCount == parameterCount,
      bytes.count - end == 4 * (parameterCount * (1 + slotCount) + bestCount)
    else { throw broken }
    self.init(digest: digest)
    (self.epoch, self.step, self.total, self.wait, self.best) = (epoch, step, total, wait, best)
    sums = header["sums"]?.list?.compactMap { double($0) } ?? []
    for item in header["metrics"]?.list ?? [] {
      if let name = item.list?.first?.text, let value = double(item.list?.last) {
        metrics.append(Metric(name, value))
      }
    }
    var place = end
    func floats(_ count: Int) -> [Float] {
      defer { place += 4 * count }
      return [Float](unsafeUninitializedCapacity: count) { buffer, filled in
        bytes.withUnsafeBytes { source in
          UnsafeMutableRawBufferPointer(buffer).copyMemory(
            from: UnsafeRawBufferPointer(rebasing: source[place..<(place + 4 * count)]))
        }
        filled = count
      }
    }
    parameters = floats(parameterCount)
    for _ in 0..<slotCount { slots.append(floats(parameterCount)) }
    bestParameters = floats(bestCount)
  }
}
