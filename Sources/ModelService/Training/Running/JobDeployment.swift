internal import Protocols
internal import RPC

/// Makes a job's result the model's next version, once: a process that dies in between leaves the
/// number that it meant to take, and the next one looks whether it was taken by this result.
struct JobDeployment {
  let job: JobFolder
  let order: JobOrder
  let registry: Registry
  let limits: DeployLimits

  private static let partByteCount = 1 << 20
  /// Others may take the number first.
  private static let attemptCountMax = 16

  private var key: ModelKey { ModelKey(tenant: job.key.tenant, name: order.model) }

  /// The version's number.
  func deploy(_ model: [UInt8]) throws -> Int64 {
    if let planned = try plannedVersion(), try isStored(model, as: planned) { return planned }
    // Whoever made the job was allowed to deploy the model.
    let caller = Caller(tenant: key.tenant, keyID: order.keyID, actions: [.deploy])
    var number = (try registry.repository.stored(key)?.versions.last?.number ?? 0) + 1
    for _ in 0..<Self.attemptCountMax {
      try job.replace(JobFolder.versionFile, Array(String(number).utf8))
      do {
        return try deploy(model, as: number, caller)
      } catch let error as RPCError where error.code == .alreadyExists {
        number += 1
      }
    }
    throw RPCError.unavailable(
      "other versions of '\(order.model)' keep coming: resume the training")
  }

  private func deploy(_ model: [UInt8], as number: Int64, _ caller: Caller) throws -> Int64 {
    var first = MartletV1.DeployRequest()
    (first.name, first.version, first.path) = (order.model, number, "model.onnx")
    let deployment = try Deployment(first, caller: caller, registry: registry, limits: limits)
    do {
      for start in stride(from: 0, to: model.count, by: Self.partByteCount) {
        var part = MartletV1.DeployRequest()
        part.path = first.path
        part.data = Array(model[start..<min(model.count, start + Self.partByteCount)])
        try deployment.receive(part)
      }
    } catch {
      deployment.abort()
      throw error
    }
    return try deployment.finish().version
  }

  private func plannedVersion() throws(RepositoryError) -> Int64? {
    try job.folder.read(JobFolder.versionFile, byteCountMax: 32).flatMap {
      RepositoryName.version(String(decoding: $0, as: UTF8.self))
    }
  }

  private func isStored(_ model: [UInt8], as number: Int64) throws -> Bool {
    try registry.repository.withVersion(key, number) { files in
      try files.hasModel(model)
    } ?? false
  }
}
