internal import Compute

/// A request that was checked against the model's signature: only sizes and bytes are left.
struct PreparedInference: Sendable {
  /// One input's elements, in the order of the signature.
  struct Input: Sendable {
    var shape: [Int]
    /// Little-endian, row-major; a view into the received message where it was sent raw.
    var bytes: ArraySlice<UInt8>
  }

  var inputs: [Input]
  /// Rows; 1 for a model without a batch dimension.
  var rowCount: Int
  /// Which outputs of the signature are wanted.
  var wantsOutput: [Bool]
}

/// One computed output.
struct ResultTensor: Sendable, Equatable {
  var dataType: DataType
  var shape: [Int]
  var bytes: [UInt8]
}

/// Computed outputs by their place in the signature; nil where nobody asked.
typealias InferenceResult = [ResultTensor?]
