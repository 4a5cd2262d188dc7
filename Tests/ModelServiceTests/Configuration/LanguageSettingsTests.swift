internal import Generation
internal import Protocols
internal import Testing

@testable import ModelService

@Suite struct LanguageSettingsTests {
  private func settings(_ parameters: [String: String]) throws -> LanguageSettings {
    var config = Inference.ModelConfig()
    for (key, value) in parameters {
      var parameter = Inference.ModelParameter()
      parameter.stringValue = value
      config.parameters[key] = parameter
    }
    return try LanguageSettings(config)
  }

  @Test func weightsBecomeWhatIsSaid() throws {
    #expect(try settings([:]).quantization == nil)
    #expect(try settings(["quantize": "none"]).quantization == nil)
    #expect(try settings(["quantize": "q8_0"]).quantization == .q8_0)
    #expect(try settings(["quantize": "q4_K"]).quantization == .q4_K)
    let error = #expect(throws: ConfigurationError.self) { try settings(["quantize": "q4_k"]) }
    #expect(error?.description.contains("expected 'q8_0', 'q4_K' or 'none', got 'q4_k'") == true)
  }
}
