internal import Compute
internal import Glibc
internal import ModelFormats

/// Reads models of others and writes them.
enum Rewriting {
  static func run(folder: String, models: ArraySlice<String>) {
    for (index, path) in models.enumerated() {
      do {
        let bytes = try ONNX.write(ONNX.load(contentsOf: path))
        guard let file = fopen("\(folder)/\(index).onnx", "wb") else {
          print("\(path): '\(folder)' cannot be written to")
          continue
        }
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
      } catch {
        print("\(path): \(error)")
      }
    }
  }
}
