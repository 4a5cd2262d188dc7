/// One checkpoint for all ranks: rank 0 keeps it, and what it finds is what everybody goes on from.
package final class RankCheckpoints: CheckpointStore {
  /// Nil at all ranks but the first.
  private let store: (any CheckpointStore)?
  private let found: [UInt8]

  /// Reads the checkpoint and gives it to everybody: all ranks call this at the same place. `store` is rank
  /// 0's; the others' is not looked at.
  package init(
    _ collective: any Collective, _ store: (any CheckpointStore)?
  ) throws(TrainingError) {
    self.store = collective.rank == 0 ? store : nil
    var (bytes, failure) = ([UInt8](), TrainingError?.none)
    do throws(TrainingError) { bytes = try self.store?.load() ?? [] } catch { failure = error }
    try collective.agree(failure)
    found = collective.broadcast(bytes)
  }

  /// Whether there is something to go on from.
  package var isFound: Bool { !found.isEmpty }

  package func load() throws(TrainingError) -> [UInt8]? { found.isEmpty ? nil : found }
  package func save(_ bytes: [UInt8]) throws(TrainingError) { try store?.save(bytes) }
}
