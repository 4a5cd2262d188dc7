internal import Glibc

/// The plans of a program that one thread at a time runs, one per combination of input shapes (and
/// of values that decide shapes), and the memory that they share.
final class PlanCache {
  private let program: Program
  private var arena = TensorStorage(byteCount: 0)
  /// Often used ones first.
  private var plans: [Plan] = []

  init(_ program: Program) { self.program = program }

  /// Bytes of activation memory held.
  var byteCount: Int { arena.byteCount }

  /// The plan for inputs like these, if there is one.
  func known(_ inputs: [TensorView]) -> Plan? {
    for index in 0..<plans.count where matches(plans[index], inputs) {
      // One step towards the front: often used plans stay, and nothing is moved far.
      if index > 0 { plans.swapAt(index - 1, index) }
      return plans[max(index - 1, 0)]
    }
    return nil
  }

  /// Makes the plan for inputs like these. Plans that were handed out may be invalid afterwards.
  /// `admit` may refuse so many bytes of memory in the place of those held.
  func make(
    _ inputs: [TensorView], admit: (Int) throws(ExecutionError) -> Void = { _ in }
  ) throws(ExecutionError) -> Plan {
    var values: [Int: Tensor] = [:]
    for position in program.keyedInputs {
      let view = inputs[position]
      values[position] = Tensor(copying: view)
    }
    var builder = try PlanBuilder(program, shapes: inputs.map(\.shape), values: values)
    let plan = try builder.build { byteCount throws(ExecutionError) in
      if byteCount > arena.byteCount {
        try admit(byteCount)
        // Plans point into the arena, so the others go with the smaller one.
        plans.removeAll()
        arena = TensorStorage(byteCount: byteCount)
      }
      return arena.base
    }
    plan.keyedValues = program.keyedInputs.map { values[$0]! }
    if plans.count >= max(1, program.options.planCountMax) { plans.removeLast() }
    plans.insert(plan, at: 0)
    return plan
  }

  /// Puts the inputs where the plan reads them.
  func fill(_ plan: Plan, _ inputs: [TensorView]) {
    for index in 0..<inputs.count where !isKeyed(index) {
      let source = inputs[index].bytes
      if let strings = plan.inputs[index].strings {
        strings.removeAll()
        strings.append(framed: source)
      } else {
        plan.take(input: index, source)
      }
    }
  }

  private func isKeyed(_ index: Int) -> Bool {
    !program.keyedInputs.isEmpty && program.keyedInputs.contains(index)
  }

  private func matches(_ plan: Plan, _ inputs: [TensorView]) -> Bool {
    for index in 0..<inputs.count where plan.inputs[index].shape != inputs[index].shape {
      return false
    }
    for (order, position) in program.keyedInputs.enumerated() {
      let view = inputs[position].bytes
      let same = plan.keyedValues[order].storage.withBytes { known in
        known.count == view.count
          && (known.count == 0 || memcmp(known.baseAddress!, view.baseAddress!, view.count) == 0)
      }
      if !same { return false }
    }
    return true
  }
}
