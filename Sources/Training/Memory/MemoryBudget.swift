internal import Compute

/// What a training takes of the memory that there was when it began. Everything large is claimed before it
/// is taken, so that a training that cannot fit ends with a sentence and not with its process.
struct MemoryBudget {
  /// What memory is for.
  enum Use: String, CaseIterable {
    case weights = "weights, optimizer and checkpoint"
    case batches = "batches"
    case steps = "values of a step"
    case examples = "examples"
  }

  /// This process's share; nil: nobody asked.
  let available: AvailableMemory?
  private let processCount: Int
  private var claimed: [Use: Int] = [:]

  /// - Parameter processCount: processes of this machine that the memory is for.
  init(_ available: AvailableMemory?, processCount: Int = 1) {
    (self.available, self.processCount) = (available?.shared(by: processCount), processCount)
  }

  /// Bytes of all claims.
  var byteCount: Int { claimed.values.reduce(0, Self.sum) }

  /// Claims memory for a use.
  /// - Parameter advice: what makes it less.
  mutating func claim(
    _ byteCount: Int, for use: Use, advice: String
  ) throws(TrainingError) {
    claimed[use] = Self.sum(claimed[use] ?? 0, byteCount)
    guard let available, self.byteCount > available.byteCount else { return }
    let parts = Use.allCases.compactMap { use in
      claimed[use].map { "\(use.rawValue) \(Self.described($0))" }
    }
    var place = available.bound == .machine ? "on this machine" : "in this container"
    if processCount > 1 { place += " for each of its \(processCount) processes" }
    throw TrainingError(
      .resources,
      "the training needs at least \(Self.described(self.byteCount)) of memory "
        + "(\(parts.joined(separator: ", "))), and \(Self.described(available.byteCount)) are left "
        + "\(place): \(advice)")
  }

  private static func sum(_ left: Int, _ right: Int) -> Int {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? .max : sum
  }

  /// As people say it: "3.4 GiB".
  static func described(_ byteCount: Int) -> String {
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    var (value, unit) = (Double(byteCount), 0)
    while value >= 1024 {
      value /= 1024
      unit += 1
    }
    if unit == 0 { return "\(byteCount) bytes" }
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10) \(units[unit])"
  }
}

/// Who else holds something of a training's weights on this machine.
struct WeightHolders {
  /// Whether checkpoints are written.
  var savesCheckpoints = false
  /// Whether ranks sum gradients.
  var hasRanks = false
  /// Workers, which hold as much as this process, with their parameter servers.
  var workers = 0

  /// Processes that the memory is for, but for servers.
  var processCount: Int { 1 + workers }
}

extension TrainingSpecification {
  /// Bytes that so many weights take: themselves, what the optimizer keeps of each, the best ones so far, and
  /// for a moment what is written of them; and this process's share of what servers hold.
  func weightByteCount(_ count: Int, _ holders: WeightHolders) -> Int {
    let own = 1 + optimizer.slotCount
    let best = fit.stopping?.restoresBest == true ? 1 : 0
    // A checkpoint is numbers, then bytes; the file at the end is tensors, then bytes.
    let written = max(holders.savesCheckpoints ? 2 * (own + best) : 0, 2)
    // Ranks sum gradients beside the plan.
    let numbers = own + best + written + (holders.hasRanks ? 1 : 0)
    guard holders.workers > 0 else { return 4 * count * numbers }
    // Parameters of this step and the one before, and each worker's gradient.
    let servers = own + 1 + holders.workers
    return 4 * count * numbers + 4 * count * servers / holders.processCount
  }
}

extension Network {
  /// Bytes of a batch's inputs and targets.
  func batchByteCount(_ batch: Int) -> Int {
    let examples = inputs.map { ($0.shape, $0.dataType) } + [(target.shape, target.dataType)]
    return examples.reduce(0) { sum, item in
      let size = NetworkLimits.count([batch, item.1.elementByteCount ?? 4] + item.0)
      let (total, overflow) = sum.addingReportingOverflow(size)
      return overflow ? .max : total
    }
  }
}
