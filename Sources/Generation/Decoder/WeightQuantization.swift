internal import Compute

/// What weights that are plain numbers become when a model is loaded.
public enum WeightQuantization: String, CaseIterable, Sendable {
  /// 8.5 bits a weight.
  case q8_0
  /// 4.5 bits a weight. The embedding and the head, which decides which token is taken, and matrices
  /// whose rows are no whole number of 256 elements become Q8_0.
  case q4_K

  /// The format of a matrix, under GGUF's name; nil: it stays as it is.
  func format(of name: String, columns: Int) -> BlockFormat? {
    if self == .q4_K, columns % BlockFormat.q4_K.elementsPerBlock == 0,
      name != "token_embd.weight", name != "output.weight"
    {
      return .q4_K
    }
    return columns % BlockFormat.q8_0.elementsPerBlock == 0 ? .q8_0 : nil
  }
}
