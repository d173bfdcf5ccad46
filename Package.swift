// swift-tools-version: 6.2
import PackageDescription

// Generic numeric code is called across targets in hot loops; without this each call is unspecialised.
let hot: [SwiftSetting] = [.unsafeFlags(["-cross-module-optimization"], .when(configuration: .release))]

let package = Package(
  name: "ganglion",
  products: [
    // Who listens to a running daemon.
    .library(name: "GanglionClient", targets: ["GanglionClient", "SocketProtocol"]),
    // Every format of event recordings, read and written.
    .library(name: "EventFormats", targets: ["EventFormats", "Events"]),
    // Sound as spikes, and spikes as sound.
    .library(name: "Spiketrum", targets: ["Spiketrum", "SoundEncoders"]),
    // What runs a model on a recording or a stream.
    .library(name: "ClassifierStreams", targets: ["ClassifierStreams", "ModelFiles", "Recognition", "StreamSources"]),
    // The same for other languages: Sources/Python/ganglion.h.
    .library(name: "GanglionC", type: .static, targets: ["CInterface"]),
    .executable(name: "ganglion", targets: ["ganglion"]),
    .executable(name: "ganglion-lab", targets: ["ganglion-lab"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // Debian libraries: module maps only.
    .systemLibrary(
      name: "CBLAS", path: "Sources/System/CBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(
      name: "CSndFile", path: "Sources/System/CSndFile", pkgConfig: "sndfile", providers: [.apt(["libsndfile1-dev"])]),
    .systemLibrary(name: "CSoxr", path: "Sources/System/CSoxr", pkgConfig: "soxr", providers: [.apt(["libsoxr-dev"])]),
    .systemLibrary(name: "CLZ4", path: "Sources/System/CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
    .systemLibrary(
      name: "CZstd", path: "Sources/System/CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CZlib", path: "Sources/System/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CBzip2", path: "Sources/System/CBzip2", providers: [.apt(["libbz2-dev"])]),
    .systemLibrary(
      name: "CSQLite", path: "Sources/System/CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CHDF5", path: "Sources/System/CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
    .systemLibrary(
      name: "CSodium", path: "Sources/System/CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
    .systemLibrary(
      name: "CALSA", path: "Sources/System/CALSA", pkgConfig: "alsa", providers: [.apt(["libasound2-dev"])]),
    .systemLibrary(
      name: "CMosquitto", path: "Sources/System/CMosquitto", pkgConfig: "libmosquitto",
      providers: [.apt(["libmosquitto-dev"])]),
    .systemLibrary(
      name: "CCairo", path: "Sources/System/CCairo", pkgConfig: "cairo", providers: [.apt(["libcairo2-dev"])]),

    // Catches what the ALSA library says about failures, by a callback that Swift cannot write.
    .target(name: "CALSAMessages", dependencies: ["CALSA"], path: "Sources/System/CALSAMessages"),

    // Headers of the C library itself.
    .systemLibrary(name: "CLinux", path: "Sources/System/CLinux"),

    // The hot loops, optimised in every configuration so that debug and release give the same bits.
    // Vectors are passed only between functions that are inlined into one clone, so their ABI does not matter.
    .target(name: "CKernels", path: "Sources/System/CKernels", cSettings: [.unsafeFlags(["-O2", "-Wno-psabi"])]),

    // What every error type conforms to.
    .target(name: "Failures", path: "Sources/Ground/Failures"),
    .target(name: "Digests", dependencies: ["CSodium"], path: "Sources/Ground/Digests"),
    .target(name: "Settings", path: "Sources/Ground/Settings"),
    .target(name: "OutputFiles", dependencies: ["Failures"], path: "Sources/Ground/OutputFiles"),

    .target(
      name: "Numerics", dependencies: ["CBLAS", "CKernels", "Failures"], path: "Sources/Ground/Numerics",
      swiftSettings: hot),
    .target(name: "Signatures", path: "Sources/Signals/Signatures"),
    .target(
      name: "Events", dependencies: ["CKernels", "Digests", "Failures", "Numerics"], path: "Sources/Signals/Events",
      swiftSettings: hot),
    // Cameras that are simulated, and what they look at.
    .target(
      name: "EventSimulation", dependencies: ["CKernels", "Events", "Failures", "Numerics"],
      path: "Sources/Signals/EventSimulation", swiftSettings: hot),
    .target(
      name: "Scenes", dependencies: ["CKernels", "EventSimulation", "Events", "Numerics"],
      path: "Sources/Signals/Scenes", swiftSettings: hot),
    .target(
      name: "Video", dependencies: ["CCairo", "Events", "Failures", "OutputFiles"], path: "Sources/Signals/Video",
      swiftSettings: hot),
    .target(
      name: "EventFormats",
      dependencies: [
        "CBzip2", "CHDF5", "CKernels", "CLZ4", "CSQLite", "CZlib", "CZstd", "Events", "Failures", "OutputFiles",
        "Signatures",
      ], path: "Sources/Signals/EventFormats",
      swiftSettings: hot),
    .target(name: "Plotting", dependencies: ["CCairo", "Failures", "OutputFiles"], path: "Sources/Programs/Plotting"),
    .target(
      name: "Audio", dependencies: ["CLinux", "CSndFile", "CSoxr", "Failures", "Signatures"],
      path: "Sources/Signals/Audio",
      swiftSettings: hot),
    .target(
      name: "SoundEncoders", dependencies: ["Failures", "Numerics"], path: "Sources/Encoding/SoundEncoders",
      swiftSettings: hot),
    .target(
      name: "BandEncoders", dependencies: ["Numerics", "Settings", "SoundEncoders", "Spiketrum"],
      path: "Sources/Encoding/BandEncoders",
      swiftSettings: hot + [.unsafeFlags(["-O"], .when(configuration: .debug))]),
    .target(
      name: "EncoderList", dependencies: ["BandEncoders", "Events", "SoundEncoders", "Spiketrum"],
      path: "Sources/Encoding/EncoderList"),
    .target(
      name: "Spiketrum", dependencies: ["CKernels", "Numerics", "Settings", "SoundEncoders"],
      path: "Sources/Encoding/Spiketrum",
      // As for the networks: tests count its allocations.
      swiftSettings: hot + [.unsafeFlags(["-O"], .when(configuration: .debug))]),
    .target(
      name: "SpikingNetworks", dependencies: ["CKernels", "Failures", "Numerics", "Settings"],
      path: "Sources/Networks/SpikingNetworks",
      // Optimised in every configuration: tests count its allocations, and train with it.
      swiftSettings: hot + [.unsafeFlags(["-O"], .when(configuration: .debug))]),
    .target(
      name: "Learning",
      dependencies: [
        "Audio", "ClassifierStreams", "Digests", "EncoderList", "EventFormats", "Events", "Failures", "ModelFiles",
        "Numerics", "OutputFiles", "Recognition", "Settings", "Signatures", "SoundEncoders", "Spiketrum",
        "SpikingNetworks", "StreamSources", "Yams",
      ], path: "Sources/Learning/Learning",
      swiftSettings: hot),
    .target(
      name: "Voices", dependencies: ["Failures", "Learning", "Numerics", "OutputFiles"], path: "Sources/Learning/Voices"
    ),
    .target(
      name: "StreamLearning",
      dependencies: [
        "Audio", "BandEncoders", "ClassifierStreams", "Digests", "EncoderList", "EventSimulation", "Events", "Learning",
        "ModelFiles", "Numerics", "OutputFiles", "Recognition", "Scenes", "Settings", "SoundEncoders",
        "SpikingNetworks",
      ], path: "Sources/Learning/StreamLearning",
      // Tests train small networks with it.
      swiftSettings: hot + [.unsafeFlags(["-O"], .when(configuration: .debug))]),
    .target(name: "Dataflow", dependencies: ["CLinux", "Failures"], path: "Sources/Streams/Dataflow"),
    .target(name: "Recognition", dependencies: ["Failures"], path: "Sources/Networks/Recognition"),
    .target(
      name: "SocketProtocol", dependencies: ["Failures"], path: "Sources/Service/SocketProtocol", swiftSettings: hot),
    .target(
      name: "StreamSources",
      dependencies: ["Audio", "CLinux", "Dataflow", "EventFormats", "Events", "Failures"],
      path: "Sources/Streams/StreamSources", swiftSettings: hot),
    .target(
      name: "ModelFiles",
      dependencies: [
        "Digests", "EncoderList", "Failures", "Numerics", "OutputFiles", "Recognition", "SoundEncoders", "Spiketrum",
        "SpikingNetworks",
      ],
      path: "Sources/Networks/ModelFiles",
      swiftSettings: hot),
    .target(
      name: "ClassifierStreams",
      dependencies: [
        "Audio", "Dataflow", "EncoderList", "Events", "ModelFiles", "Numerics", "Recognition", "SoundEncoders",
        "Spiketrum", "SpikingNetworks", "StreamSources",
      ], path: "Sources/Streams/ClassifierStreams",
      swiftSettings: hot),
    .target(
      name: "SoundCapture", dependencies: ["CALSA", "CALSAMessages", "Dataflow", "Failures", "StreamSources"],
      path: "Sources/Streams/SoundCapture",
      swiftSettings: hot),
    .target(
      name: "GanglionClient", dependencies: ["Failures", "SocketProtocol"], path: "Sources/Service/GanglionClient"),
    .target(
      name: "MQTTPublishing", dependencies: ["CLinux", "CMosquitto", "Dataflow", "Failures", "SocketProtocol"],
      path: "Sources/Service/MQTTPublishing"),
    .target(
      name: "WyomingService",
      dependencies: [
        "CLinux", "ClassifierStreams", "Dataflow", "Failures", "ModelFiles", "SocketProtocol", "StreamSources",
      ],
      path: "Sources/Service/WyomingService",
      swiftSettings: hot),
    // Results as everybody gets them: a line of JSON each.
    .target(
      name: "ResultLines", dependencies: ["ClassifierStreams", "ModelFiles", "Recognition", "SocketProtocol"],
      path: "Sources/Service/ResultLines"),
    .target(
      name: "PageService",
      dependencies: [
        "Audio", "CLinux", "ClassifierStreams", "Dataflow", "Digests", "Events", "Failures", "ModelFiles",
        "Recognition", "SocketProtocol",
        "SpikingNetworks", "StreamSources",
      ],
      path: "Sources/Service/PageService",
      // In the program itself: there is no folder beside it that it would have to find.
      resources: [.embedInCode("page.html")], swiftSettings: hot),
    .target(
      name: "Daemon",
      dependencies: [
        "Audio", "CLinux", "ClassifierStreams", "Dataflow", "Events", "Failures", "MQTTPublishing", "ModelFiles",
        "Numerics", "OutputFiles", "PageService", "Recognition", "Settings", "SocketProtocol", "SoundCapture",
        "SpikingNetworks", "StreamSources", "WyomingService", "Yams",
      ], path: "Sources/Service/Daemon",
      swiftSettings: hot),
    .target(
      name: "CInterface",
      dependencies: [
        "ClassifierStreams", "EncoderList", "EventFormats", "Events", "Failures", "ModelFiles", "Numerics",
        "ResultLines", "SoundEncoders", "StreamSources",
      ], path: "Sources/Programs/CInterface",
      swiftSettings: hot),
    .target(
      name: "CommandSupport",
      dependencies: [
        "EventFormats", "Events", "Failures", "Numerics", "OutputFiles", "StreamSources",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Sources/Programs/CommandSupport"),
    .target(
      name: "Experiments",
      dependencies: [
        "BandEncoders", "EncoderList", "Events", "Failures", "Learning", "ModelFiles", "Numerics", "SoundEncoders",
        "Spiketrum", "SpikingNetworks",
      ],
      path: "Sources/Laboratory/Experiments",
      swiftSettings: hot),
    .executableTarget(
      name: "ganglion-lab",
      dependencies: [
        "Audio", "CKernels", "CommandSupport", "Daemon", "EventFormats", "Events", "Experiments", "Failures",
        "GanglionClient", "Learning", "Numerics", "OutputFiles", "Plotting", "SocketProtocol", "Spiketrum",
        "SpikingNetworks", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Sources/Laboratory/ganglion-lab",
      swiftSettings: hot),
    .executableTarget(
      name: "ganglion",
      dependencies: [
        "Audio", "CLinux", "ClassifierStreams", "CommandSupport", "Daemon", "EventFormats", "EventSimulation", "Events",
        "Failures", "GanglionClient", "Learning", "ModelFiles", "Numerics", "OutputFiles", "Plotting", "Recognition",
        "ResultLines", "Scenes", "SocketProtocol", "SoundCapture", "SoundEncoders", "Spiketrum", "SpikingNetworks",
        "StreamLearning",
        "StreamSources", "Video", "Voices", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Sources/Programs/ganglion",
      swiftSettings: hot),

    // Recordings, models and files that several test targets make.
    .target(
      name: "TestSupport",
      dependencies: [
        "CZlib", "CZstd", "EncoderList", "EventFormats", "Events", "ModelFiles", "Numerics", "Recognition", "Spiketrum",
        "SpikingNetworks",
      ],
      path: "Tests/TestSupport"),
    .testTarget(
      name: "BandEncodersTests",
      dependencies: ["BandEncoders", "Numerics", "SoundEncoders", "Spiketrum", "TestSupport"]),
    .testTarget(name: "HouseTests"),
    .testTarget(name: "OutputFilesTests", dependencies: ["OutputFiles"]),
    .testTarget(name: "DigestsTests", dependencies: ["Digests"]),
    .testTarget(name: "SettingsTests", dependencies: ["Settings"]),
    .testTarget(name: "NumericsTests", dependencies: ["CBLAS", "Numerics"]),
    .testTarget(name: "EventsTests", dependencies: ["Events", "Numerics"]),
    .testTarget(
      name: "EventFormatsTests",
      dependencies: ["CHDF5", "CSQLite", "EventFormats", "Events", "Numerics", "TestSupport"],
      exclude: ["Fixtures", "Foreign"]),
    .testTarget(name: "PlottingTests", dependencies: ["CCairo", "Plotting"]),
    .testTarget(name: "AudioTests", dependencies: ["Audio", "CSndFile", "TestSupport"], exclude: ["Fixtures"]),
    .testTarget(
      name: "SpiketrumTests",
      dependencies: ["CAllocationCounter", "Numerics", "SoundEncoders", "Spiketrum", "TestSupport"]),
    .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter"),
    .testTarget(
      name: "SpikingNetworksTests", dependencies: ["CAllocationCounter", "Numerics", "SpikingNetworks"],
      exclude: ["Golden"]),
    .testTarget(
      name: "LearningTests",
      dependencies: [
        "ClassifierStreams", "EventFormats", "Events", "Experiments", "Learning", "ModelFiles", "Numerics",
        "Recognition", "Spiketrum", "SpikingNetworks", "StreamSources", "TestSupport",
      ]),
    .testTarget(name: "VoicesTests", dependencies: ["Audio", "Voices"]),
    .testTarget(
      name: "StreamLearningTests",
      dependencies: [
        "BandEncoders", "Events", "Learning", "Numerics", "Scenes", "SpikingNetworks", "StreamLearning", "TestSupport",
      ]),
    .testTarget(
      name: "ExperimentsTests",
      dependencies: [
        "BandEncoders", "Experiments", "Learning", "Numerics", "SoundEncoders", "Spiketrum", "SpikingNetworks",
        "TestSupport",
      ]),
    .testTarget(name: "LaboratoryTests", dependencies: ["TestSupport"]),
    .testTarget(
      name: "EventSimulationTests", dependencies: ["EventSimulation", "Events"], exclude: ["Foreign"]),
    .testTarget(name: "ScenesTests", dependencies: ["EventSimulation", "Events", "Numerics", "Scenes"]),
    .testTarget(name: "VideoTests", dependencies: ["Events", "TestSupport", "Video"]),
    .testTarget(name: "DataflowTests", dependencies: ["Dataflow"]),
    .testTarget(name: "RecognitionTests", dependencies: ["Recognition"]),
    .testTarget(name: "SocketProtocolTests", dependencies: ["SocketProtocol", "TestSupport"]),
    .testTarget(
      name: "StreamSourcesTests", dependencies: ["Audio", "EventFormats", "Events", "StreamSources", "TestSupport"]),
    .testTarget(name: "SoundCaptureTests", dependencies: ["SoundCapture", "StreamSources", "TestSupport"]),
    .testTarget(name: "MQTTPublishingTests", dependencies: ["MQTTPublishing", "SocketProtocol"]),
    .testTarget(
      name: "WyomingServiceTests",
      dependencies: ["ClassifierStreams", "ModelFiles", "SocketProtocol", "StreamSources", "WyomingService"]),
    .testTarget(
      name: "PageServiceTests",
      dependencies: [
        "Audio", "ClassifierStreams", "Digests", "Events", "ModelFiles", "Numerics", "PageService", "Recognition",
        "SocketProtocol", "SpikingNetworks", "StreamSources", "TestSupport",
      ]),
    .testTarget(
      name: "DaemonTests",
      dependencies: [
        "Audio", "ClassifierStreams", "Daemon", "Dataflow", "Events", "GanglionClient", "MQTTPublishing", "ModelFiles",
        "Recognition", "SocketProtocol", "StreamSources", "TestSupport", "WyomingService",
      ]),
    .testTarget(
      name: "ModelFilesTests",
      dependencies: ["ModelFiles", "Numerics", "Recognition", "SpikingNetworks", "TestSupport"]),
    .testTarget(
      name: "ClassifierStreamsTests",
      dependencies: [
        "Audio", "ClassifierStreams", "EventFormats", "Events", "ModelFiles", "Numerics", "Recognition", "Spiketrum",
        "SpikingNetworks", "StreamSources", "TestSupport",
      ]),
    .testTarget(
      name: "CommandLineTests",
      dependencies: [
        "ClassifierStreams", "CommandSupport", "EventFormats", "Events", "Failures", "Learning", "ModelFiles",
        "Recognition", "ResultLines", "TestSupport", "ganglion",
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
    if ["EventFormats", "PageService", "WyomingService"].contains(target.name) {
      target.swiftSettings = [.unsafeFlags(counters)]
    }
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
  package.targets.append(
    .executableTarget(
      name: "FuzzService", dependencies: ["PageService", "WyomingService"], path: "Tests/Fuzz/Service",
      exclude: ["Corpus"], swiftSettings: [.unsafeFlags(["-sanitize=fuzzer,address"])],
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]))
}
