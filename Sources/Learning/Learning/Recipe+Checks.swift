import Settings
import SpikingNetworks

// What of a recipe has to fit together.
extension Recipe {
  /// The layout can divide the data as it is asked to.
  func checkData(_ values: OptionMap<CodingKeys>) throws {
    do throws(DataError) {
      try data.check()
    } catch {
      guard case .choice(let option, let reason) = error else { throw error }
      // Whom to leave out may be said on the command line, which then completes the recipe.
      if option == "validateOn", data.leaveOut == nil { return }
      throw values.refusal(at: ["data", OptionPlace(stringValue: option)], reason)
    }
  }

  /// Layers fit each other, the first the encoder, and a teacher that learns along the student.
  func checkNetwork(_ values: OptionMap<CodingKeys>) throws {
    let inputs = network.input.reduce(1, *)
    let made = encoder.shape.reduce(1, *)
    guard inputs == made else {
      let channels = made / encoder.levels
      let form =
        switch encoder {
        case .sound: "[\(made)], or [\(channels), \(encoder.levels)] or [\(channels), 1, \(encoder.levels)]"
        case .events: "\(encoder.shape)"
        }
      throw values.refusal(
        at: ["network", "input"],
        "\(network.input) is \(inputs) inputs, the encoder makes \(made); write \(form)")
    }
    let outputs = try Self.check(network, values, at: ["network"])
    guard let joint = training.distillation?.joint else { return }
    let place: [OptionPlace] = ["training", "distillation", "joint"]
    let taught = try Self.check(joint, values, at: place)
    let given = joint.input.reduce(1, *)
    if given != inputs { throw values.refusal(at: place, "takes \(given) inputs, the encoder makes \(made)") }
    if taught != outputs {
      throw values.refusal(at: place, "has \(taught) outputs, the student \(outputs)")
    }
  }

  /// Windows of time go with the layers.
  func checkWindows(_ values: OptionMap<CodingKeys>) throws {
    do throws(TrainingError) {
      try training.checkWindows(network)
    } catch {
      throw values.refusal(at: ["training", "window"], error.description)
    }
  }

  /// Number of outputs of a network whose layers fit.
  private static func check(
    _ network: NetworkDescription, _ values: OptionMap<CodingKeys>, at place: [OptionPlace]
  ) throws -> Int {
    do throws(NetworkError) {
      return try network.check().reduce(1, *)
    } catch {
      switch error {
      case .shape(let layer, let kind, let problem), .option(let layer, let kind, let problem):
        throw values.refusal(
          at: place + ["layers", OptionPlace(intValue: layer), OptionPlace(stringValue: kind)], problem)
      default: throw values.refusal(at: place, error.description)
      }
    }
  }

  /// Augmentation leaves something of what the encoder makes.
  func checkAugmentation(_ values: OptionMap<CodingKeys>) throws {
    switch encoder {
    case .sound(let options):
      let channels = options.axes[0]
      for (key, value) in [("channelShift", spikes.channelShift), ("channelMask", spikes.channelMask)]
      where value >= channels {
        throw values.refusal(
          at: ["spikes", OptionPlace(stringValue: key)],
          "\(value) of the encoder's \(channels) channels leaves none; it takes at most \(channels - 1)")
      }
    case .events(let options):
      let extent = min(options.configuration.width, options.configuration.height)
      if spikes.pixelShift >= extent {
        throw values.refusal(
          at: ["spikes", "pixelShift"],
          "\(spikes.pixelShift) pixels of \(extent) leave no picture; it takes at most \(extent - 1)")
      }
    }
  }

  /// Labels that stand for nothing are among those that are asked for.
  func checkLabels(_ values: OptionMap<CodingKeys>) throws {
    guard let labels = data.labels else { return }
    for label in decision.configuration.backgroundLabels where !labels.contains(label) {
      throw values.refusal(
        at: ["decision", "backgroundLabels"], unknownName(label, what: "label", known: labels))
    }
  }

  /// What of a recipe has no effect, a line each.
  public var idle: [String] {
    var lines: [String] = []
    func note(_ options: [(String, Bool)], _ reason: String) {
      for (option, isGiven) in options where isGiven { lines.append("\(option) does nothing: \(reason)") }
    }
    switch encoder {
    case .sound:
      note(
        [
          ("spikes.pixelShift", spikes.pixelShift > 0), ("spikes.flip", spikes.flip),
          ("spikes.polarityFlip", spikes.polarityFlip), ("spikes.crop", spikes.crop > 0),
        ], "it is for events, the encoder hears sound")
    case .events(let options):
      note(
        [("spikes.channelShift", spikes.channelShift > 0), ("spikes.channelMask", spikes.channelMask > 0)],
        "it is for sound, the encoder sees events")
      note([("sound", sound != SoundAugmentation())], "it is for sound, the encoder sees events")
      note(
        [
          (
            "encoder.events.maximumCount",
            options.configuration.mode == .binary && options.configuration.maximumCount != nil
          )
        ],
        "mode is binary")
    }
    if sound.variants == 0, case .sound = encoder {
      note([("sound", sound != SoundAugmentation())], "sound.variants is 0")
    }
    if sound.noiseChance == 0 {
      note(
        [("sound.colouredChance", sound.colouredChance > 0), ("sound.babbleChance", sound.babbleChance > 0)],
        "sound.noiseChance is 0")
    }
    note(
      [("training.loss.regularisation", training.loss.regularisation > 0 && training.loss.kind != .temporalEfficient)],
      "it belongs to kind: temporalEfficient")
    if training.optimiser.momentum != nil {
      let standard = OptimiserDescription()
      note(
        [
          ("training.optimiser.beta1", training.optimiser.beta1 != standard.beta1),
          ("training.optimiser.beta2", training.optimiser.beta2 != standard.beta2),
          ("training.optimiser.epsilon", training.optimiser.epsilon != standard.epsilon),
        ], "momentum makes it gradient descent, which has none")
    }
    return lines
  }

  /// Why recordings of noise are not mixed in; nil where they are.
  var reasonAgainstNoiseFolder: String? {
    if encoder.sense == .events { return "events have none" }
    if sound.noiseChance == 0 { return "sound.noiseChance is 0" }
    guard sound.recordedChance < 1e-9 else { return nil }
    return "colouredChance and babbleChance leave nothing of the noise to be recorded"
  }

  /// Whether the network's input names the encoder's axes in their order, ones apart; it is another reading of as many
  /// numbers otherwise.
  public var readsAxesInOrder: Bool {
    let natural = [encoder.shape, encoder.axes].map { $0.filter { $0 > 1 } }
    return natural.contains(network.input.filter { $0 > 1 })
  }
}
