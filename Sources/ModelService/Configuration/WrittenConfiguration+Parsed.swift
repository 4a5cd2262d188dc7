internal import Protocols

extension WrittenConfiguration {
  /// The configuration, whatever it is written in.
  func parsed() throws(ConfigurationError) -> Inference.ModelConfig {
    switch format {
    case .text:
      do {
        return try ModelConfigText.parse(bytes)
      } catch {
        throw ConfigurationError(
          "\(DirectoryRepository.configurationFile), \(error.description)")
      }
    case .json:
      do {
        return try ModelConfigJSON.parse(bytes)
      } catch {
        throw ConfigurationError("the load's configuration, \(error.description)")
      }
    }
  }
}
