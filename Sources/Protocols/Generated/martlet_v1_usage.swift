// Generated from Proto/martlet/v1/usage.proto by scripts/protoc-gen-martlet. Not edited.

internal import CProtobufC
internal import CProtocols

extension MartletV1 {
  /// Work of one key with one model.
  public struct UsageAmount: ProtobufValue {
    /// `tenant`.
    public var tenant: String = ""
    /// `key_id`.
    public var keyID: String = ""
    /// `model`.
    public var model: String = ""
    /// `requests`.
    public var requests: UInt64 = 0
    /// `prompt_tokens`.
    public var promptTokens: UInt64 = 0
    /// Those prompt tokens that were computed before, for the same tenant.
    public var cachedTokens: UInt64 = 0
    /// `generated_tokens`.
    public var generatedTokens: UInt64 = 0
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ReportRequest` of the protocol.
  public struct ReportRequest: ProtobufValue {
    /// A name that the process has made up at its start: nobody else's.
    public var reporter: String = ""
    /// Counts up. A report whose number is not above the reporter's last one was counted already.
    public var sequence: UInt64 = 0
    /// `amounts`.
    public var amounts: [MartletV1.UsageAmount] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ReportResponse` of the protocol.
  public struct ReportResponse: ProtobufValue {
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ListUsageRequest` of the protocol.
  public struct ListUsageRequest: ProtobufValue {
    /// Empty: the caller's own tenant.
    public var tenant: String = ""
    /// How many days, today (UTC) included. 0: 30. At most 400, which is how long usage is kept.
    public var days: UInt32 = 0
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `DailyUsage` of the protocol.
  public struct DailyUsage: ProtobufValue {
    /// Milliseconds since 1970 when the day (UTC) began.
    public var dayMs: Int64 = 0
    /// `amount`.
    public var amount: MartletV1.UsageAmount?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ListUsageResponse` of the protocol.
  public struct ListUsageResponse: ProtobufValue {
    /// By day, key and model.
    public var usage: [MartletV1.DailyUsage] = []
    /// A message whose fields have their default values.
    public init() {}
  }
}

extension MartletV1.UsageAmount: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__UsageAmount>? {
    martlet__v1__usage_amount__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__UsageAmount>) throws(ProtobufError) {
    self.init()
    tenant = try utf8Text(c.pointee.tenant!)
    keyID = try utf8Text(c.pointee.key_id!)
    model = try utf8Text(c.pointee.model!)
    requests = c.pointee.requests
    promptTokens = c.pointee.prompt_tokens
    cachedTokens = c.pointee.cached_tokens
    generatedTokens = c.pointee.generated_tokens
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__UsageAmount> {
    let c = arena.allocate(Martlet__V1__UsageAmount.self)
    martlet__v1__usage_amount__init(c)
    c.pointee.tenant = arena.text(tenant)
    c.pointee.key_id = arena.text(keyID)
    c.pointee.model = arena.text(model)
    c.pointee.requests = requests
    c.pointee.prompt_tokens = promptTokens
    c.pointee.cached_tokens = cachedTokens
    c.pointee.generated_tokens = generatedTokens
    return c
  }
}

extension MartletV1.ReportRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__ReportRequest>? {
    martlet__v1__report_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__ReportRequest>) throws(ProtobufError) {
    self.init()
    reporter = try utf8Text(c.pointee.reporter!)
    sequence = c.pointee.sequence
    amounts.reserveCapacity(c.pointee.n_amounts)
    for i in 0..<c.pointee.n_amounts {
      amounts.append(try MartletV1.UsageAmount(c: c.pointee.amounts[i]!))
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__ReportRequest> {
    let c = arena.allocate(Martlet__V1__ReportRequest.self)
    martlet__v1__report_request__init(c)
    c.pointee.reporter = arena.text(reporter)
    c.pointee.sequence = sequence
    c.pointee.n_amounts = amounts.count
    c.pointee.amounts = arena.array(amounts) { $0.makeC(arena) }
    return c
  }
}

extension MartletV1.ReportResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__ReportResponse>? {
    martlet__v1__report_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__ReportResponse>) throws(ProtobufError) {
    self.init()
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__ReportResponse> {
    let c = arena.allocate(Martlet__V1__ReportResponse.self)
    martlet__v1__report_response__init(c)
    return c
  }
}

extension MartletV1.ListUsageRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__ListUsageRequest>? {
    martlet__v1__list_usage_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__ListUsageRequest>) throws(ProtobufError) {
    self.init()
    tenant = try utf8Text(c.pointee.tenant!)
    days = c.pointee.days
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__ListUsageRequest> {
    let c = arena.allocate(Martlet__V1__ListUsageRequest.self)
    martlet__v1__list_usage_request__init(c)
    c.pointee.tenant = arena.text(tenant)
    c.pointee.days = days
    return c
  }
}

extension MartletV1.DailyUsage: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__DailyUsage>? {
    martlet__v1__daily_usage__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__DailyUsage>) throws(ProtobufError) {
    self.init()
    dayMs = c.pointee.day_ms
    if let value = c.pointee.amount {
      amount = try MartletV1.UsageAmount(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__DailyUsage> {
    let c = arena.allocate(Martlet__V1__DailyUsage.self)
    martlet__v1__daily_usage__init(c)
    c.pointee.day_ms = dayMs
    c.pointee.amount = amount?.makeC(arena)
    return c
  }
}

extension MartletV1.ListUsageResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__ListUsageResponse>? {
    martlet__v1__list_usage_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__ListUsageResponse>) throws(ProtobufError) {
    self.init()
    usage.reserveCapacity(c.pointee.n_usage)
    for i in 0..<c.pointee.n_usage {
      usage.append(try MartletV1.DailyUsage(c: c.pointee.usage[i]!))
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__ListUsageResponse> {
    let c = arena.allocate(Martlet__V1__ListUsageResponse.self)
    martlet__v1__list_usage_response__init(c)
    c.pointee.n_usage = usage.count
    c.pointee.usage = arena.array(usage) { $0.makeC(arena) }
    return c
  }
}
