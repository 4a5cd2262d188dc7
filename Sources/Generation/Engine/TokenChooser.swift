internal import Compute
internal import Synchronization

/// Chooses the tokens of a step's sequences, on several threads where that is worth it: with 262,144
/// tokens a row takes as long as some layers do. What is chosen does not depend on who chooses it.
///
/// One caller at a time.
final class TokenChooser {
  /// Why none could be chosen is told; nil: nobody wants one any more.
  typealias Chosen = (SequenceID, Result<SequenceOutput.Choice, GenerationError>?)

  /// Of a token of the vocabulary: between the likeliest alone and the filters of a draw.
  private static let nanosecondsPerToken = 1.0

  /// Memory for one row at a time.
  private final class Workspace {
    let scratch: SamplingScratch
    /// A row that others still need, as it was.
    let row: UnsafeMutableBufferPointer<Float>

    init(vocabularySize: Int) {
      scratch = SamplingScratch(vocabularySize: vocabularySize)
      row = .allocate(capacity: vocabularySize)
    }

    deinit { row.deallocate() }
  }
  private struct Workspaces: @unchecked Sendable { var free: [Workspace] = [] }

  private let vocabularySize: Int
  private let threadCount: Int
  /// As many as threads have been choosing at a time.
  private let workspaces = Mutex(Workspaces())

  init(vocabularySize: Int, threadCount: Int) {
    (self.vocabularySize, self.threadCount) = (vocabularySize, threadCount)
  }

  /// The token of each sequence that the plan's entries list, or why there is none. The rows
  /// of `logits` are those of the entries that want some, in their order, and are written over.
  func choose(
    _ plan: StepPlan, _ outputs: [SequenceID: SequenceOutput],
    _ logits: UnsafeMutableBufferPointer<Float>
  ) -> [Chosen] {
    let groups = groups(plan, outputs)
    var chosen = Array(repeating: [Chosen](), count: groups.count)
    let rowCount = groups.reduce(0) { $0 + $1.reduce(0) { $0 + $1.samples.count } }
    let each = Self.nanosecondsPerToken * Double(vocabularySize * rowCount)
    chosen.withUnsafeMutableBufferPointer { chosen in
      RowOperations.deal(
        pieces: groups.count, nanosecondsEach: each / Double(max(1, groups.count)),
        threadCount: threadCount
      ) { range in
        let workspace = take()
        for index in range {
          for row in groups[index] {
            choose(row, outputs, logits, workspace, into: &chosen[index])
          }
        }
        giveBack(workspace)
      }
    }
    return chosen.flatMap(\.self)
  }

  /// A row of logits and who chooses from it.
  private struct Row {
    var index: Int
    var samples: [SequenceID]
  }

  /// What one thread must do: a row, or the rows of all sequences that share a grammar's automaton.
  private func groups(
    _ plan: StepPlan, _ outputs: [SequenceID: SequenceOutput]
  ) -> [[Row]] {
    var groups: [[Row]] = []
    var constrained: [RequestID: Int] = [:]
    for (index, entry) in plan.entries.lazy.filter(\.wantsLogits).enumerated() {
      let row = Row(index: index, samples: entry.samples)
      let request = entry.sequence.request
      if let group = constrained[request] {
        groups[group].append(row)
        continue
      }
      if entry.samples.contains(where: { outputs[$0]?.isConstrained == true }) {
        constrained[request] = groups.count
      }
      groups.append([row])
    }
    return groups
  }

  private func choose(
    _ row: Row, _ outputs: [SequenceID: SequenceOutput],
    _ logits: UnsafeMutableBufferPointer<Float>, _ workspace: Workspace, into chosen: inout [Chosen]
  ) {
    let size = vocabularySize
    let own = UnsafeMutableBufferPointer(
      rebasing: logits[row.index * size..<(row.index + 1) * size])
    for (number, id) in row.samples.enumerated() {
      var values = own
      if number < row.samples.count - 1 {
        // Choosing writes over the row, which others still need.
        _ = workspace.row.update(fromContentsOf: own)
        values = workspace.row
      }
      chosen.append((id, outputs[id].map { Self.choice(of: $0, values, workspace.scratch) }))
    }
  }

  private static func choice(
    of output: SequenceOutput, _ logits: UnsafeMutableBufferPointer<Float>,
    _ scratch: SamplingScratch
  ) -> Result<SequenceOutput.Choice, GenerationError> {
    do throws(GenerationError) {
      return .success(try output.choose(logits, scratch))
    } catch { return .failure(error) }
  }

  private func take() -> Workspace {
    let free = workspaces.withLock { $0.free.popLast().map(SendableBox.init) }
    return free?.value ?? Workspace(vocabularySize: vocabularySize)
  }

  private func giveBack(_ workspace: Workspace) {
    let box = SendableBox(workspace)
    workspaces.withLock { $0.free.append(box.value) }
  }
}
