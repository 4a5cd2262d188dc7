// swift-tools-version: 6.1
import PackageDescription

/// Settings every Swift target shares: an `import` without an access level is internal,
/// so that a dependency leaking into a module's interface is visible where it happens.
let common: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// What a request passes through. Debug builds, which all tests run, check that no two accesses to
/// a value overlap; release builds leave out that check of 80 instructions (decision 46).
let unchecked: [SwiftSetting] = [
  .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))
]

/// A Debian C library: a module map and static-inline shims, nothing else.
func library(_ name: String, pkgConfig: String? = nil, package: String) -> Target {
  .systemLibrary(
    name: name, path: "Sources/\(name)", pkgConfig: pkgConfig, providers: [.apt([package])])
}

func module(
  _ name: String, _ dependencies: [Target.Dependency] = [], settings: [SwiftSetting] = []
) -> Target {
  .target(
    name: name, dependencies: dependencies, path: "Sources/\(name)",
    swiftSettings: common + settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: dependencies + ["TestSupport"], path: "Tests/\(name)Tests",
    swiftSettings: common)
}

let package = Package(
  name: "martlet",
  products: [.executable(name: "martlet", targets: ["martlet"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    library("CNGHTTP2", pkgConfig: "libnghttp2", package: "libnghttp2-dev"),
    library("COpenSSL", pkgConfig: "openssl", package: "libssl-dev"),
    library("CProtobufC", pkgConfig: "libprotobuf-c", package: "libprotobuf-c-dev"),
    library("CZlib", pkgConfig: "zlib", package: "zlib1g-dev"),
    library("CHTTPParser", package: "libhttp-parser-dev"),
    library("CPCRE2", pkgConfig: "libpcre2-8", package: "libpcre2-dev"),
    library("CUTF8Proc", package: "libutf8proc-dev"),
    .target(name: "CLinux", path: "Sources/CLinux"),
    .target(name: "COpenSSLLifetime", path: "Sources/COpenSSLLifetime"),
    .target(
      name: "CKernels", path: "Sources/CKernels",
      cSettings: [.unsafeFlags(["-O3"], .when(configuration: .debug))]),
    .target(name: "CMPI", path: "Sources/CMPI"),
    .target(name: "CProtocols", dependencies: ["CProtobufC"], path: "Sources/CProtocols"),

    .target(
      name: "CSimdjson", path: "Sources/CSimdjson",
      cxxSettings: [.unsafeFlags(["-O2"], .when(configuration: .debug))],
      linkerSettings: [.linkedLibrary("simdjson")]),
    module("JSON", ["CSimdjson"]),
    .target(
      name: "CRE2", path: "Sources/CRE2",
      cxxSettings: [.unsafeFlags(["-O2"], .when(configuration: .debug))],
      linkerSettings: [.linkedLibrary("re2")]),

    module("Protocols", ["CProtocols", "CProtobufC", "JSON"]),
    module("Telemetry", settings: unchecked),
    module("Crypto", ["COpenSSL", "COpenSSLLifetime"]),
    module(
      "RPCWire", ["CNGHTTP2", "COpenSSL", "COpenSSLLifetime", "CZlib", "CHTTPParser"],
      settings: unchecked),
    module("EventLoop", ["CLinux"], settings: unchecked),
    module(
      "RPC", ["RPCWire", "EventLoop", "Protocols", "Telemetry", "CHTTPParser"],
      settings: unchecked),
    module("Compute", ["CKernels", "CRE2"]),
    module("ModelFormats", ["Compute", "Protocols", "CZlib", "JSON"]),
    module("Tokenizers", ["JSON", "CPCRE2", "CUTF8Proc"]),
    module("Generation", ["Compute", "ModelFormats", "Tokenizers", "JSON"]),
    module("Training", ["Compute", "ModelFormats", "Protocols", "JSON", "CMPI"]),
    module("TrainingCluster", ["Training", "RPC", "Protocols", "Crypto", "JSON", "CLinux"]),
    module(
      "AuthService",
      ["RPC", "Protocols", "Crypto", "Telemetry", .product(name: "GRDB", package: "GRDB.swift")]),
    module(
      "ModelService",
      [
        "RPC", "Protocols", "Compute", "ModelFormats", "Generation", "Training",
        "TrainingCluster", "Tokenizers", "JSON", "Crypto", "Telemetry", "CLinux",
      ]),
    module("Gateway", ["RPC", "Protocols", "Crypto", "Telemetry"], settings: unchecked),
    module("Interop", ["RPC", "Protocols"]),
    .executableTarget(
      name: "martlet",
      dependencies: [
        "AuthService", "ModelService", "Gateway", "RPC", "Protocols", "Crypto", "Compute",
        "ModelFormats", "Generation", "Training", "TrainingCluster", "EventLoop", "Telemetry",
        "Interop", "JSON",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Yams", package: "Yams"),
      ], path: "Sources/martlet", swiftSettings: common,
      // Nobody loads code into the program: without a table of its 26,000 symbols it starts a
      // millisecond sooner and holds 1.5 MB less. Packed, what 127,000 addresses are moved by is read
      // from 26 kB instead of 3 MB; the toolchain's own linker can do that, the usual one cannot.
      linkerSettings: [
        .unsafeFlags([
          "-use-ld=lld", "-Xlinker", "--no-export-dynamic",
          "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs",
        ])
      ]),

    .target(
      name: "Simulation",
      dependencies: [
        "TestSupport", "EventLoop", "RPC", "RPCWire", "Protocols", "Gateway", "Telemetry",
      ], path: "Tests/Simulation", swiftSettings: common),
    .executableTarget(
      name: "simulate", dependencies: ["Simulation"], path: "Tests/Simulate",
      swiftSettings: common),
    .executableTarget(
      name: "onnx-conformance", dependencies: ["Compute", "ModelFormats", "TestSupport"],
      path: "Tests/Conformance/onnx", exclude: ["expected.txt"], swiftSettings: common),
    .target(name: "TestSupport", path: "Tests/Support", swiftSettings: common),
    .target(
      name: "ClassicalTraining", dependencies: ["Training", "Compute", "ModelFormats"],
      path: "Tests/ClassicalTraining", swiftSettings: common),
    .executableTarget(
      name: "train-classical",
      dependencies: [
        "ClassicalTraining", "Training", "Compute", "ModelFormats", "JSON", "TestSupport",
      ],
      path: "bench/training/classical", swiftSettings: common),
    .target(name: "AllocationProbe", path: "Tests/AllocationProbe"),
    tests("Protocols", ["Protocols", "CProtocols", "CProtobufC", "JSON"]),
    tests("JSON", ["JSON"]),
    tests("Tokenizers", ["Tokenizers", "JSON", "ModelFormats"]),
    tests("Telemetry", ["Telemetry"]),
    tests("Crypto", ["Crypto"]),
    tests("RPCWire", ["RPCWire", "CNGHTTP2"]),
    tests("EventLoop", ["EventLoop"]),
    tests("RPC", ["RPC", "RPCWire", "EventLoop", "Protocols", "Crypto", "Telemetry"]),
    tests("Compute", ["Compute", "CKernels", "AllocationProbe"]),
    tests("ModelFormats", ["ModelFormats", "Compute", "Protocols", "JSON"]),
    tests("Generation", ["Generation", "Compute", "ModelFormats", "Tokenizers", "JSON"]),
    tests(
      "Training",
      [
        "Training", "Compute", "ModelFormats", "Protocols", "JSON", "ClassicalTraining", "CMPI",
        "AllocationProbe",
      ]),
    tests(
      "TrainingCluster",
      ["TrainingCluster", "Training", "RPC", "Protocols", "Crypto", "JSON", "Compute"]),
    tests("AuthService", ["AuthService", "Protocols", "Crypto", "RPC"]),
    tests(
      "ModelService",
      [
        "ModelService", "ModelFormats", "Generation", "Training", "Protocols", "Compute", "RPC",
        "Crypto", "JSON",
      ]),
    tests("Interop", ["Interop", "RPC", "Protocols"]),
    tests("Simulation", ["Simulation"]),
    tests("Gateway", ["Gateway", "RPC", "Protocols", "Crypto", "Telemetry"]),
  ],
  cxxLanguageStandard: .cxx17
)
