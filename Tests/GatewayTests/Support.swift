import Protocols
import RPC
import TestSupport

@testable import Gateway

/// A header list of plain pairs.
func headers(_ pairs: [(String, String)]) -> HeaderList {
  var list = HeaderList()
  for (name, value) in pairs { list.append(name, value) }
  return list
}

/// The pairs of a list, in order.
func pairs(_ list: HeaderList) -> [String] {
  var result: [String] = []
  list.withBlock { block in
    block.forEach { field in
      result.append(
        String(decoding: field.name, as: UTF8.self) + ": "
          + String(decoding: field.value, as: UTF8.self))
    }
  }
  return result
}

/// A gRPC frame.
func frame(_ message: [UInt8], isCompressed: Bool = false, length: Int? = nil) -> [UInt8] {
  let length = UInt32(length ?? message.count)
  return [
    isCompressed ? 1 : 0, UInt8(truncatingIfNeeded: length >> 24),
    UInt8(truncatingIfNeeded: length >> 16), UInt8(truncatingIfNeeded: length >> 8),
    UInt8(truncatingIfNeeded: length),
  ] + message
}

/// Points in time, in seconds from an arbitrary start.
func seconds(_ value: Double) -> MonotonicTime {
  MonotonicTime(nanoseconds: UInt64((value + 1_000) * 1e9))
}

func grant(
  _ tenant: String = "acme", key: String = "k1", actions: [MartletV1.Action] = [.infer],
  models: [String] = ["*"], expires: Int64 = 0
) -> MartletV1.Grant {
  var grant = MartletV1.Grant()
  grant.tenant = tenant
  grant.keyID = key
  grant.actions = actions
  grant.modelPatterns = models
  grant.expiresAtMs = expires
  return grant
}

func allowed(_ grant: MartletV1.Grant, revision: UInt64 = 1) -> MartletV1.CheckResponse {
  var response = MartletV1.CheckResponse()
  response.verdict = .allowed
  response.grant = grant
  response.keyID = grant.keyID
  response.revision = revision
  return response
}

func refused(
  _ verdict: MartletV1.Verdict, key: String = "", revision: UInt64 = 1
) -> MartletV1.CheckResponse {
  var response = MartletV1.CheckResponse()
  response.verdict = verdict
  response.keyID = key
  response.revision = revision
  return response
}

func event(_ change: MartletV1.WatchEvent.Change, revision: UInt64) -> MartletV1.WatchEvent {
  var event = MartletV1.WatchEvent()
  event.change = change
  event.revision = revision
  return event
}

/// Not the gateway's own generator of that name.
typealias TestRandom = TestSupport.SplitMix64
