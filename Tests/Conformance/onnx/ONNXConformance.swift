internal import Glibc

/// Runs ONNX's backend test cases: `onnx-conformance DATA EXPECTED [NAME]`, where DATA is the
/// folder `onnx/backend/test/data`, EXPECTED lists the cases that do not pass with their reasons,
/// and NAME picks the cases whose names contain it. Exit status 1: the list does not hold.
///
/// `onnx-conformance --write FOLDER MODEL...` reads models and writes them again, as FOLDER/0.onnx and so
/// on: others then say whether they are still what they were (Tests/Conformance/onnx_oracle/written.py).
@main
struct ONNXConformance {
  static func main() {
    let arguments = CommandLine.arguments
    if arguments.count == 4, arguments[1] == "--worker" {
      return Worker.run(listed: arguments[2], from: Int(arguments[3]) ?? 0)
    }
    if arguments.count >= 4, arguments[1] == "--write" {
      return Rewriting.run(folder: arguments[2], models: arguments[3...])
    }
    guard arguments.count == 3 || arguments.count == 4 else {
      print("usage: onnx-conformance DATA EXPECTED [NAME]")
      exit(64)
    }
    var expected = Expectations(path: arguments[2])
    let cases = Case.all(in: arguments[1]).filter {
      arguments.count == 3 || $0.name.contains(arguments[3])
    }
    guard !cases.isEmpty else {
      print("onnx-conformance: no cases in \(arguments[1])")
      exit(66)
    }
    let results = Supervisor.run(cases)
    Report.print(results)
    exit(expected.check(results, all: arguments.count == 3) ? 0 : 1)
  }
}
