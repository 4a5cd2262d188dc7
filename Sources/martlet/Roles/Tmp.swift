internal import ArgumentParser
struct GatewayCommand: AsyncParsableCommand, RoleCommand { static let configuration = CommandConfiguration(commandName: "gateway"); @Option var config: String }
