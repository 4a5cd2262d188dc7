import Testing

@testable import Gateway

struct RESTEndpointTests {
  private func endpoint(_ path: String) -> RESTEndpoint? {
    Array(path.utf8).withUnsafeBytes { RESTEndpoint(path: $0) }
  }

  @Test func everyAddressOfTheProtocolIsKnown() {
    let known: [(String, RESTEndpoint)] = [
      ("/v2", RESTEndpoint(.serverMetadata)),
      ("/v2?x=/v3", RESTEndpoint(.serverMetadata)),
      ("/v2/health/live", RESTEndpoint(.serverLive)),
      ("/v2/health/ready", RESTEndpoint(.serverReady)),
      ("/v2/models/m", RESTEndpoint(.modelMetadata, model: "m")),
      ("/v2/models/m/versions/3", RESTEndpoint(.modelMetadata, model: "m", version: "3")),
      ("/v2/models/m/ready", RESTEndpoint(.modelReady, model: "m")),
      ("/v2/models/m/config", RESTEndpoint(.modelConfig, model: "m")),
      ("/v2/models/m/versions/3/stats", RESTEndpoint(.modelStatistics, model: "m", version: "3")),
      ("/v2/models/stats", RESTEndpoint(.modelStatistics)),
      ("/v2/models/m/infer", RESTEndpoint(.infer, model: "m")),
      ("/v2/models/m/versions/3/infer?a=b", RESTEndpoint(.infer, model: "m", version: "3")),
      ("/v2/repository/index", RESTEndpoint(.repositoryIndex)),
      ("/v2/repository/models/m/load", RESTEndpoint(.repositoryLoad, model: "m")),
      ("/v2/repository/models/m/unload", RESTEndpoint(.repositoryUnload, model: "m")),
    ]
    for (path, expected) in known { #expect(endpoint(path) == expected, "\(path)") }
    #expect(Set(known.map(\.1.operation)).count == RESTEndpoint.Operation.allCases.count)
  }

  @Test(arguments: [
    "", "/", "v2", "/v2/", "/v2//models/m", "/v2/models", "/v2/models//infer", "/v2/models/m/",
    "/v2/models/m/versions", "/v2/models/m/versions/", "/v2/models/m/infer/x",
    "/v2/models/m%2f/infer",
    "/v2/models/m\u{0}/infer", "/v2/models/m /infer", "/v2/models/ä/infer", "/v2/health",
    "/v2/health/live/x", "/v2/repository", "/v2/repository/models/m", "/v2/repository/index/x",
    "/V2", "/v3/models/m",
  ])
  func nothingElseIs(path: String) {
    #expect(endpoint(path) == nil)
  }

  /// A translated call is authorised by the row of its method.
  @Test func everyMethodHasARoute() {
    let table = RouteTable(Route.all)
    for operation in RESTEndpoint.Operation.allCases {
      let method = RESTEndpoint(operation).method
      let path = UnsafeRawBufferPointer(start: method.utf8Start, count: method.utf8CodeUnitCount)
      #expect(table.find(path) != nil, "\(method)")
    }
  }
}
