import CKernels
import Numerics

/// The attention block of a layer: its parameters, sizes and the kernel's settings; see `AttentionDescription`.
struct Attention<Scalar: Real>: Sendable {
  let description: AttentionDescription
  let channels: Int
  let places: Int
  let settings: ganglion_attention

  /// Bias with which the maps' units begin: half a unit above the threshold of 1, so that they are on.
  static var firstBias: Double { 1.5 }

  init(
    _ description: AttentionDescription, height: Int, width: Int, channels: Int,
    surrogate: NeuronDescription.Surrogate, surrogateWidth: Double
  ) {
    self.description = description
    self.channels = channels
    places = height * width
    settings = ganglion_attention(
      height: Int32(height), width: Int32(width), channels: Int32(channels),
      hidden: Int32(max(1, channels / description.reduction)), kernel: Int32(description.kernel),
      has_channel: description.kind == .channel || description.kind == .both ? 1 : 0,
      has_spatial: description.kind == .spatial || description.kind == .both ? 1 : 0,
      soft: description.output == .soft ? 1 : 0, surrogate: surrogate.kernelValue, smooth: 0,
      surrogate_width: surrogateWidth, threshold: 1, decay: description.output == .lif ? description.decay : 0)
  }

  var hasChannel: Bool { settings.has_channel != 0 }
  var hasSpatial: Bool { settings.has_spatial != 0 }
  /// Membranes kept between two steps.
  var keptCount: Int { channels + places }
  var scratchCount: Int { max(3 * channels, 2 * places) }
  var tapeCount: Int {
    var settings = settings
    return Scalar.attentionTape(&settings)
  }

  var parameters: [ParameterSpecification] {
    let inner = Int(settings.hidden)
    let kernel = description.kernel
    func bound(_ fanIn: Int) -> ParameterSpecification.Beginning {
      .uniform(bound: (3 / Double(fanIn)).squareRoot() / 2)
    }
    var list: [ParameterSpecification] = []
    if hasChannel {
      list += [
        .init(name: "attention.inner", shape: [channels, inner], role: .weight, beginning: bound(channels)),
        .init(name: "attention.innerBias", shape: [inner], role: .gain, beginning: .constant(0)),
        .init(name: "attention.outer", shape: [inner, channels], role: .weight, beginning: bound(4 * inner)),
        .init(
          name: "attention.outerBias", shape: [channels], role: .gain, beginning: .constant(Self.firstBias)),
      ]
    }
    if hasSpatial {
      list += [
        .init(
          name: "attention.spatial", shape: [kernel, kernel, 2], role: .weight, beginning: bound(2 * kernel * kernel)),
        .init(name: "attention.spatialBias", shape: [1], role: .gain, beginning: .constant(Self.firstBias)),
      ]
    }
    return list
  }

  /// The kernel's settings for a pass.
  func settings(smooth: Bool) -> ganglion_attention {
    var settings = settings
    settings.smooth = smooth ? 1 : 0
    return settings
  }
}

extension NeuronDescription.Surrogate {
  /// The surrogate's number in the kernels.
  var kernelValue: Int32 {
    switch self {
    case .triangle: Int32(GANGLION_SURROGATE_TRIANGLE)
    case .sigmoid: Int32(GANGLION_SURROGATE_SIGMOID)
    case .arctan: Int32(GANGLION_SURROGATE_ARCTAN)
    case .fastSigmoid: Int32(GANGLION_SURROGATE_FAST_SIGMOID)
    }
  }
}
