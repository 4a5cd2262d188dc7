internal import Synchronization

/// Programs of an interpreted model for the branches that inputs lead to, shared by its contexts:
/// made with the first request that leads there.
final class ModelVariants: Sendable {
  /// What decides the branches: the shapes of all inputs, and the values of small whole numbers.
  struct Key: Hashable, Sendable {
    var shapes: [[Int]]
    var values: [UInt8]
  }

  /// One program.
  final class Variant: Sendable {
    let program: Program

    init(_ program: Program) { self.program = program }
  }

  private struct State {
    /// nil: interpreted.
    var known: [Key: Variant?] = [:]
    /// nil: did not compile, or takes too much.
    var variants: [[BranchSelection.Decision]: Variant?] = [:]
  }

  private let source: Graph
  private let options: ModelOptions
  /// Positions of inputs whose values may decide a branch.
  let decidingInputs: [Int]
  private let state = Mutex(State())
  /// Held while a variant is compiled: two threads must not make the same one.
  private let compiling = Mutex(())
  /// Whether the model is small enough to be held several times.
  private let isSmall: Bool
  private let variantByteCountMax: Int

  /// What leads to further ones is interpreted; those that failed count, for they cost as much.
  private static let programCountMax = 4
  /// A larger model is not to be held several times.
  private static let programByteCountMax = 64 << 20
  /// Finding out costs as much as loading: who always comes with new shapes is interpreted.
  private static let keyCountMax = 256
  /// An axis, a sampling rate, a flag.
  private static let decidingElementCountMax = 8

  /// nil for a program without branches. A variant may take `growthMax` times what the interpreted
  /// program does: kernels want weights in an order of their own.
  init?(_ program: Program, growthMax: Int = 2) {
    guard let source = program.source else { return nil }
    self.source = source
    options = program.options
    isSmall = program.memoryByteCount <= Self.programByteCountMax
    variantByteCountMax = max(64 << 10, growthMax * program.memoryByteCount)
    let asked = source.inputsOfConditions
    decidingInputs = program.inputSpecs.indices.filter { index in
      let spec = program.inputSpecs[index]
      guard asked.contains(spec.name), spec.dataType == .bool || spec.dataType.isInteger,
        !spec.shape.contains(-1)
      else {
        return false
      }
      return (Shape.elementCount(spec.shape) ?? .max) <= Self.decidingElementCountMax
    }
  }

  /// What all variants may take: counted when the model is loaded, for nobody is asked when a request
  /// makes one.
  var memoryByteCount: Int { isSmall ? Self.programCountMax * variantByteCountMax : 0 }

  /// What inputs lead to; nil when they have to be interpreted.
  func variant(_ key: Key, _ inputs: [TensorView]) -> Variant? {
    if let found = state.withLock({ $0.known[key] }) { return found }
    let isFull = state.withLock { $0.known.count >= Self.keyCountMax }
    if isFull { return nil }
    // Outside the lock: two threads may both find out, once.
    let variant = find(inputs)
    state.withLock { $0.known[key] = .some(variant) }
    return variant
  }

  private func find(_ inputs: [TensorView]) -> Variant? {
    guard isSmall else { return nil }
    var values: [Int: Tensor] = [:]
    for index in decidingInputs { values[index] = Tensor(copying: inputs[index]) }
    // What cannot be chosen, or does not compile once it was, the interpreter knows better how to
    // answer or to refuse.
    do {
      guard
        let selection = try BranchSelection(
          source, shapes: inputs.map(\.shape), values: values, options)
      else { return nil }
      return compiling.withLock { _ in
        if let known = state.withLock({ $0.variants[selection.decisions] }) { return known }
        if triedCount >= Self.programCountMax { return nil }
        let variant = compile(selection)
        state.withLock { $0.variants[selection.decisions] = .some(variant) }
        return variant
      }
    } catch {
      return nil
    }
  }

  /// How many compilations were paid for.
  var triedCount: Int { state.withLock { $0.variants.count } }

  /// nil when it does not compile or takes too much: the interpreter answers.
  private func compile(_ selection: BranchSelection) -> Variant? {
    var options = options
    options.weightByteCountMax = min(options.weightByteCountMax, variantByteCountMax)
    guard let program = try? Compiler.compile(source, choosing: selection, options: options),
      program.memoryByteCount <= variantByteCountMax
    else { return nil }
    return Variant(program)
  }
}
