internal import ArgumentParser
internal import Glibc
internal import RPC

/// `martlet`: one program, with a role per process and the commands of a client.
struct Martlet: AsyncParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "martlet",
    abstract: "AI models as a service, private and fast.",
    discussion: """
      Start everything on this machine:

        martlet up --data DIR

      then, in another terminal, make a tenant and a key, deploy a model and ask it:

        export MARTLET_CA=DIR/tls/ca.pem
        export MARTLET_API_KEY=$(cat DIR/admin.key)
        martlet tenant create acme
        export MARTLET_API_KEY=$(martlet key create --tenant acme --role deploy)
        martlet model deploy Models/wine --name wine
        martlet infer wine --input X=Models/wine/samples/inputs.npy

      Commands of a client read MARTLET_ADDRESS (default 127.0.0.1:8443), MARTLET_API_KEY and \
      MARTLET_CA; options win over the environment.
      """,
    version: version,
    subcommands: [
      UpCommand.self, GatewayCommand.self, AuthCommand.self, ModelCommand.self,
      TenantCommand.self, KeyCommand.self, UsageCommand.self, InferCommand.self,
      GenerateCommand.self,
      ChatCommand.self, TrainCommand.self, TrainingNodeCommand.self, BenchCommand.self,
      DemoCommand.self, ProbeCommand.self, TestServerCommand.self, InteropClientCommand.self,
      ConformanceCommand.self,
    ])
}

@main
enum Program {
  // Not async: the main thread of an async program waits with every signal unblocked, whatever
  // was blocked before, and SIGTERM would end a role without draining it.
  static func main() {
    // A peer that goes away must not end the process.
    signal(SIGPIPE, SIG_IGN)
    refuseArgumentsThatAreNotText()
    // Before there is another thread: threads inherit what is blocked.
    if let command = try? Martlet.parseAsRoot(), command is any RoleCommand {
      RoleProcess.blockSignals()
    }
    Task.detached {
      await execute()
      exit(0)
    }
    while true { pause() }
  }

  private static func refuseArgumentsThatAreNotText() {
    for index in 1..<max(1, Int(CommandLine.argc)) {
      guard let argument = CommandLine.unsafeArgv[index] else { continue }
      let bytes = UnsafeRawBufferPointer(start: argument, count: strlen(argument))
      do throws(CommandFailure) {
        _ = try ValidText.of(Array(bytes), "argument \(index)", .usage)
      } catch { error.report() }
    }
  }

  private nonisolated static func execute() async {
    do {
      var command = try Martlet.parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch let failure as CommandFailure {
      failure.report()
    } catch let error as RPCError {
      CommandFailure(error).report()
    } catch {
      Martlet.exit(withError: error)
    }
  }
}
