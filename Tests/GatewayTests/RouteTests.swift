import Protocols
import RPC
import Testing

@testable import Gateway

/// One method of the served descriptors, read with the wire reader alone.
struct DescribedMethod: CustomTestStringConvertible {
  var path: String
  var input: String
  var isStreaming: Bool
  var testDescription: String { path }

  private static func text(_ bytes: ArraySlice<UInt8>) -> String {
    String(decoding: bytes, as: UTF8.self)
  }

  static let all: [DescribedMethod] = FileDescriptors.all.flatMap { file in
    var package = ""
    var services: [ArraySlice<UInt8>] = []
    each(file.bytes[...]) { field in
      if field.number == 2 { package = text(field.bytes) }
      if field.number == 6 { services.append(field.bytes) }
    }
    return services.flatMap { service in
      var name = ""
      var methods: [DescribedMethod] = []
      each(service) { field in
        if field.number == 1 { name = text(field.bytes) }
        guard field.number == 2 else { return }
        var method = DescribedMethod(path: "", input: "", isStreaming: false)
        each(field.bytes) { field in
          if field.number == 1 { method.path = text(field.bytes) }
          if field.number == 2 { method.input = text(field.bytes) }
          if field.number == 5 || field.number == 6, field.bits != 0 { method.isStreaming = true }
        }
        methods.append(method)
      }
      for index in methods.indices {
        methods[index].path = "/\(package).\(name)/\(methods[index].path)"
      }
      return methods
    }
  }

  /// Field numbers of a top-level message by field name.
  static let fields: [String: [String: Int]] = {
    var result: [String: [String: Int]] = [:]
    for file in FileDescriptors.all {
      var package = ""
      each(file.bytes[...]) { if $0.number == 2 { package = text($0.bytes) } }
      each(file.bytes[...]) { field in
        guard field.number == 4 else { return }
        var name = ""
        var numbers: [String: Int] = [:]
        each(field.bytes) { field in
          if field.number == 1 { name = text(field.bytes) }
          guard field.number == 2 else { return }
          var fieldName = ""
          var number = 0
          each(field.bytes) { field in
            if field.number == 1 { fieldName = text(field.bytes) }
            if field.number == 3 { number = Int(field.bits) }
          }
          numbers[fieldName] = number
        }
        result[".\(package).\(name)"] = numbers
      }
    }
    return result
  }()

  private static func each(
    _ message: ArraySlice<UInt8>, _ body: (ProtobufReader.Field) -> Void
  ) {
    var reader = ProtobufReader(message)
    do {
      while let field = try reader.next() { body(field) }
    } catch {
      Issue.record("a descriptor cannot be read: \(error)")
    }
  }
}

@Suite struct RouteTests {
  private let table = RouteTable(Route.all + Route.testing)

  private func find(_ path: String) -> Route? {
    var path = path
    return path.withUTF8 { table.find(UnsafeRawBufferPointer($0)).map { table.routes[$0] } }
  }

  @Test func theDescriptorsAreThere() {
    #expect(DescribedMethod.all.count { $0.path.hasPrefix("/inference.") } == 20)
    #expect(DescribedMethod.all.count == Route.all.count + Route.testing.count)
  }

  @Test func testServicesAreUnknownUnlessTheyAreConfigured() {
    for route in Route.testing {
      let path = UnsafeRawBufferPointer(
        start: route.path.utf8Start, count: route.path.utf8CodeUnitCount)
      #expect(RouteTable().find(path) == nil, "\(route.path)")
      #expect(route.destination == .test)
    }
    #expect(Route.all.allSatisfy { $0.destination != .test })
  }

  @Test(arguments: DescribedMethod.all)
  func everyMethodHasARouteOfTheRightKind(method: DescribedMethod) throws {
    let route = try #require(find(method.path))
    if route.destination == .denied { return }
    #expect(route.isStreaming == method.isStreaming)
    let fields = DescribedMethod.fields[method.input] ?? [:]
    let isAboutModels =
      ["/inference.", "/martlet.v1.Models/", "/martlet.v1.Generation/"]
      .contains { method.path.hasPrefix($0) }
    // RepositoryIndex, shared memory and logs name no model; their `name` is something else.
    let isAboutOne = !method.path.contains("SharedMemory")
    let named =
      fields["model_name"] ?? fields["model"]
      ?? (isAboutModels && isAboutOne ? fields["name"] : nil)
    #expect(route.authorisation.field == named ?? 0)
  }

  @Test func nothingButReadingAndComputingIsSentTwice() {
    let safe = Route.all.filter(\.isRetrySafe).map { "\($0.path)".split(separator: "/")[1] }
    for name in safe {
      let isRead = [
        "Ready", "Live", "Metadata", "Config", "Statistics", "Index", "List", "Show", "ModelInfer",
        "Tokenize", "Embed", "Get",
      ].contains { name.contains($0) }
      #expect(isRead, "\(name) changes something")
    }
    #expect(Route.all.allSatisfy { !($0.isRetrySafe && $0.isStreaming) })
  }

  /// What processes of one deployment, or of one training, say to each other.
  private static let internalServices = [
    "Auth", "Metering", "ClusterCoordinator", "ParameterServer",
  ]

  @Test func rightsFollowWhatAMethodDoes() {
    for route in Route.all {
      let path = "\(route.path)"
      switch route.destination {
      case .denied:
        #expect(Self.internalServices.contains { path.hasPrefix("/martlet.v1.\($0)/") }, "\(path)")
      case .auth:
        #expect(route.actions == (path.contains("Tenants") ? .admin : .keys), "\(path)")
      case .model: #expect(!route.actions.isEmpty, "\(path) needs no right")
      case .local: #expect(path.hasPrefix("/grpc."))
      case .test: Issue.record("\(path) is a test's")
      }
    }
    #expect(find("/inference.GRPCInferenceService/ModelInfer")?.actions == .infer)
    #expect(find("/inference.GRPCInferenceService/RepositoryModelLoad")?.actions == .deploy)
    #expect(find("/inference.GRPCInferenceService/LogSettings")?.actions == .admin)
    #expect(find("/martlet.v1.Models/ShowModel")?.actions == [.infer, .deploy])
  }

  @Test(arguments: [
    "", "/", "/inference.GRPCInferenceService/", "/inference.GRPCInferenceService/modelInfer",
    "/inference.GRPCInferenceService/ModelInfer/", "/inference.GRPCInferenceService/ModelInfer?x",
    "//inference.GRPCInferenceService/ModelInfer", "/inference.GRPCInferenceService/%4dodelInfer",
    "/INFERENCE.GRPCInferenceService/ModelInfer", "inference.GRPCInferenceService/ModelInfer",
    "/martlet.v1.Other/Deploy", "/x/../martlet.v1.Auth/Check", "/admin", "*",
  ])
  func whatIsNotListedIsNotFound(path: String) {
    #expect(find(path) == nil)
  }
}

@Suite struct ForwardedHeadersTests {
  private let route = Route.all[7]

  private func forward(_ fields: [(String, String)]) -> [String] {
    var list = HeaderList()
    headers(fields).withBlock {
      ForwardedHeaders.request($0, route: route, scheme: "https", into: &list)
    }
    return pairs(list)
  }

  @Test func pseudoFieldsAreTheGatewaysOwn() {
    let result = forward([
      (":method", "GET"), (":scheme", "ftp"), (":path", "/evil"), (":authority", "evil"),
    ])
    #expect(
      result == [
        ":method: POST", ":scheme: https", ":path: /inference.GRPCInferenceService/ModelInfer",
        ":authority: martlet", "te: trailers",
      ])
  }

  @Test(arguments: [
    "x-martlet-tenant", "x-martlet-key", "x-martlet-rights", "x-martlet-models",
    "x-martlet-request-id", "x-martlet", "x-martlet-anything-bin", "X-Martlet-Tenant",
    "X-MARTLET-TENANT", "x_martlet_tenant", "x-martlet_tenant", "x_martlet-tenant", "X_Martlet_Key",
    "x-martlettenant", "authorization", "x-api-key", "x_api_key", "X-Api-Key", "cookie",
    "proxy-authorization", "connection", "keep-alive", "proxy-connection", "transfer-encoding",
    "upgrade", "te", "trailer", "host", "grpc-timeout", "content-length", "http2-settings",
  ])
  func identityCredentialsAndConnectionFieldsAreDropped(name: String) {
    #expect(forward([(name, "evil")]).count == 5)
  }

  @Test func metadataPassesInOrder() {
    let fields = [
      ("content-type", "application/grpc+proto"), ("grpc-encoding", "gzip"),
      ("grpc-accept-encoding", "identity,gzip"), ("user-agent", "grpc-python/1.6"),
      ("x-custom", "1"), ("x-custom", "2"), ("trace-bin", "AAEC"), ("triton_grpc_error", "true"),
      ("x-request-id", "r"), ("martlet-tenant", "harmless"), ("accept", "x"),
    ]
    #expect(Array(forward(fields).dropFirst(5)) == fields.map { "\($0.0): \($0.1)" })
  }

  @Test func responsesKeepMetadataAndLoseConnectionFields() {
    var list = HeaderList()
    let ends = headers([
      (":status", "200"), ("content-type", "application/grpc"), ("connection", "close"),
      ("x-martlet-tenant", "acme"), ("custom", "1"),
    ]).withBlock { ForwardedHeaders.response($0, into: &list) }
    #expect(!ends)
    #expect(pairs(list) == [":status: 200", "content-type: application/grpc", "custom: 1"])
    let only = headers([(":status", "200"), ("grpc-status", "5")])
    #expect(only.withBlock { ForwardedHeaders.response($0, into: &list) })
  }

  @Test func theHeadIsReadInOneWalk() {
    let list = headers([
      (":method", "POST"), (":path", "/a/b"), ("content-type", "application/grpc+proto"),
      ("grpc-timeout", "100m"), ("grpc-encoding", "gzip"),
    ])
    list.withBlock { block in
      let head = RequestHead(block)
      #expect(head.method == .post && head.path.equals("/a/b") && head.isGRPC)
      #expect(head.timeout == 100_000_000 && head.encoding == .gzip && !head.isMalformed)
    }
    for bad in [
      [("grpc-timeout", "")], [("grpc-timeout", "x")], [("grpc-timeout", "-1S")],
      [("grpc-timeout", "1S"), ("grpc-timeout", "2S")],
    ] {
      headers(bad).withBlock { #expect(RequestHead($0).isMalformed) }
    }
    for other in ["application/grpc-web", "application/json", "application/grpcx", ""] {
      headers([("content-type", other)]).withBlock { #expect(!RequestHead($0).isGRPC) }
    }
  }

  @Test func requestIDsDiffer() {
    func digits(_ id: RequestID) -> String {
      id.withBytes { String(decoding: $0, as: UTF8.self) }
    }
    var generator = RequestIDGenerator(seed: 5)
    var seen: Set<String> = []
    for _ in 0..<10_000 { #expect(seen.insert(digits(generator.next())).inserted) }
    #expect(digits(RequestID(number: 0x0123_4567_89ab_cdef)) == "0123456789abcdef")
    #expect(digits(RequestID(number: .max)) == "ffffffffffffffff")
    #expect(digits(RequestID(number: 0)) == "0000000000000000")
  }
}

@Suite struct RecentKeysTests {
  @Test func keysThatTakeTurnsAreNotRecentAndFewAre() {
    var recent = RecentKeys()
    let first = (1...10).map { recent.repeats($0) }
    #expect(first == Array(repeating: false, count: 10))
    let second = (1...10).map { recent.repeats($0) }
    #expect(second == Array(repeating: true, count: 10))
    var crowd = RecentKeys()
    for _ in 0..<2 {
      let areAllNew = (1...1_000).allSatisfy { !crowd.repeats($0) }
      #expect(areAllNew)
    }
  }
}
