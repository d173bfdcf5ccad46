import Numerics

/// Where the steps of each sample of a batch lie: sample after sample, step after step, one row a step.
public struct BatchLayout: Sendable, Equatable {
  /// First row of each sample, and the number of rows as last entry.
  public let offsets: [Int]

  public init(steps: [Int]) {
    var offsets = [0]
    for count in steps { offsets.append(offsets[offsets.count - 1] + count) }
    self.offsets = offsets
  }

  public var samples: Int { offsets.count - 1 }
  public var rows: Int { offsets[offsets.count - 1] }
  /// Steps of the longest sample.
  public var longest: Int { (0..<samples).reduce(0) { max($0, steps(of: $1)) } }
  public func firstRow(of sample: Int) -> Int { offsets[sample] }
  public func steps(of sample: Int) -> Int { offsets[sample + 1] - offsets[sample] }

  /// What is left where every so many steps give one.
  public func divided(by stride: Int) -> BatchLayout {
    stride == 1 ? self : BatchLayout(steps: (0..<samples).map { steps(of: $0) / stride })
  }
}

/// Values between two layers for a whole batch, `[rows, width]`.
public final class Activations<Scalar: Real> {
  public let width: Int
  /// Whether most of the values are zero.
  public let areSpikes: Bool
  /// Whether they are numbers of spikes.
  public let areCounts: Bool
  /// The dense form; not filled where `sequences` is.
  public let values = Buffer<Scalar>()
  /// The sparse form of the network's own input, one for each sample.
  public var sequences: [SpikeSequence] = []

  public init(width: Int, areSpikes: Bool, areCounts: Bool = false) {
    self.width = width
    self.areSpikes = areSpikes
    self.areCounts = areCounts
  }
}

/// Everything a layer needs to take one batch forward and back, kept between batches so that memory is reused.
public final class LayerPass<Scalar: Real> {
  public let lanes: Lanes
  public let input: Activations<Scalar>
  public let output: Activations<Scalar>
  /// dL/doutput, `[rows, outputWidth]`.
  public let outputGradient: Buffer<Scalar>
  /// dL/dinput, `[rows, inputWidth]`, to be overwritten; nil for the first layer.
  public let inputGradient: Buffer<Scalar>?
  /// See `tape(_:)`.
  private var memory: AnyObject?
  /// Rows of the input.
  public var layout = BatchLayout(steps: [])
  /// Rows of the output; those of the input unless the layer has a stride.
  public var outputLayout = BatchLayout(steps: [])
  /// The layer's parameters; statistics among them are written while training.
  public var parameters: UnsafeMutablePointer<Scalar>
  /// One gradient for each lane, laid out as the parameters.
  public var laneGradients: [UnsafeMutablePointer<Scalar>]
  /// Whether batch statistics and dropout apply.
  public var isTraining = true
  /// Whether `forward` may leave something of its own in place of the input, which nobody else needs any more.
  public var ownsInput = false
  /// The spike is replaced by the surrogate's integral, so that gradients can be checked by differences.
  public var isSmooth = false
  /// Contexts of the batch's samples, `[samples, contextCount]`.
  public let contexts: Buffer<Scalar>
  public let contextCount: Int
  /// Seed of this batch for this layer.
  public var seed: UInt64 = 0
  /// What is carried between the windows of a batch whose sequences are taken a window at a time; nil where they are
  /// taken whole and begin at zero.
  public var carried: Carried<Scalar>?

  public init(
    lanes: Lanes, input: Activations<Scalar>, output: Activations<Scalar>, outputGradient: Buffer<Scalar>,
    inputGradient: Buffer<Scalar>?, parameters: UnsafeMutablePointer<Scalar>,
    laneGradients: [UnsafeMutablePointer<Scalar>], contexts: Buffer<Scalar> = Buffer(), contextCount: Int = 0
  ) {
    self.contexts = contexts
    self.contextCount = contextCount
    self.lanes = lanes
    self.input = input
    self.output = output
    self.outputGradient = outputGradient
    self.inputGradient = inputGradient
    self.parameters = parameters
    self.laneGradients = laneGradients
  }

  /// The layer's own memory between forward and backward, of its own type, made on its first use. It belongs to one thread:
  /// lanes are given what lies in it.
  func tape<Memory: AnyObject>(_ make: () -> Memory) -> Memory {
    if let memory {
      guard let own = memory as? Memory else { preconditionFailure("a pass belongs to one layer") }
      return own
    }
    let made = make()
    memory = made
    return made
  }

  /// Calls `body` for every sample with its lane, its first row and its number of steps; samples that have ended before
  /// this window are left out.
  public func forEachSample(_ body: (_ lane: Int, _ sample: Int, _ row: Int, _ steps: Int) -> Void) {
    lanes.forEachSample(of: layout.samples) { lane, sample in
      let steps = layout.steps(of: sample)
      if steps > 0 { body(lane, sample, layout.firstRow(of: sample), steps) }
    }
  }
}

/// State of a layer at the borders of a window, `[samples, carriedCount]` each, and the gradient of it.
public struct Carried<Scalar: Real> {
  /// State before the window's first step; where the sequences begin what `Layer.begin` wrote, or zeros.
  public var before: UnsafePointer<Scalar>
  /// State behind the window's last step: written by `forward`.
  public var after: UnsafeMutablePointer<Scalar>
  /// State behind the last step of the whole sequences: for `backward`.
  public var end: UnsafePointer<Scalar>
  /// `backward` finds dL/d`after` here and leaves dL/d`before`.
  public var gradient: UnsafeMutablePointer<Scalar>

  /// The same for a block that begins `count` scalars further on.
  func advanced(by count: Int) -> Carried {
    Carried(before: before + count, after: after + count, end: end + count, gradient: gradient + count)
  }
}
