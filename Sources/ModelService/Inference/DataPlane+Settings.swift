public import Protocols
internal import RPC

/// Settings and shared memory: what can be read is answered, what can't be done is refused.
extension DataPlane {
  /// Tracing is not implemented, and says so: level OFF.
  public func traceSetting(
    _ request: Inference.TraceSettingRequest, caller: Caller
  ) throws -> Inference.TraceSettingResponse {
    if !request.modelName.isEmpty {
      try caller.require([.infer, .deploy], model: request.modelName)
    }
    guard request.settings.isEmpty else {
      throw RPCError.unimplemented("trace settings can't be changed: this server does not trace")
    }
    var response = Inference.TraceSettingResponse()
    let values = [
      "trace_level": "OFF", "trace_rate": "1000", "trace_count": "-1", "log_frequency": "0",
      "trace_file": "", "trace_mode": "triton",
    ]
    for (name, value) in values {
      var setting = Inference.TraceSettingResponse.SettingValue()
      setting.value = [value]
      response.settings[name] = setting
    }
    return response
  }

  /// What is logged is the operator's decision, made in the configuration file.
  public func logSettings(
    _ request: Inference.LogSettingsRequest, caller: Caller
  ) throws -> Inference.LogSettingsResponse {
    guard request.settings.isEmpty else {
      throw RPCError.unimplemented(
        "log settings can't be changed over the network: they belong to the server's configuration")
    }
    var response = Inference.LogSettingsResponse()
    let values: [String: Inference.LogSettingsResponse.SettingValue.ParameterChoice] = [
      "log_file": .stringParam(""), "log_info": .boolParam(true), "log_warning": .boolParam(true),
      "log_error": .boolParam(true), "log_verbose_level": .uint32Param(0),
      "log_format": .stringParam("default"),
    ]
    for (name, value) in values {
      var setting = Inference.LogSettingsResponse.SettingValue()
      setting.parameterChoice = value
      response.settings[name] = setting
    }
    return response
  }

  /// Client and server never share memory: they are on different machines, or behind a gateway.
  static let sharedMemoryRefusal = RPCError(
    code: .unimplemented,
    message: "shared memory is not supported by this server: send tensors in the request")
}
