internal import ArgumentParser
internal import Glibc
internal import Protocols
internal import RPC

/// `martlet chat`: a conversation on the terminal, with its history.
struct ChatCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chat", abstract: "Talk with a language model.",
    discussion: """
      Each line is a message; the model answers with all messages before it in mind. /reset forgets \
      them, /exit or the end of the input ends the conversation.
      """)
  @OptionGroup var options: ClientOptions
  @OptionGroup var sampling: SamplingOptions
  @Argument(help: "The model.") var model: String
  @Option(help: "The model's version; default: the newest.") var version = ""
  @Option(help: "What the model is told before the conversation.") var system: String?

  func run() async throws {
    let connection = try options.connect()
    let isTerminal = isatty(STDIN_FILENO) == 1
    var request = MartletV1.ChatRequest()
    (request.model, request.version) = (model, version)
    request.options = try sampling.message()
    let beginning = system.map { [Self.message("system", $0)] } ?? []
    request.messages = beginning
    var lines = InputLines()
    while true {
      if isTerminal {
        print("> ", terminator: "")
        fflush(nil)
      }
      guard let next = try lines.next() else { break }
      guard case .success(let line) = next else {
        // It is no part of the conversation, which goes on.
        if case .failure(let failure) = next { failure.tell() }
        continue
      }
      if line == "/exit" { break }
      if line == "/reset" {
        request.messages = beginning
        continue
      }
      guard !line.isEmpty else { continue }
      request.messages.append(Self.message("user", line))
      let answer: GeneratedText
      do {
        answer = try await GeneratedText.receive(connection, "Chat", request, prints: true)
      } catch let error as RPCError where error.code == .invalidArgument {
        // Nor is what was refused.
        request.messages.removeLast()
        CommandFailure.tell(error.message)
        continue
      }
      print("")
      if isTerminal { answer.printSpeed() }
      request.messages.append(Self.message("assistant", answer.text))
    }
  }

  private static func message(_ role: String, _ content: String) -> MartletV1.ChatMessage {
    var message = MartletV1.ChatMessage()
    (message.role, message.content) = (role, content)
    return message
  }
}
