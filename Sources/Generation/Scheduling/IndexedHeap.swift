/// A binary heap whose elements are found by their identity: every operation takes O(log n).
/// Elements are distinct; of equal keys either may come first, so keys end with something unique.
struct IndexedHeap<Element: Hashable, Key: Comparable> {
  private var nodes: [(key: Key, element: Element)] = []
  private var places: [Element: Int] = [:]

  var count: Int { nodes.count }
  var isEmpty: Bool { nodes.isEmpty }
  /// The element with the smallest key.
  var first: (key: Key, element: Element)? { nodes.first }

  func contains(_ element: Element) -> Bool { places[element] != nil }

  /// Adds an element, or gives it another key.
  mutating func set(_ element: Element, key: Key) {
    if let place = places[element] {
      nodes[place].key = key
      siftDown(siftUp(place))
    } else {
      nodes.append((key, element))
      places[element] = nodes.count - 1
      _ = siftUp(nodes.count - 1)
    }
  }

  @discardableResult
  mutating func popFirst() -> (key: Key, element: Element)? {
    guard let first = nodes.first else { return nil }
    remove(first.element)
    return first
  }

  /// Removes an element, if it is there.
  mutating func remove(_ element: Element) {
    guard let place = places.removeValue(forKey: element) else { return }
    let last = nodes.removeLast()
    guard place < nodes.count else { return }
    nodes[place] = last
    places[last.element] = place
    siftDown(siftUp(place))
  }

  /// Moves a node towards the root; returns where it ends.
  private mutating func siftUp(_ start: Int) -> Int {
    var place = start
    while place > 0 {
      let parent = (place - 1) / 2
      guard nodes[place].key < nodes[parent].key else { break }
      swap(place, parent)
      place = parent
    }
    return place
  }

  private mutating func siftDown(_ start: Int) {
    var place = start
    while true {
      var least = place
      for child in 2 * place + 1...2 * place + 2 where child < nodes.count {
        if nodes[child].key < nodes[least].key { least = child }
      }
      guard least != place else { return }
      swap(place, least)
      place = least
    }
  }

  private mutating func swap(_ a: Int, _ b: Int) {
    nodes.swapAt(a, b)
    places[nodes[a].element] = a
    places[nodes[b].element] = b
  }
}
