/// How a graph is compiled and run.
public struct ModelOptions: Sendable {
  /// The rewrites a graph may undergo; each can be switched off to find a fault.
  public struct Passes: OptionSet, Sendable {
    /// One bit per pass.
    public let rawValue: UInt32
    /// Makes a set from bits.
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// Removes Identity and inference-time Dropout.
    public static let identityRemoval = Passes(rawValue: 1)
    /// Computes nodes whose inputs are all known at load.
    public static let constantFolding = Passes(rawValue: 2)
    /// Drops nodes nobody reads.
    public static let deadCodeElimination = Passes(rawValue: 4)
    /// Joins Conv, Gemm and MatMul with the additions and activations behind them.
    public static let fusion = Passes(rawValue: 8)
    /// Runs chains of convolutions in NHWC, where the kernels are fastest.
    public static let layout = Passes(rawValue: 16)
    /// Makes LayerNormalization and Gelu of the primitive operators that exporters write.
    public static let composition = Passes(rawValue: 32)
    /// Runs product, scale, mask, softmax and product as one operator.
    public static let attention = Passes(rawValue: 64)
    /// Plans what an If leads to, where the inputs' shapes or a few whole numbers decide it.
    public static let branches = Passes(rawValue: 128)
    /// Runs quantised operators on bytes.
    public static let quantization = Passes(rawValue: 1 << 10)
    /// Computes in FP32 what is declared FP16 or BF16.
    public static let halfPrecision = Passes(rawValue: 1 << 12)
    /// Plans the stretches of an interpreted model between what cannot be planned.
    public static let parts = Passes(rawValue: 1 << 13)
    /// Takes out of loops what is the same in every iteration.
    public static let loops = Passes(rawValue: 1 << 14)
    /// Every pass.
    public static let all = named.values.reduce(into: Passes()) { $0.formUnion($1) }
    /// Every pass by its name.
    public static let named: [String: Passes] = [
      "identity-removal": .identityRemoval, "constant-folding": .constantFolding,
      "dead-code-elimination": .deadCodeElimination, "fusion": .fusion, "layout": .layout,
      "composition": .composition, "attention": .attention, "branches": .branches,
      "half-precision": .halfPrecision, "quantization": .quantization, "parts": .parts,
      "loops": .loops,
    ]
  }

  /// Threads one inference may use; 1 runs on the caller's thread alone.
  public var threadCount: Int
  /// Rewrites allowed.
  public var passes: Passes
  /// Plans (one per combination of input shapes) a context remembers.
  public var planCountMax: Int
  /// Bytes the activations of one inference may take before it is refused.
  public var arenaByteCountMax: Int
  /// Bytes that weights may take while a model is made: packed for kernels, unpacked from few bits,
  /// or rewritten by a pass. Nodes that share a weight each have it in a form of their own, so a
  /// small file could fill the memory. As much as the largest file; a service has less.
  public var weightByteCountMax = 16 << 30
  /// Instructions that one inference may run in an interpreted model, iterations of loops
  /// included: about ten seconds of the smallest ones. Without it a file of a few bytes could
  /// loop for ever.
  public var interpretedStepCountMax = 4_000_000
  /// Multiplications, or something as long, that one inference may take beyond a few per byte of its
  /// tensors, and bytes that an interpreted one may write: minutes of the plain loops. A window,
  /// a sum or a frame as large as an attribute can say would go on for ever.
  public var workMax = 1e11
  /// Inputs of at least so many bytes for every step that reads them are read where the caller has
  /// them. Smaller ones are copied: making a step again for a new address takes as long.
  public var followedByteCountPerReader = 64 << 10
  /// Whether inputs and outputs may be what the Open Inference Protocol does not know: sequences
  /// and optionals, which only `Model.evaluate` takes, and types of a few bits.
  public var allowsContainers = false
  /// Whether nodes may be operators that only training has (``Graph/differentiated(loss:parameters:options:)``).
  package var allowsTraining = false

  /// Makes options; the defaults suit a server with one thread a request.
  public init(
    threadCount: Int = 1, passes: Passes = .all, planCountMax: Int = 32,
    arenaByteCountMax: Int = 2 << 30
  ) {
    self.threadCount = threadCount
    self.passes = passes
    self.planCountMax = planCountMax
    self.arenaByteCountMax = arenaByteCountMax
  }
}
