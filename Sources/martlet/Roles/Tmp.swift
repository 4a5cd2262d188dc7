internal import ArgumentParser
struct GatewayCommand: AsyncParsableCommand, RoleCommand {
  static let configuration = CommandConfiguration(commandName: "gateway");
  @Option var config: String
}
struct AuthCommand: AsyncParsableCommand, RoleCommand {
  static let configuration = CommandConfiguration(commandName: "auth"); @Option var config: String
}
struct ModelServiceCommand: AsyncParsableCommand, RoleCommand {
  static let configuration = CommandConfiguration(commandName: "serve"); @Option var config: String
}
