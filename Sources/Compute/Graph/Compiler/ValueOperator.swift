/// An operator that makes whole values, instead of filling places that were laid out before:
/// control flow, sequences, and results whose sizes only values tell. A program that has one is
/// interpreted (decision 60).
protocol ValueOperator: Operator {
  /// Computes the outputs; nil for one that was not asked for.
  func evaluate(_ call: ValueCall) throws(ExecutionError) -> [ModelValue?]
}

extension ValueOperator {
  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    throw GraphError(
      code: .invalidGraph, message: "the outputs' sizes are only known while running")
  }
}

/// What a value operator works on.
struct ValueCall {
  let inputs: [ModelValue?]
  let interpreter: Interpreter

  /// A mandatory input that is a tensor.
  func tensor(_ index: Int) throws(ExecutionError) -> Tensor {
    guard let tensor = optional(index)?.tensor else {
      throw ExecutionError(code: .invalidValue, message: "input \(index) must be a tensor")
    }
    return tensor
  }

  /// A mandatory input that is a sequence.
  func sequence(_ index: Int) throws(ExecutionError) -> [Tensor] {
    guard case .sequence(let tensors) = optional(index) else {
      throw ExecutionError(code: .invalidValue, message: "input \(index) must be a sequence")
    }
    return tensors
  }

  /// A mandatory input of any form.
  func value(_ index: Int) throws(ExecutionError) -> ModelValue {
    guard let value = optional(index) else {
      throw ExecutionError(code: .invalidValue, message: "input \(index) is missing")
    }
    return value
  }

  func optional(_ index: Int) -> ModelValue? { index < inputs.count ? inputs[index] : nil }

  /// An optional input that is one integer.
  func integer(_ index: Int) throws(ExecutionError) -> Int? {
    guard optional(index) != nil else { return nil }
    guard let values = try tensor(index).integerElements, values.count == 1 else {
      throw ExecutionError(code: .invalidValue, message: "input \(index) must be one integer")
    }
    return values[0]
  }

  /// An optional input that is one truth value.
  func flag(_ index: Int) throws(ExecutionError) -> Bool? {
    guard optional(index) != nil else { return nil }
    let tensor = try tensor(index)
    guard tensor.dataType == .bool, tensor.elementCount == 1 else {
      throw ExecutionError(code: .invalidValue, message: "input \(index) must be one BOOL")
    }
    return tensor.elements(as: UInt8.self)[0] != 0
  }
}

/// Runs a part of an evaluation whose mistakes are the graph's as the request's.
func evaluating<R>(_ body: () throws(GraphError) -> R) throws(ExecutionError) -> R {
  do { return try body() } catch { throw ExecutionError(planning: error) }
}
