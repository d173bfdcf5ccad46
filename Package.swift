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
    .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CBzip2", providers: [.apt(["libbz2-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
    .systemLibrary(name: "CALSA", pkgConfig: "alsa", providers: [.apt(["libasound2-dev"])]),
    .systemLibrary(name: "CCairo", pkgConfig: "cairo", providers: [.apt(["libcairo2-dev"])]),

    // Catches what the ALSA library says about failures, by a callback that Swift cannot write.
    .target(name: "CALSAMessages", dependencies: ["CALSA"]),

    // Headers of the C library itself.
    .systemLibrary(name: "CLinux"),

    // The hot loops, optimised in every configuration so that debug and release give the same bits.
    // Vectors are passed only between functions that are inlined into one clone, so their ABI does not matter.
    .target(name: "CKernels", cSettings: [.unsafeFlags(["-O2", "-Wno-psabi"])]),

    // What every error type conforms to.
    .target(name: "Failures"),
    .target(name: "Settings"),
    .target(name: "OutputFiles", dependencies: ["Failures"]),

    .target(name: "Tensors", dependencies: ["Failures", "CKernels", "CBLAS"], swiftSettings: hot),
    .target(name: "Events", dependencies: ["Failures", "CKernels", "Tensors"], swiftSettings: hot),
    .target(
      name: "EventFormats",
      dependencies: [
        "Failures", "OutputFiles", "Events", "CKernels", "CLZ4", "CZstd", "CZlib", "CBzip2", "CSQLite", "CHDF5",
      ],
      swiftSettings: hot),
    .target(name: "Plotting", dependencies: ["Failures", "OutputFiles", "CCairo"]),
    .target(name: "Audio", dependencies: ["Failures", "CLinux", "CSndFile", "CSoxr"], swiftSettings: hot),
    .target(
      name: "Spiketrum", dependencies: ["Failures", "CKernels", "Tensors"],
      // As for the networks: tests count its allocations.
      swiftSettings: hot + [.unsafeFlags(["-O"], .when(configuration: .debug))]),
    .target(
      name: "SpikingNetworks", dependencies: ["Failures", "CKernels", "Settings", "Tensors"],
      // Optimised in every configuration: tests count its allocations, and train with it.
      swiftSettings: hot + [.unsafeFlags(["-O"], .when(configuration: .debug))]),
    .target(
      name: "Learning",
      dependencies: [
        "Failures", "OutputFiles", "Settings", "SpikingNetworks", "Events", "EventFormats", "Audio", "Spiketrum",
        "ModelFiles", "Pipelines", "StreamSources",
        "Yams", "Recognition", "Tensors",
      ],
      swiftSettings: hot),
    .target(name: "Dataflow", dependencies: ["Failures"]),
    .target(name: "Recognition", dependencies: ["Failures"]),
    .target(name: "SocketProtocol", dependencies: ["Failures"], swiftSettings: hot),
    .target(
      name: "StreamSources",
      dependencies: ["CLinux", "Failures", "Audio", "Events", "EventFormats", "Dataflow"], swiftSettings: hot),
    .target(
      name: "ModelFiles",
      dependencies: ["Failures", "OutputFiles", "Events", "Tensors", "Spiketrum", "SpikingNetworks", "Recognition"],
      swiftSettings: hot),
    .target(
      name: "Pipelines",
      dependencies: [
        "ModelFiles", "OutputFiles", "Audio", "Events", "EventFormats", "Tensors", "Spiketrum",
        "SpikingNetworks",
        "Dataflow", "StreamSources", "Recognition",
      ],
      swiftSettings: hot),
    .target(
      name: "SoundCapture", dependencies: ["CALSA", "CALSAMessages", "Failures", "StreamSources", "Dataflow"],
      swiftSettings: hot),
    .target(name: "GanglionClient", dependencies: ["Failures", "SocketProtocol"]),
    .target(
      name: "Daemon",
      dependencies: [
        "CLinux", "Failures", "Settings", "SocketProtocol", "Dataflow", "ModelFiles", "Pipelines", "StreamSources",
        "SoundCapture",
        "Audio",
        "Events", "Recognition", "Yams",
      ],
      swiftSettings: hot),
    .executableTarget(
      name: "ganglion",
      dependencies: [
        "CLinux", "Failures", "OutputFiles", "Daemon", "GanglionClient", "SoundCapture", "StreamSources",
        "SocketProtocol", "Learning",
        "ModelFiles", "Pipelines",
        "Audio", "EventFormats", "Events", "Plotting", "Recognition", "Spiketrum", "SpikingNetworks",
        .product(name: "ArgumentParser", package: "swift-argument-parser"), "CKernels", "Tensors",
      ],
      swiftSettings: hot),

    // Recordings, models and files that several test targets make.
    .target(
      name: "TestSupport",
      dependencies: [
        "ModelFiles", "Pipelines", "SpikingNetworks", "Spiketrum", "Events", "EventFormats", "Recognition", "CZlib",
        "CZstd",
      ],
      path: "Tests/TestSupport"),
    .testTarget(name: "HouseTests"),
    .testTarget(name: "OutputFilesTests", dependencies: ["OutputFiles"]),
    .testTarget(name: "SettingsTests", dependencies: ["Settings"]),
    .testTarget(name: "TensorsTests", dependencies: ["Tensors", "CBLAS"]),
    .testTarget(name: "EventsTests", dependencies: ["Events", "Tensors"]),
    .testTarget(
      name: "EventFormatsTests",
      dependencies: ["EventFormats", "CHDF5", "CSQLite", "TestSupport", "Events", "Tensors"],
      exclude: ["Fixtures", "Foreign"]),
    .testTarget(name: "PlottingTests", dependencies: ["Plotting", "CCairo"]),
    .testTarget(name: "AudioTests", dependencies: ["Audio", "CSndFile", "TestSupport"], exclude: ["Fixtures"]),
    .testTarget(name: "SpiketrumTests", dependencies: ["Spiketrum", "CAllocationCounter", "Tensors"]),
    .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter"),
    .testTarget(
      name: "SpikingNetworksTests", dependencies: ["SpikingNetworks", "CAllocationCounter", "Tensors"],
      exclude: ["Golden"]),
    .testTarget(
      name: "LearningTests",
      dependencies: [
        "Learning", "ModelFiles", "Pipelines", "EventFormats", "Events", "Recognition", "Spiketrum", "SpikingNetworks",
        "Tensors", "TestSupport",
      ]),
    .testTarget(name: "DataflowTests", dependencies: ["Dataflow"]),
    .testTarget(name: "RecognitionTests", dependencies: ["Recognition"]),
    .testTarget(name: "SocketProtocolTests", dependencies: ["SocketProtocol"]),
    .testTarget(name: "StreamSourcesTests", dependencies: ["StreamSources", "TestSupport", "Audio", "Events"]),
    .testTarget(name: "SoundCaptureTests", dependencies: ["SoundCapture", "StreamSources"]),
    .testTarget(
      name: "DaemonTests",
      dependencies: [
        "Audio", "Daemon", "GanglionClient", "SocketProtocol", "TestSupport", "Dataflow", "Events", "ModelFiles",
        "Pipelines", "Recognition", "StreamSources",
      ]),
    .testTarget(name: "ModelFilesTests", dependencies: ["ModelFiles", "TestSupport", "SpikingNetworks", "Tensors"]),
    .testTarget(
      name: "PipelinesTests",
      dependencies: [
        "ModelFiles", "Pipelines", "StreamSources", "TestSupport", "Audio", "EventFormats", "Events", "Recognition",
        "Spiketrum", "SpikingNetworks", "Tensors",
      ]),
    .testTarget(
      name: "CommandLineTests",
      dependencies: [
        "ganglion", "Failures", "Learning", "ModelFiles", "Pipelines", "TestSupport", "EventFormats", "Events",
        "Recognition",
      ]),
  ],
  swiftLanguageModes: [.v6]
)

// Fuzzing instruments every module, so it is a build of its own: see Services/fuzz.
if Context.environment["GANGLION_FUZZ"] != nil {
  // Comparisons are not traced, and counters stand in the readers alone: an input takes half as long so. The corpus holds
  // the words that comparisons would have to find.
  let counters = ["-sanitize=fuzzer,address", "-sanitize-coverage=edge,inline-8bit-counters,pc-table"]
  for target in package.targets {
    if target.name == "Events" { target.swiftSettings = [.unsafeFlags(["-sanitize=address"])] }
    if target.name == "EventFormats" { target.swiftSettings = [.unsafeFlags(counters)] }
  }
  for target in package.targets where target.name == "CKernels" {
    // The other kernels are never called: counting in them would cost time at every input.
    target.cSettings = [
      .unsafeFlags([
        "-O1", "-fsanitize=fuzzer-no-link,address", "-fno-sanitize-coverage=trace-cmp",
        "-fsanitize-coverage-allowlist=\(Context.packageDirectory)/Tests/Fuzz/Events/covered-kernels.txt",
      ])
    ]
  }
  package.targets.append(
    .executableTarget(
      name: "FuzzEvents", dependencies: ["Events", "EventFormats", "CHDF5"], path: "Tests/Fuzz/Events",
      exclude: ["Corpus", "README.md", "covered-kernels.txt"],
      swiftSettings: [.unsafeFlags(["-sanitize=fuzzer,address"])],
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]))
}
