/// How much training a service takes on. Each default says why it is what it is.
public struct TrainingLimits: Sendable, Hashable {
  /// Jobs that one process computes at a time: 1. A second one would halve the first, and hold as much
  /// memory again; further processes that share the repository take further jobs.
  public var jobCountMax = 1
  /// Threads of one job: 0, as many as the process has cores for. They have the lowest priority, so that
  /// they get the time that requests leave.
  public var threadCountMax = 0
  /// Jobs of one tenant that are not deleted, ended ones too: 100, a few weeks of a person's trials. A list
  /// of them fits one message.
  public var tenantJobCountMax = 100
  /// Jobs of one tenant that have not ended: 20, a night's work.
  public var tenantOpenJobCountMax = 20
  /// Bytes of data, checkpoints and results of one tenant: 16 GiB. Fashion-MNIST has 47 MB.
  public var tenantByteCountMax: UInt64 = 16 << 30
  /// Bytes of one file of data: 8 GiB, so that a tenant can have two.
  public var fileByteCountMax: UInt64 = 8 << 30
  /// Bytes of a description: 1 MiB; a Keras model of 1,000 layers has some 500 KB.
  public var specificationByteCountMax = 1 << 20
  /// Processes that may die over a job, one after another, without a checkpoint in between: 5. A job that
  /// takes more memory than there is must not take the service down for ever.
  public var attemptCountMax = 5
  /// Workers and parameter servers that one job may have: 16. Each takes some 30 MB and what its batches
  /// take; more than there are cores gain nothing but to see whether a description works.
  public var nodeCountMax = 16
  /// The name or address under which workers and parameter servers of other machines reach this process; nil:
  /// there are none, and a job that would wait for them is refused.
  public var nodeHost: String?

  /// The defaults.
  public init() {}
}
