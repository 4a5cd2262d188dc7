/// Files of examples, by what their names end with.
public enum DataFile {
  /// The endings of files that are read.
  public static let endings = [".npz", ".npy", ".csv"]

  /// Whether a file of that name is read.
  public static func isKnown(_ name: String) -> Bool { endings.contains { name.hasSuffix($0) } }

  /// What to do about a file that is not, as the end of a sentence.
  public static func advice(_ name: String) -> String {
    name.hasSuffix(".parquet")
      ? ": write the table as .csv, or its columns as .npz (pandas: numpy.savez(file, **frame))"
      : ""
  }

  /// Opens a file. Nobody may change it as long as the source lives.
  ///
  /// - Parameters:
  ///   - path: where it lies.
  ///   - name: what its owner calls it; its ending says what it is, and errors name it.
  public static func open(
    _ path: String, name: String
  ) throws(TrainingError) -> any ExampleSource {
    let data = try MappedData(path: path, name: name)
    if name.hasSuffix(".csv") { return try CSVSource(data, name: name, beside: path) }
    if name.hasSuffix(".npz") || name.hasSuffix(".npy") {
      return try NumpySource(data, name: name, beside: path)
    }
    throw TrainingError(
      .data,
      "expected a file that ends with \(endings.joined(separator: ", ")), got '\(name)'"
        + advice(name))
  }
}
