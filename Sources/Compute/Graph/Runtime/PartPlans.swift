/// The plans of the parts of one interpreted program and its bodies. Belongs to one context.
final class PartPlans {
  private struct Part {
    let cache: PlanCache
    var hitCount = 0
    var missCount = 0
  }

  private var parts: [ObjectIdentifier: Part] = [:]
  /// What all parts together may hold.
  private let byteCountMax: Int
  private(set) var byteCount = 0

  /// A plan costs as much as interpreting the part some times. What comes with a new shape nearly
  /// every time (a list that grows with a loop) is interpreted.
  private static let missCountMin = 4
  private static let hitsPerMiss = 8

  init(byteCountMax: Int) { self.byteCountMax = byteCountMax }

  /// A plan that is ready to run on these inputs; nil if the part is to be interpreted.
  func plan(_ part: ProgramPart, _ inputs: [TensorView]) -> Plan? {
    let key = ObjectIdentifier(part)
    var entry = parts[key] ?? Part(cache: PlanCache(part.program))
    defer { parts[key] = entry }
    if let plan = entry.cache.known(inputs) {
      entry.hitCount += 1
      entry.cache.fill(plan, inputs)
      return plan
    }
    guard entry.missCount < Self.missCountMin + entry.hitCount / Self.hitsPerMiss else {
      return nil
    }
    entry.missCount += 1
    let before = entry.cache.byteCount
    defer { byteCount += entry.cache.byteCount - before }
    // What cannot be planned, because values tell its sizes or because it is wrong, the interpreter
    // computes or refuses.
    let plan = try? entry.cache.make(inputs) { asked throws(ExecutionError) in
      guard asked <= byteCountMax - (byteCount - before) else {
        throw ExecutionError(
          code: .resourceExhausted,
          message: "the parts of a model may take \(byteCountMax) bytes, got \(asked) more")
      }
    }
    if let plan { entry.cache.fill(plan, inputs) }
    return plan
  }
}
