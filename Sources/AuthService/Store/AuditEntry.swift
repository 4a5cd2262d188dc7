internal import Crypto

/// One line of the audit log.
public struct AuditEntry: Equatable, Sendable {
  /// Counts from 1 without gaps.
  public var sequence: UInt64
  /// When it happened.
  public var at: UnixTime
  /// Whose affair it was.
  public var tenant: String
  /// The id of the key that asked, or `system`.
  public var actor: String
  /// For example `key.create`.
  public var action: String
  /// What it was done to: a tenant's name or a key's id.
  public var subject: String
  /// `ok`, or the code of the refusal.
  public var outcome: String
  /// SHA-256 over this entry and its predecessor's hash.
  public var hash: [UInt8]

  /// The predecessor's hash of the first entry.
  static let firstPreviousHash = [UInt8](repeating: 0, count: SHA256.byteCount)

  /// The hash that the entry must have after `previousHash`.
  ///
  /// Each text is preceded by its length, so that no two different entries have the same bytes.
  func expectedHash(after previousHash: [UInt8]) -> [UInt8] {
    var bytes = previousHash
    bytes.append(bigEndian: sequence)
    bytes.append(bigEndian: UInt64(bitPattern: at.milliseconds))
    for text in [tenant, actor, action, subject, outcome] {
      bytes.append(bigEndian: UInt64(text.utf8.count))
      bytes += text.utf8
    }
    return SHA256.hash(bytes)
  }

  /// The first entry of `entries` that does not follow from its predecessor, or nil when all do.
  ///
  /// - Parameter previous: the entry before the first; nil when the log begins with `entries`.
  static func firstBroken(_ entries: [AuditEntry], after previous: AuditEntry?) -> AuditEntry? {
    var sequence = previous?.sequence ?? 0
    var hash = previous?.hash ?? firstPreviousHash
    for entry in entries {
      guard entry.sequence == sequence + 1, entry.hash == entry.expectedHash(after: hash) else {
        return entry
      }
      sequence = entry.sequence
      hash = entry.hash
    }
    return nil
  }
}

extension [UInt8] {
  fileprivate mutating func append(bigEndian number: UInt64) {
    for shift in stride(from: UInt64(56), through: 0, by: -8) {
      append(UInt8(truncatingIfNeeded: number >> shift))
    }
  }
}
