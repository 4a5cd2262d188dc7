/// What a sequence carries from one request to the next: a tensor per state of the model, in the
/// order of its signature.
struct SequenceState: Sendable {
  var tensors: [PreparedInference.Input]

  var byteCount: Int { tensors.reduce(0) { $0 + $1.bytes.count } }
}
