internal import Glibc

/// Sums numbers over ranks on a thread of its own, one piece of memory after the other, while its owner
/// computes. Every rank must hand over the same pieces in the same order.
///
/// Owned by one thread; `finish` must be called before the memory is read, and before the owner calls the
/// collective itself.
final class CommunicationThread {
  private let shared: Shared

  init(_ collective: any Collective) {
    shared = Shared(collective)
    shared.start()
  }

  deinit { shared.stop() }

  /// Hands over memory to be summed; it is the thread's until `finish`.
  func sum(_ values: UnsafeMutableBufferPointer<Float>) { shared.append(values) }

  /// Waits until everything that was handed over is summed.
  func finish() { shared.finish() }

  /// Seconds that sums took, and those of them that the owner waited for.
  var seconds: (busy: Double, waited: Double) { shared.seconds }
}

extension CommunicationThread {
  /// What owner and thread share, under one lock.
  private final class Shared: @unchecked Sendable {
    private let collective: any Collective
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var pieces: [UnsafeMutableBufferPointer<Float>] = []
    /// Pieces that were taken from the list, and those that are done.
    private var taken = 0
    private var done = 0
    private var stops = false
    private var thread = pthread_t()
    private var isRunning = false
    private var busy = 0.0
    private var waited = 0.0

    init(_ collective: any Collective) {
      self.collective = collective
      pthread_mutex_init(mutex, nil)
      pthread_cond_init(changed, nil)
    }

    deinit {
      pthread_mutex_destroy(mutex)
      pthread_cond_destroy(changed)
      mutex.deallocate()
      changed.deallocate()
    }

    func start() {
      let state = Unmanaged.passRetained(self)
      isRunning = pthread_create(&thread, nil, communicationMain, state.toOpaque()) == 0
      // Without a thread the owner sums itself, in `finish`.
      if !isRunning { state.release() }
    }

    func stop() {
      guard isRunning else { return }
      locked { stops = true }
      pthread_join(thread, nil)
    }

    private func locked(_ body: () -> Void) {
      pthread_mutex_lock(mutex)
      body()
      pthread_cond_broadcast(changed)
      pthread_mutex_unlock(mutex)
    }

    func append(_ values: UnsafeMutableBufferPointer<Float>) {
      locked { pieces.append(values) }
    }

    func finish() {
      let start = TrainingTime.now
      collective.await(true)
      pthread_mutex_lock(mutex)
      if !isRunning {
        for piece in pieces { collective.sum(piece) }
        done = pieces.count
      }
      while done < pieces.count { pthread_cond_wait(changed, mutex) }
      pieces.removeAll(keepingCapacity: true)
      (taken, done) = (0, 0)
      waited += TrainingTime.now - start
      if !isRunning { busy += TrainingTime.now - start }
      pthread_mutex_unlock(mutex)
      collective.await(false)
    }

    var seconds: (busy: Double, waited: Double) {
      pthread_mutex_lock(mutex)
      defer { pthread_mutex_unlock(mutex) }
      return (busy, waited)
    }

    func run() {
      pthread_mutex_lock(mutex)
      while !stops {
        guard taken < pieces.count else {
          pthread_cond_wait(changed, mutex)
          continue
        }
        let piece = pieces[taken]
        taken += 1
        pthread_mutex_unlock(mutex)
        let start = TrainingTime.now
        collective.sum(piece)
        let seconds = TrainingTime.now - start
        pthread_mutex_lock(mutex)
        done += 1
        busy += seconds
        if done == pieces.count { pthread_cond_broadcast(changed) }
      }
      pthread_mutex_unlock(mutex)
    }

    /// The thread's whole life.
    static func main(_ state: UnsafeMutableRawPointer) {
      Unmanaged<Shared>.fromOpaque(state).takeRetainedValue().run()
    }
  }

  fileprivate static func main(_ state: UnsafeMutableRawPointer) { Shared.main(state) }
}

// A free function, so that the C callback inherits no actor.
private func communicationMain(_ state: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  if let state { CommunicationThread.main(state) }
  return nil
}

/// Seconds of a clock that only goes forward.
enum TrainingTime {
  static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
