internal import CKernels

/// Attention of new positions over the keys and values of their sequences.
public struct PagedAttention: Sendable {
  /// New positions of one sequence, whose keys and values are in its pages already.
  public struct Sequence {
    /// The row of the sequence's first new position in the queries.
    public var firstRow: Int
    /// New positions.
    public var count: Int
    /// The first one's place in the sequence.
    public var firstPosition: Int
    /// The sequence's pages in the order of its positions, as far as these go.
    public var pages: UnsafePointer<Int32>

    /// By its parts.
    public init(firstRow: Int, count: Int, firstPosition: Int, pages: UnsafePointer<Int32>) {
      (self.firstRow, self.count) = (firstRow, count)
      (self.firstPosition, self.pages) = (firstPosition, pages)
    }
  }

  /// Heads of queries: a multiple of the pages' heads.
  public var headCount: Int
  /// What scores are multiplied with.
  public var scale: Float
  /// Scores become cap · tanh(score / cap); 0: they do not.
  public var softCap: Float = 0
  /// A position sees itself and this many less one before it; nil: all before it.
  public var window: Int?
  /// Whether a position sees only what is before it, or all of its sequence's new positions.
  public var isCausal = true

  /// Of all positions before, without a cap.
  public init(headCount: Int, scale: Float) { (self.headCount, self.scale) = (headCount, scale) }

  /// Queries and answers are [rows, headCount, headSize].
  public func run(
    _ sequences: [Sequence], layer: Int, _ queries: UnsafePointer<Float>,
    into output: UnsafeMutablePointer<Float>, _ memory: KeyValuePages, threadCount: Int = 1,
    kernels: Kernels = .active
  ) {
    let group = headCount / memory.headCount
    let rowsMax = Int(CK_ATTENTION_ROWS)
    // Positions of one block: those whose heads of a group fill a call's rows.
    let positions = max(1, rowsMax / group)
    var work = 0.0
    var blocks = 0
    for sequence in sequences {
      blocks += (sequence.count + positions - 1) / positions
      let seen = min(sequence.firstPosition + sequence.count, window ?? .max)
      work += 4.0 * Double(sequence.count * seen * headCount * memory.headSize)
    }
    Parallel.rows(
      blocks * memory.headCount, cost: .flops(work), on: .shared(threadCount: threadCount)
    ) { range in
      // Blocks are counted through all sequences, heads within a block.
      var (index, firstBlock) = (0, 0)
      for task in range {
        let (block, head) = (task / memory.headCount, task % memory.headCount)
        while block >= firstBlock + (sequences[index].count + positions - 1) / positions {
          firstBlock += (sequences[index].count + positions - 1) / positions
          index += 1
        }
        let sequence = sequences[index]
        let first = (block - firstBlock) * positions
        run(
          sequence, first..<min(sequence.count, first + positions), head: head, group: group,
          layer: layer, queries, into: output, memory, kernels)
      }
    }
  }

  /// Some positions of a sequence, and the heads that share one head of keys.
  private func run(
    _ sequence: Sequence, _ positions: Range<Int>, head: Int, group: Int, layer: Int,
    _ queries: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>,
    _ memory: KeyValuePages, _ kernels: Kernels
  ) {
    let rowsMax = Int(CK_ATTENTION_ROWS)
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: rowsMax) { q in
      withUnsafeTemporaryAllocation(of: UnsafeMutablePointer<Float>?.self, capacity: rowsMax) { o in
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: 2 * rowsMax) { bounds in
          guard let q = q.baseAddress, let o = o.baseAddress, let first = bounds.baseAddress
          else { return }
          let last = first + rowsMax
          var arguments = ck_attention()
          arguments.headSize = memory.headSize
          arguments.memory = UnsafeRawPointer(memory.keysOf(layer: layer, head: head))
          arguments.pages = sequence.pages
          arguments.pageStride = memory.pageByteCount
          arguments.isBytes = memory.precision == .bytes
          arguments.scale = scale
          arguments.softCap = softCap
          (arguments.queries, arguments.output) = (UnsafePointer(q), UnsafePointer(o))
          (arguments.first, arguments.last) = (UnsafePointer(first), UnsafePointer(last))
          var count = 0
          func flush() {
            guard count > 0 else { return }
            arguments.rowCount = count
            kernels.table.pointee.attention(&arguments)
            count = 0
          }
          for position in positions {
            let place = sequence.firstPosition + position
            let end = isCausal ? place + 1 : sequence.firstPosition + sequence.count
            for member in 0..<group {
              let row = (sequence.firstRow + position) * headCount + head * group + member
              q[count] = queries + row * memory.headSize
              o[count] = output + row * memory.headSize
              first[count] = Int32(window.map { max(0, place + 1 - $0) } ?? 0)
              last[count] = Int32(end)
              count += 1
              if count == rowsMax { flush() }
            }
          }
          flush()
        }
      }
    }
  }
}
