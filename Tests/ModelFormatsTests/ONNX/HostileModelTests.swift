import Compute
import Glibc
import ModelFormats
import Testing

/// Files that want to hurt the server; each names its attack in Tests/Fixtures/hostile.
@Suite struct HostileModelTests {
  static let files = Repository.list("Tests/Fixtures/hostile", suffix: ".onnx")

  @Test func thereAreHostileFiles() { #expect(Self.files.count > 50) }

  @Test(arguments: files)
  func isRefusedWithASentence(_ file: String) {
    do {
      let graph = try ONNX.load(
        contentsOf: Repository.path("Tests/Fixtures/hostile/\(file)"))
      _ = try Model(graph)
      Issue.record("\(file) was accepted")
    } catch let error as ONNXError {
      #expect(error.message.count > 10)
    } catch let error as GraphError {
      #expect(error.message.count > 10)
    } catch {
      Issue.record("\(file): \(error) is not a typed error")
    }
  }

  @Test func anUnsupportedOperatorIsNamedWithItsNode() throws {
    let graph = try ONNX.load(
      contentsOf: Repository.path("Tests/Fixtures/hostile/operator-unknown.onnx"))
    let error = #expect(throws: GraphError.self) { try Model(graph) }
    #expect(error?.code == .unsupportedOperator)
    #expect(error?.node?.isEmpty == false)
  }
}
