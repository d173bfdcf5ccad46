import Settings
import SpikingNetworks

/// Training with a teacher: another network's answers, and what passes inside it, beside the labels (KDSNN, Xu et al. 2023;
/// LaSNN, Hong et al. 2023; reverse distillation, Xu et al. 2023; attention transfer, Zagoruyko and Komodakis 2017).
public struct DistillationOptions: Codable, Sendable, Equatable {
  /// Two layers, by their numbers, whose mean activity is compared.
  public struct Pair: Codable, Sendable, Equatable {
    public var student: Int
    public var teacher: Int

    enum CodingKeys: String, CodingKey, CaseIterable { case student, teacher }

    public init(student: Int, teacher: Int) {
      self.student = student
      self.teacher = teacher
    }

    public init(from decoder: any Decoder) throws {
      let values = try OptionMap(decoder, CodingKeys.self)
      student = try values.required(.student, .from(0, to: 10_000))
      teacher = try values.required(.teacher, .from(0, to: 10_000))
    }
  }

  /// Path of the teacher's model, relative to the recipe.
  public var model: String?
  /// A network that is trained beside the student, on the labels alone, and teaches it from the first batch on.
  public var joint: NetworkDescription?
  /// A teacher without a network: it gives the right class this probability and the rest to the others alike (Yuan et al.
  /// 2020).
  public var virtual: Double?
  /// α: share of the teacher's answers in the loss, `0 ... 1`.
  public var weight: Double
  /// τ: both sides' logits are divided by it before they are compared.
  public var temperature: Double
  /// Layers whose mean activity over time should be the teacher's, seen through a learned matrix.
  public var features: [Pair]
  public var featureWeight: Double
  /// Layers whose places should be as active as the teacher's, one beside the other: places of a map, or else steps.
  public var attention: [Pair]
  public var attentionWeight: Double
  /// Recordings of each class whose label is known to the student; the teacher's answers are all it has of the others. All
  /// when absent.
  public var labelled: Int?

  enum CodingKeys: String, CodingKey, CaseIterable {
    case model, joint, virtual, weight, temperature, features, featureWeight, attention, attentionWeight, labelled
  }

  public init(weight: Double = 0.5, temperature: Double = 2) {
    self.weight = weight
    self.temperature = temperature
    features = []
    featureWeight = 1
    attention = []
    attentionWeight = 10
  }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    let layerWeight = Bounds.from(0.0, to: 1_000_000)
    self.init()
    model = try values.text(.model)
    joint = try values.value(.joint, or: nil)
    virtual = try values.number(.virtual, .over(0, under: 1))
    weight = try values.number(.weight, .from(0, to: 1), or: weight)
    temperature = try values.number(.temperature, .over(0, to: 1_000), or: temperature)
    features = try values.value(.features, or: [])
    featureWeight = try values.number(.featureWeight, layerWeight, or: featureWeight)
    attention = try values.value(.attention, or: [])
    attentionWeight = try values.number(.attentionWeight, layerWeight, or: attentionWeight)
    labelled = try values.number(.labelled, .from(1, to: 1_000_000_000))
    guard [model != nil, joint != nil, virtual != nil].count(where: { $0 }) == 1 else {
      throw values.refusal("a teacher is one of model, joint and virtual")
    }
    guard virtual == nil || features.isEmpty && attention.isEmpty else {
      throw values.refusal("a virtual teacher has no layers to compare")
    }
  }
}

extension DistillationOptions {
  /// Whether layers of the student are compared with those of the teacher.
  var looksInside: Bool { !features.isEmpty || !attention.isEmpty }
}
