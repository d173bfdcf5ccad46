// swift-tools-version: 6.2
import PackageDescription

// Generic numeric code is called across targets in hot loops; without this each call is unspecialised.
let hot: [SwiftSetting] = [.unsafeFlags(["-cross-module-optimization"], .when(configuration: .release))]

let package = Package(
  name: "ganglion",
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // Debian libraries: module maps only.
    .systemLibrary(name: "CBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CSndFile", pkgConfig: "sndfile", providers: [.apt(["libsndfile1-dev"])]),
    .systemLibrary(name: "CSoxr", pkgConfig: "soxr", providers: [.apt(["libsoxr-dev"])]),

    // The hot loops, optimised in every configuration so that debug and release give the same bits.
    .target(name: "CKernels", cSettings: [.unsafeFlags(["-O2"])]),

    .target(name: "Tensors", dependencies: ["CKernels", "CBLAS"], swiftSettings: hot),
    .target(name: "Events", dependencies: ["CKernels", "Tensors"], swiftSettings: hot),
    .target(name: "EventFormats", dependencies: ["Events", "CKernels"], swiftSettings: hot),
    .target(name: "Audio", dependencies: ["CSndFile", "CSoxr"], swiftSettings: hot),
    .target(name: "Spiketrum", dependencies: ["CKernels", "Tensors"], swiftSettings: hot),
    .target(
      name: "SpikingNetworks", dependencies: ["CKernels", "Tensors"],
      // Optimised in every configuration: tests count its allocations, and train with it.
      swiftSettings: hot + [.unsafeFlags(["-O"], .when(configuration: .debug))]),
    .target(
      name: "Learning",
      dependencies: ["SpikingNetworks", "Events", "EventFormats", "Audio", "Spiketrum", "Pipelines", "Yams"],
      swiftSettings: hot),
    .target(name: "Dataflow"),
    .target(name: "Recognition"),
    .target(
      name: "Pipelines",
      dependencies: [
        "Audio", "Events", "EventFormats", "Spiketrum", "SpikingNetworks", "Dataflow", "Recognition",
      ],
      swiftSettings: hot),
    .executableTarget(
      name: "ganglion",
      dependencies: [
        "Learning", "Pipelines", "Audio", "EventFormats", "Events", "Recognition", "Spiketrum", "SpikingNetworks",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: hot),

    .testTarget(name: "TensorsTests", dependencies: ["Tensors"]),
    .testTarget(name: "EventsTests", dependencies: ["Events", "Tensors"]),
    .testTarget(name: "EventFormatsTests", dependencies: ["EventFormats"], exclude: ["Fixtures"]),
    .testTarget(name: "AudioTests", dependencies: ["Audio", "CSndFile"]),
    .testTarget(name: "SpiketrumTests", dependencies: ["Spiketrum"]),
    .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter"),
    .testTarget(
      name: "SpikingNetworksTests", dependencies: ["SpikingNetworks", "CAllocationCounter"], exclude: ["Golden"]),
    .testTarget(name: "LearningTests", dependencies: ["Learning"]),
    .testTarget(name: "DataflowTests", dependencies: ["Dataflow"]),
    .testTarget(name: "RecognitionTests", dependencies: ["Recognition"]),
    .testTarget(name: "PipelinesTests", dependencies: ["Pipelines"]),
    .testTarget(name: "CommandLineTests", dependencies: ["Tensors"]),
  ],
  swiftLanguageModes: [.v6]
)
