extension Route {
  /// Every method that exists. What is not here is denied.
  package static let all: [Route] =
    inference + models + generation + training + cluster + keys + authService + local

  /// Open Inference Protocol and Triton's extensions. Calls that read may be sent twice; so may
  /// ModelInfer, which computes and stores nothing, except for a request of a sequence.
  private static let inference: [Route] = [
    Route("/inference.GRPCInferenceService/ServerLive", .model, .infer, isRetrySafe: true),
    Route("/inference.GRPCInferenceService/ServerReady", .model, .infer, isRetrySafe: true),
    Route("/inference.GRPCInferenceService/ServerMetadata", .model, .infer, isRetrySafe: true),
    Route(
      "/inference.GRPCInferenceService/ModelReady", .model, .infer,
      model: .firstMessage(field: 1), isRetrySafe: true),
    Route(
      "/inference.GRPCInferenceService/ModelMetadata", .model, .infer,
      model: .firstMessage(field: 1), isRetrySafe: true),
    Route(
      "/inference.GRPCInferenceService/ModelConfig", .model, .infer,
      model: .firstMessage(field: 1), isRetrySafe: true),
    Route(
      "/inference.GRPCInferenceService/ModelStatistics", .model, .infer,
      model: .firstMessage(field: 1), isRetrySafe: true),
    Route(
      "/inference.GRPCInferenceService/ModelInfer", .model, .infer,
      model: .firstMessage(field: 1), isRetrySafe: true, hasSequences: true),
    Route(
      "/inference.GRPCInferenceService/ModelStreamInfer", .model, .infer,
      model: .eachMessage(field: 1), isStreaming: true, hasSequences: true),
    Route("/inference.GRPCInferenceService/RepositoryIndex", .model, .infer, isRetrySafe: true),
    Route(
      "/inference.GRPCInferenceService/RepositoryModelLoad", .model, .deploy,
      model: .firstMessage(field: 2)),
    Route(
      "/inference.GRPCInferenceService/RepositoryModelUnload", .model, .deploy,
      model: .firstMessage(field: 2)),
    Route("/inference.GRPCInferenceService/SystemSharedMemoryStatus", .model, .admin),
    Route("/inference.GRPCInferenceService/SystemSharedMemoryRegister", .model, .admin),
    Route("/inference.GRPCInferenceService/SystemSharedMemoryUnregister", .model, .admin),
    Route("/inference.GRPCInferenceService/CudaSharedMemoryStatus", .model, .admin),
    Route("/inference.GRPCInferenceService/CudaSharedMemoryRegister", .model, .admin),
    Route("/inference.GRPCInferenceService/CudaSharedMemoryUnregister", .model, .admin),
    Route(
      "/inference.GRPCInferenceService/TraceSetting", .model, .admin,
      model: .firstMessage(field: 2)),
    Route("/inference.GRPCInferenceService/LogSettings", .model, .admin),
  ]

  private static let models: [Route] = [
    Route(
      "/martlet.v1.Models/Deploy", .model, .deploy, model: .firstAndNamed(field: 1),
      isStreaming: true),
    Route("/martlet.v1.Models/ListModels", .model, [.infer, .deploy], isRetrySafe: true),
    Route(
      "/martlet.v1.Models/ShowModel", .model, [.infer, .deploy],
      model: .firstMessage(field: 1), isRetrySafe: true),
    Route("/martlet.v1.Models/LoadModel", .model, .deploy, model: .firstMessage(field: 1)),
    Route("/martlet.v1.Models/UnloadModel", .model, .deploy, model: .firstMessage(field: 1)),
    Route("/martlet.v1.Models/DeleteModel", .model, .deploy, model: .firstMessage(field: 1)),
  ]

  /// A generation is not sent twice: it may have been charged already.
  private static let generation: [Route] = [
    Route(
      "/martlet.v1.Generation/Generate", .model, .infer, model: .firstMessage(field: 1),
      isStreaming: true),
    Route(
      "/martlet.v1.Generation/Chat", .model, .infer, model: .firstMessage(field: 1),
      isStreaming: true),
    Route(
      "/martlet.v1.Generation/Tokenize", .model, .infer, model: .firstMessage(field: 1),
      isRetrySafe: true),
    Route(
      "/martlet.v1.Generation/Embed", .model, .infer, model: .firstMessage(field: 1),
      isRetrySafe: true),
  ]

  /// A training becomes a version of its model, so it needs what a deployment needs. Messages name a
  /// training; the service finds its model, and looks whether the key may touch it.
  private static let training: [Route] = [
    Route(
      "/martlet.v1.Training/Create", .model, .deploy, model: .firstAndNamed(field: 1),
      isStreaming: true),
    Route("/martlet.v1.Training/Watch", .model, .deploy, isStreaming: true),
    Route("/martlet.v1.Training/Get", .model, .deploy, isRetrySafe: true),
    Route("/martlet.v1.Training/List", .model, .deploy, isRetrySafe: true),
    Route("/martlet.v1.Training/Cancel", .model, .deploy),
    Route("/martlet.v1.Training/Resume", .model, .deploy),
    Route("/martlet.v1.Training/Delete", .model, .deploy),
    Route("/martlet.v1.Training/FetchModel", .model, .deploy, isStreaming: true),
  ]

  /// What the processes of one training say to each other, with certificates of that training
  /// only. They have ports of their own; no client asks them.
  private static let cluster: [Route] = [
    Route("/martlet.v1.ClusterCoordinator/Join", .denied),
    Route("/martlet.v1.ParameterServer/Load", .denied),
    Route("/martlet.v1.ParameterServer/Proceed", .denied),
    Route("/martlet.v1.ParameterServer/Status", .denied),
    Route("/martlet.v1.ParameterServer/Contents", .denied),
    Route("/martlet.v1.ParameterServer/Exchange", .denied),
  ]

  private static let keys: [Route] = [
    Route("/martlet.v1.Tenants/CreateTenant", .auth, .admin),
    Route("/martlet.v1.Tenants/ListTenants", .auth, .admin, isRetrySafe: true),
    Route("/martlet.v1.Tenants/DeleteTenant", .auth, .admin),
    Route("/martlet.v1.Tenants/SetQuota", .auth, .admin),
    Route("/martlet.v1.Keys/CreateKey", .auth, .keys),
    Route("/martlet.v1.Keys/ListKeys", .auth, .keys, isRetrySafe: true),
    Route("/martlet.v1.Keys/RotateKey", .auth, .keys),
    Route("/martlet.v1.Keys/RevokeKey", .auth, .keys),
    Route("/martlet.v1.Keys/ListAudit", .auth, .keys, isRetrySafe: true),
    Route("/martlet.v1.Usage/ListUsage", .auth, .keys, isRetrySafe: true),
  ]

  /// What only the gateway itself may ask, and what model services report.
  private static let authService: [Route] = [
    Route("/martlet.v1.Auth/Check", .denied),
    Route("/martlet.v1.Auth/Watch", .denied),
    Route("/martlet.v1.Metering/Report", .denied),
  ]

  private static let local: [Route] = [
    Route("/grpc.health.v1.Health/Check", .local(.healthCheck)),
    Route("/grpc.health.v1.Health/List", .local(.healthList)),
    Route("/grpc.health.v1.Health/Watch", .local(.healthWatch), isStreaming: true),
    Route(
      "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", .local(.reflection),
      isStreaming: true),
    Route(
      "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
      .local(.reflectionAlpha), isStreaming: true),
  ]
}
