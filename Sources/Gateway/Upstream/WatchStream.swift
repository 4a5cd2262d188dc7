internal import Protocols
internal import RPC

/// The Watch call to the auth service: hands over its events until it breaks or falls silent.
final class WatchStream: ClientCallDelegate {
  private let loop: EventLoop
  private let silenceMax: Duration
  private let onEvent: (MartletV1.WatchEvent) -> Void
  private var onEnd: ((String) -> Void)?
  private var deframer = MessageDeframer(limit: 1 << 20)
  private var call: ClientCall?
  private var timer = TimerHandle.none

  init(
    loop: EventLoop, silenceMax: Duration, onEvent: @escaping (MartletV1.WatchEvent) -> Void,
    onEnd: @escaping (String) -> Void
  ) {
    self.loop = loop
    self.silenceMax = silenceMax
    self.onEvent = onEvent
    self.onEnd = onEnd
  }

  /// Asks for the changes after a revision.
  func started(_ call: ClientCall, afterRevision revision: UInt64) {
    self.call = call
    var request = MartletV1.WatchRequest()
    request.afterRevision = revision
    call.sendData(MessageFramer.frame(request.serialized()))
    call.sendEnd()
    listen()
  }

  func cancel() {
    onEnd = nil
    loop.cancel(timer)
    call?.reset(.cancel)
  }

  private func listen() {
    loop.cancel(timer)
    timer = loop.schedule(after: silenceMax) { [weak self] in
      guard let self else { return }
      end("no event or heartbeat within \(silenceMax)")
      call?.reset(.cancel)
    }
  }

  private func end(_ reason: String) {
    guard let onEnd else { return }
    self.onEnd = nil
    loop.cancel(timer)
    onEnd(reason)
  }

  func call(_ call: ClientCall, receivedHeaders headers: HeaderBlock) {}

  func call(_ call: ClientCall, receivedData bytes: UnsafeRawBufferPointer) {
    call.consume(bytes.count)
    var problem: String?
    do throws(FramingError) {
      try deframer.receive(bytes) { message in
        guard onEnd != nil, problem == nil else { return }
        do throws(ProtobufError) {
          onEvent(try MartletV1.WatchEvent(protobuf: message))
        } catch {
          problem = "\(error)"
        }
      }
    } catch {
      problem = error.message
    }
    if let problem {
      end(problem)
      call.reset(.cancel)
    } else if onEnd != nil {
      listen()
    }
  }

  func call(_ call: ClientCall, receivedTrailers trailers: HeaderBlock) {}

  func callReceivedEnd(_ call: ClientCall) {
    end("the auth service ended the watch")
  }

  func callCanSend(_ call: ClientCall) {}

  func callClosed(_ call: ClientCall, reason: CallCloseReason) {
    end("the watch broke: \(reason)")
  }
}
