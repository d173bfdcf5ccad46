import EncoderList
import Events
import Foundation
import ModelFiles
import Recognition
import Spiketrum
import SpikingNetworks

/// Small networks with drawn parameters: they know nothing, but every part of them is real.
public enum TestModels {
  public static let decision = DecisionConfiguration(
    windowMicroseconds: 400_000, gapMicroseconds: 200_000, defaultThreshold: 0.4, patienceSteps: 2)

  /// Listens at 8 kHz, three labels; answers every `stride` steps.
  public static func sound(
    seed: UInt64 = 1, decision: DecisionConfiguration = decision, stride: Int = 1
  ) throws -> Model {
    let encoder = SpiketrumConfiguration(sampleRate: 8_000, channelCount: 12)
    return try model(
      "sounds", labels: ["low", "mid", "high"], encoder: .sound(encoder), decision, seed, stride: stride)
  }

  /// Listens as `sound` does and has two tasks: `first` among low and mid, `second` among all three, with other gates.
  public static func twoTasks(seed: UInt64 = 1) throws -> Model {
    let encoder = EncoderConfiguration.sound(SpiketrumConfiguration(sampleRate: 8_000, channelCount: 12))
    let network = NetworkDescription(
      input: encoder.shape,
      layers: [
        .dense(DenseDescription(units: 24, bias: true)), .context(ContextDescription(units: 3, deviation: 0.3)),
        .neurons(NeuronDescription(decay: 0.9, threshold: 0.3)), .dense(DenseDescription(units: 3)),
      ])
    var manifest = ModelManifest(
      name: "sounds", labels: ["low", "mid", "high"], network: network, encoder: encoder, decision: decision,
      training: TrainingRecord(seeds: [seed], data: "none"))
    manifest.tasks = [
      ModelTask(name: "first", labels: ["low", "mid"], context: [4, 4]),
      ModelTask(name: "second", labels: ["low", "mid", "high"], context: [4, 0, 4]),
    ]
    return try Model(manifest: manifest, network: Network(network, seed: seed))
  }

  /// Watches a sensor of 16 x 16, two labels.
  public static func events(seed: UInt64 = 1, decision: DecisionConfiguration = decision) throws -> Model {
    let encoder = EventBinningConfiguration(
      sensor: SensorGeometry(width: 16, height: 16), binMicroseconds: 10_000, downsampling: 2)
    return try model("pixels", labels: ["left", "right"], encoder: .events(encoder), decision, seed)
  }

  private static func model(
    _ name: String, labels: [String], encoder: EncoderConfiguration, _ decision: DecisionConfiguration, _ seed: UInt64,
    stride: Int = 1
  ) throws -> Model {
    let flat = encoder.shape
    let network = NetworkDescription(
      input: flat,
      layers: (stride == 1 ? [] : [.frames(FramesDescription(steps: stride + 1, stride: stride))]) + [
        .dense(DenseDescription(units: 24, bias: true)),
        .neurons(NeuronDescription(decay: 0.9, threshold: 0.3, recurrent: true)),
        .dense(DenseDescription(units: labels.count)),
        .neurons(NeuronDescription(decay: 0.8, reset: .none, output: .membrane)),
      ])
    let manifest = ModelManifest(
      name: name, labels: labels, network: network, encoder: encoder, decision: decision,
      training: TrainingRecord(seeds: [seed], data: "none"))
    return try Model(manifest: manifest, network: Network(network, seed: seed))
  }

  /// Three tones of different height and length with silence between them, at 8 kHz.
  public static let tones: [Float] = {
    var samples: [Float] = []
    for (frequency, length, pause) in [(300.0, 2_400, 3_200), (900.0, 5_600, 2_000), (2_200.0, 1_200, 800)] {
      samples += (0..<length).map { index in
        let envelope = sin(.pi * Double(index) / Double(length))
        return Float(0.5 * envelope * sin(2 * .pi * frequency * Double(index) / 8_000))
      }
      samples += [Float](repeating: 0, count: pause)
    }
    return samples
  }()

  /// Five-byte events: a bar that runs over the sensor twice with a pause between, one event every 100 us.
  public static func bar(width: Int = 16, passes: Int = 2) -> [UInt8] {
    var bytes: [UInt8] = []
    for pass in 0..<passes {
      for index in 0..<3_000 {
        let time = pass * 800_000 + index * 100
        let column = index * width / 3_000
        let polarity = index % 2 == 0 ? 0x80 : 0
        bytes += [
          UInt8(column), UInt8(index * 7 % width), UInt8(polarity | time >> 16), UInt8(time >> 8 & 0xFF),
          UInt8(time & 0xFF),
        ]
      }
    }
    return bytes
  }
}
