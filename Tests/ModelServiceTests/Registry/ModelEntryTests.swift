internal import TestSupport
internal import Testing

@testable import ModelService

/// The registry's knowledge of one model, without files or threads.
@Suite struct ModelEntryTests {
  /// A load's result that says which content it read.
  struct Content: Sendable, Equatable {
    var number: Int64
    var stamp: UInt64
  }

  typealias Entry = ModelEntry<Content>

  func stored(_ versions: [(Int64, UInt64)], isUnloaded: Bool = false) -> StoredModel {
    StoredModel(
      isUnloaded: isUnloaded,
      versions: versions.map { StoredVersion(number: $0.0, stamp: $0.1, byteCount: 1) },
      newestConfiguration: nil)
  }

  /// Serves the newest, with the others as substitutes.
  func reconcile(_ entry: inout Entry, _ model: StoredModel?, _ generation: UInt64) {
    let numbers = model?.versions.map(\.number) ?? []
    entry.reconcile(
      model, served: Array(numbers.suffix(1)), substitutes: Array(numbers.dropLast(1)),
      generation: generation)
  }

  /// Resolves and loads until something is settled; `broken` versions fail.
  func settle(_ entry: inout Entry, _ version: Int64?, broken: Set<Int64> = []) -> Entry.Resolution
  {
    while true {
      let resolution = entry.resolve(version)
      guard case .load(let stored) = resolution else { return resolution }
      entry.began(stored)
      entry.finished(
        stored,
        broken.contains(stored.number)
          ? .failure(LoadFailure(reason: "broken"))
          : .success(Content(number: stored.number, stamp: stored.stamp)))
    }
  }

  func served(_ resolution: Entry.Resolution) -> Content? {
    if case .serve(let content) = resolution { return content }
    return nil
  }

  @Test func aLoadIsSharedByAllWhoWait() {
    var entry = Entry()
    reconcile(&entry, stored([(1, 10)]), 1)
    guard case .load(let version) = entry.resolve(nil) else {
      Issue.record("expected a load")
      return
    }
    entry.began(version)
    for _ in 0..<3 {
      guard case .wait(1) = entry.resolve(nil) else {
        Issue.record("expected to wait")
        return
      }
    }
    entry.finished(version, .success(Content(number: 1, stamp: 10)))
    #expect(served(entry.resolve(nil))?.stamp == 10)
  }

  @Test func aFailedLoadKeepsThePreviousVersionServing() {
    var entry = Entry()
    reconcile(&entry, stored([(1, 10)]), 1)
    #expect(served(settle(&entry, nil))?.number == 1)
    reconcile(&entry, stored([(1, 10), (2, 20)]), 2)
    #expect(served(settle(&entry, nil, broken: [2]))?.number == 1)
    // Asked for by number, the broken one says why.
    guard case .unavailable(let reason) = entry.resolve(2) else {
      Issue.record("expected a reason")
      return
    }
    #expect(reason == "version 2 is not at ready state: broken")
    // A third version that works takes over, and the first is let go.
    reconcile(&entry, stored([(1, 10), (2, 20), (3, 30)]), 3)
    #expect(served(settle(&entry, nil))?.number == 3)
    #expect(entry.loaded.map(\.number) == [3])
  }

  @Test func aReplacedContentIsLoadedAnewAndServesUntilThen() {
    var entry = Entry()
    reconcile(&entry, stored([(1, 10)]), 1)
    _ = settle(&entry, nil)
    reconcile(&entry, stored([(1, 11)]), 2)
    #expect(served(settle(&entry, nil, broken: [1]))?.stamp == 10)
    entry.forgetFailures()
    #expect(served(settle(&entry, nil))?.stamp == 11)
    #expect(entry.loaded.count == 1)
  }

  @Test func aLoadThatEndsAfterItsContentChangedDoesNotCount() {
    var entry = Entry()
    reconcile(&entry, stored([(1, 10)]), 1)
    guard case .load(let old) = entry.resolve(nil) else { return }
    entry.began(old)
    reconcile(&entry, stored([(1, 11)]), 2)
    guard case .load(let new) = entry.resolve(nil) else {
      Issue.record("expected a load of the new content")
      return
    }
    entry.began(new)
    entry.finished(old, .success(Content(number: 1, stamp: 10)))
    guard case .wait(1) = entry.resolve(nil) else {
      Issue.record("the new load goes on")
      return
    }
    entry.finished(new, .success(Content(number: 1, stamp: 11)))
    #expect(served(entry.resolve(nil))?.stamp == 11)
  }

  @Test func unloadingEndsServiceAtOnceAndDropsLateLoads() {
    var entry = Entry()
    reconcile(&entry, stored([(1, 10)]), 1)
    guard case .load(let version) = entry.resolve(nil) else { return }
    entry.began(version)
    reconcile(&entry, stored([(1, 10)], isUnloaded: true), 2)
    entry.finished(version, .success(Content(number: 1, stamp: 10)))
    guard case .unavailable("has no available versions") = entry.resolve(nil) else {
      Issue.record("expected nothing to be available")
      return
    }
    #expect(entry.loaded.isEmpty)
    reconcile(&entry, stored([(1, 10)]), 3)
    #expect(served(settle(&entry, nil))?.number == 1)
  }

  @Test func oldNewsIsIgnored() {
    var entry = Entry()
    reconcile(&entry, stored([(1, 10), (2, 20)]), 5)
    reconcile(&entry, stored([(1, 10)]), 4)
    #expect(served(settle(&entry, nil))?.number == 2)
    reconcile(&entry, nil, 6)
    guard case .missing = entry.resolve(nil) else {
      Issue.record("expected nothing")
      return
    }
    #expect(entry.loaded.isEmpty)
  }

  @Test func versionsOutsideThePolicyAreNotFound() {
    var entry = Entry()
    reconcile(&entry, stored([(1, 10), (2, 20)]), 1)
    guard case .missingVersion = entry.resolve(1), case .missingVersion = entry.resolve(9) else {
      Issue.record("expected not to find them")
      return
    }
  }

  /// Random deployments, deletions, unloads, loads that end in any order and requests: what is
  /// served was always stored with that stamp, nothing waits for ever, nothing is held in vain.
  @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
  func anyOrderOfEventsKeepsThePromises(_ seed: UInt64) {
    var generator = SplitMix64(state: seed)
    var entry = Entry()
    var truth: [Int64: UInt64] = [:]
    var unloaded = false
    var generation: UInt64 = 0
    var stamp: UInt64 = 0
    var everStored: Set<UInt64> = []
    var loads: [StoredVersion] = []
    func publish() {
      generation += 1
      let model = truth.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
      reconcile(&entry, model.isEmpty ? nil : stored(model, isUnloaded: unloaded), generation)
    }
    for _ in 0..<3000 {
      switch Int.random(in: 0..<10, using: &generator) {
      case 0:
        stamp += 1
        truth[Int64.random(in: 1...4, using: &generator)] = stamp
        everStored.insert(stamp)
        publish()
      case 1:
        truth[Int64.random(in: 1...4, using: &generator)] = nil
        publish()
      case 2 where Bool.random(using: &generator):
        unloaded.toggle()
        publish()
      case 3, 4:
        guard !loads.isEmpty else { continue }
        let load = loads.remove(at: Int.random(in: 0..<loads.count, using: &generator))
        let works = Int.random(in: 0..<4, using: &generator) > 0
        entry.finished(
          load,
          works
            ? .success(Content(number: load.number, stamp: load.stamp))
            : .failure(LoadFailure(reason: "by chance")))
      case 5: entry.forgetFailures()
      default:
        let version =
          Bool.random(using: &generator) ? nil : Int64.random(in: 1...5, using: &generator)
        switch entry.resolve(version) {
        case .serve(let content):
          #expect(everStored.contains(content.stamp) && !unloaded && !truth.isEmpty)
          if let version { #expect(content.number == version) }
        case .load(let stored):
          #expect(truth[stored.number] == stored.stamp)
          entry.began(stored)
          loads.append(stored)
        case .wait(let number):
          let waited = truth[number]
          #expect(loads.contains { $0.number == number && $0.stamp == waited })
        case .missing: #expect(truth.isEmpty)
        case .missingVersion: #expect(version != nil && truth.keys.max() != version)
        case .unavailable: break
        }
      }
      #expect(entry.loaded.count <= 2 * max(1, truth.count))
      if unloaded || truth.isEmpty { #expect(entry.loaded.isEmpty) }
    }
    print("seed \(seed)")
  }
}
