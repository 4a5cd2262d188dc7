internal import Compute
internal import JSON

/// A network as its description has it: layers, and which values each is applied to.
struct NetworkDescription {
  /// What a caller gives.
  struct Input {
    var name: String
    /// Without the batch; nil where only the data tell.
    var shape: [Int]?
    /// Whether it is whole numbers: what an embedding looks up.
    var isInteger: Bool
  }

  /// One application of a layer.
  struct Call {
    var layer: any Layer
    /// Values by number: inputs first, then each call's.
    var inputs: [Int]
  }

  private(set) var inputs: [Input] = []
  private(set) var calls: [Call] = []
  /// The value that the loss is computed of.
  private(set) var output = 0
  private(set) var name = "model"
  /// Layers that are not trained, because the description says so.
  private(set) var frozen: Set<String> = []
  private var layers: [String: any Layer] = [:]
  private static let layerCountMax = 4096

  /// Reads what Keras's `to_json` writes, or the same in fewer words.
  init(_ model: JSONValue) throws(TrainingError) {
    guard let className = model["class_name"]?.text else {
      throw TrainingError(
        .specification, "the model must have a class_name: Sequential or Functional")
    }
    let config = model["config"] ?? .object([])
    guard let list = config["layers"]?.list else {
      throw TrainingError(.specification, "the model's config must have a list of layers")
    }
    guard (1...Self.layerCountMax).contains(list.count) else {
      throw TrainingError(
        .specification, "a model has 1...\(Self.layerCountMax) layers, got \(list.count)")
    }
    name = config["name"]?.text ?? name
    switch className {
    case "Sequential": try readSequence(list)
    case "Functional", "Model": try readGraph(list, config)
    default:
      throw TrainingError(
        .specification, "class_name must be Sequential or Functional, got \(className)")
    }
  }

  /// The layer's object, its name, and whether it is an input.
  private struct Entry {
    var className: String
    var name: String
    var config: JSONValue?
  }

  private static func entry(_ value: JSONValue, _ index: Int) throws(TrainingError) -> Entry {
    guard let className = value["class_name"]?.text else {
      throw TrainingError(.specification, "layer \(index + 1) has no class_name")
    }
    let config = value["config"]
    let given = config?["name"]?.text ?? value["name"]?.text
    let name = given ?? "\(className.lowercased())_\(index)"
    guard !name.isEmpty, name.utf8.count <= 200, name.utf8.allSatisfy({ $0 >= 32 && $0 != 127 })
    else {
      throw TrainingError(
        .specification, "layer \(index + 1): a name has 1...200 printable characters")
    }
    return Entry(className: className, name: name, config: config)
  }

  private mutating func addInput(_ entry: Entry) throws(TrainingError) {
    var shape: [Int]?
    let given = entry.config?["batch_shape"] ?? entry.config?["batch_input_shape"]
    if let list = given?.list {
      var sizes: [Int] = []
      for value in list.dropFirst() {
        guard let size = value.wholeNumber, (1...(1 << 24)).contains(size) else {
          throw TrainingError(
            .specification,
            "layer '\(entry.name)': every dimension but the batch must be known, got "
              + String(decoding: value.serialized(), as: UTF8.self))
        }
        sizes.append(size)
      }
      shape = sizes
    } else if let list = entry.config?["shape"]?.list {
      let sizes = list.compactMap(\.wholeNumber)
      guard sizes.count == list.count, sizes.allSatisfy({ (1...(1 << 24)).contains($0) }) else {
        throw TrainingError(.specification, "layer '\(entry.name)': shape must be a list of sizes")
      }
      shape = sizes
    }
    let type = entry.config?["dtype"]?.text ?? "float32"
    inputs.append(
      Input(
        name: entry.name, shape: shape, isInteger: type.hasPrefix("int") || type.hasPrefix("uint")))
  }

  private mutating func layer(
    _ entry: Entry, _ arguments: JSONValue?
  ) throws(TrainingError) -> any Layer {
    let place = "layer '\(entry.name)' (\(entry.className))"
    let description = LayerDescription(
      className: entry.className, name: entry.name,
      config: try Configuration(entry.config, place: place),
      arguments: try Configuration(arguments, place: place))
    if case .bool(false) = entry.config?["trainable"] { frozen.insert(entry.name) }
    return try LayerCatalog.make(description)
  }

  private mutating func readSequence(_ list: [JSONValue]) throws(TrainingError) {
    var entries: [Entry] = []
    for (index, value) in list.enumerated() { entries.append(try Self.entry(value, index)) }
    if entries[0].className == "InputLayer" {
      try addInput(entries.removeFirst())
    } else {
      // Older versions write the input's shape into the first layer.
      try addInput(Entry(className: "InputLayer", name: "x", config: entries[0].config))
      inputs[0].isInteger = false
    }
    guard let first = entries.first else {
      throw TrainingError(.specification, "the model has no layer but its input")
    }
    if Self.lookups.contains(first.className) { inputs[0].isInteger = true }
    var names: Set<String> = []
    for entry in entries {
      guard names.insert(entry.name).inserted else {
        throw TrainingError(.specification, "two layers have the name '\(entry.name)'")
      }
      calls.append(Call(layer: try layer(entry, nil), inputs: [output]))
      output = inputs.count + calls.count - 1
    }
  }

  private static let lookups: Set = [
    "Embedding", "TokenAndPositionEmbedding", "ReversibleEmbedding",
  ]

  // MARK: - Functional

  private struct Reference: Hashable {
    var layer: String
    var node: Int
  }

  private mutating func readGraph(_ list: [JSONValue], _ config: JSONValue) throws(TrainingError) {
    var entries: [Entry] = []
    for (index, value) in list.enumerated() { entries.append(try Self.entry(value, index)) }
    guard Set(entries.map(\.name)).count == entries.count else {
      throw TrainingError(.specification, "two layers have the same name")
    }
    var values: [Reference: Int] = [:]
    for entry in entries where entry.className == "InputLayer" {
      values[Reference(layer: entry.name, node: 0)] = inputs.count
      try addInput(entry)
    }
    var pending: [(entry: Int, node: Int, inputs: [Reference], arguments: JSONValue?)] = []
    for (index, entry) in entries.enumerated() where entry.className != "InputLayer" {
      guard let nodes = list[index]["inbound_nodes"]?.list, !nodes.isEmpty else {
        throw TrainingError(
          .specification, "layer '\(entry.name)' has no inbound_nodes: nothing is given to it")
      }
      for (node, value) in nodes.enumerated() {
        let (references, arguments) = try Self.call(value, entry.name)
        pending.append((index, node, references, arguments))
        guard pending.count <= NetworkLimits.callCountMax else {
          throw TrainingError(
            .specification, "a model applies layers at most \(NetworkLimits.callCountMax) times")
        }
      }
    }
    // Layers are listed in any order; every round applies those whose inputs are there.
    while !pending.isEmpty {
      let ready = pending.firstIndex { $0.inputs.allSatisfy { values[$0] != nil } }
      guard let ready else {
        throw TrainingError(
          .specification,
          "layer '\(entries[pending[0].entry].name)' waits for layers that are missing or wait for it"
        )
      }
      let item = pending.remove(at: ready)
      let entry = entries[item.entry]
      if Self.lookups.contains(entry.className) {
        for reference in item.inputs {
          if let number = values[reference], number < inputs.count {
            inputs[number].isInteger = true
          }
        }
      }
      // A layer that is called again keeps its weights: they are known by its name.
      let made = try layer(entry, item.arguments)
      values[Reference(layer: entry.name, node: item.node)] = inputs.count + calls.count
      calls.append(Call(layer: made, inputs: item.inputs.compactMap { values[$0] }))
    }
    let outputs = try Self.references(config["output_layers"], "output_layers")
    guard outputs.count == 1, let number = values[outputs[0]] else {
      throw TrainingError(
        .specification, "a model must have one output to be trained, got \(outputs.count)")
    }
    output = number
  }

  /// The values that one call of a layer gets, as Keras 3 and 2 write them.
  private static func call(
    _ value: JSONValue, _ name: String
  ) throws(TrainingError) -> ([Reference], JSONValue?) {
    var found: [Reference] = []
    if let arguments = value["args"] {
      collect(arguments, &found)
      var rest: [JSONValue.Member] = []
      if case .object(let members) = value["kwargs"] ?? .null {
        for member in members {
          let before = found.count
          collect(member.value, &found)
          if found.count == before { rest.append(member) }
        }
      }
      guard !found.isEmpty else {
        throw TrainingError(.specification, "layer '\(name)': a call has no inputs")
      }
      return (found, .object(rest))
    }
    var arguments: JSONValue?
    guard let list = value.list else {
      throw TrainingError(.specification, "layer '\(name)': inbound_nodes are not understood")
    }
    let items = list.first?.text != nil ? [value] : list
    for item in items {
      guard let parts = item.list, parts.count >= 2, let layer = parts[0].text,
        let node = parts[1].wholeNumber
      else {
        throw TrainingError(.specification, "layer '\(name)': inbound_nodes are not understood")
      }
      found.append(Reference(layer: layer, node: node))
      if parts.count > 3 { arguments = parts[3] }
    }
    return (found, arguments)
  }

  /// Tensors anywhere in a call's arguments.
  private static func collect(_ value: JSONValue, _ found: inout [Reference]) {
    if value["class_name"]?.text == "__keras_tensor__" {
      if let history = value["config"]?["keras_history"]?.list, history.count >= 2,
        let layer = history[0].text, let node = history[1].wholeNumber
      {
        found.append(Reference(layer: layer, node: node))
      }
      return
    }
    for element in value.list ?? [] { collect(element, &found) }
  }

  private static func references(
    _ value: JSONValue?, _ what: String
  ) throws(TrainingError) -> [Reference] {
    guard let list = value?.list else {
      throw TrainingError(.specification, "the model's config must have \(what)")
    }
    let items = list.first?.text != nil ? [JSONValue.array(list)] : list
    var found: [Reference] = []
    for item in items {
      guard let parts = item.list, parts.count >= 2, let layer = parts[0].text,
        let node = parts[1].wholeNumber
      else { throw TrainingError(.specification, "\(what) are not understood") }
      found.append(Reference(layer: layer, node: node))
    }
    return found
  }
}
