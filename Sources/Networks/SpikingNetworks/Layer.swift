import Numerics

/// One layer of a network: what it does in one step, over a batch of whole sequences, and backwards.
///
/// A layer is a value without state. Parameters lie in memory that the caller owns, in the order of `parameters`; so
/// does the state, `stateCount` scalars that are zero at the start of a stream. A layer never keeps either.
///
/// Pointers are borrowed for the call. The caller guarantees the extents named here and that outputs overlap no input.
public protocol Layer<Scalar>: Sendable {
  associatedtype Scalar: Real

  /// The layer's name in a recipe, for messages.
  var kind: String { get }
  /// What the layer is to those that look at a network as a whole.
  var role: LayerRole { get }
  var inputShape: [Int] { get }
  var outputShape: [Int] { get }
  /// Steps of the input for one step of the output.
  var timeStride: Int { get }
  var parameters: [ParameterSpecification] { get }
  /// Scalars of state between two steps.
  var stateCount: Int { get }
  /// Scalars a sample carries from one window of a sequence to the next in `forward` and `backward`.
  var carriedCount: Int { get }
  /// Scalars of working memory a step needs in `Signal.workspace`; it keeps nothing there.
  var workspaceCount: Int { get }
  /// Numbers at the beginning of the state that tell a stream its context.
  var contextCount: Int { get }
  /// Multiply-accumulates for one step of the output if every input were active.
  var multiplyAccumulates: Int { get }
  /// Those of them whose input is never sparse.
  var denseAccumulates: Int { get }
  /// Whether most outputs are zero, so that the next layer should look at the active ones only.
  var emitsSpikes: Bool { get }
  /// Whether outputs are numbers of spikes, given whether inputs are: a number of n costs a synapse n additions.
  func emitsCounts(from input: Bool) -> Bool
  /// Whether `backward` looks at the layer's output again; the next layer must not write over it then.
  var backwardReadsOutput: Bool { get }
  /// Whether `backward` may write the input gradient where the output gradient lies.
  var worksInPlace: Bool { get }
  /// Whether `step` makes use of the list of active inputs.
  var readsActive: Bool { get }
  /// Whether `forward` and `backward` take the network's input as sparse sequences; it is made dense otherwise.
  var takesSequences: Bool { get }

  /// Writes what samples carry into the first window of their sequences, `[samples, carriedCount]`, where that is not zero.
  func begin(_ carried: UnsafeMutablePointer<Scalar>, samples: Int)

  /// One step of one stream. `output.values` comes undefined; the layer writes every entry and, if it emits spikes,
  /// the list of active ones. A step that has no output (see `timeStride`) says so in `output.isDue`, which comes as true.
  func step(
    parameters: UnsafePointer<Scalar>, state: UnsafeMutablePointer<Scalar>, input: Signal<Scalar>,
    output: inout Signal<Scalar>)

  /// All steps of all samples of a batch; writes `pass.output` and whatever `backward` needs into `pass.tape`.
  func forward(_ pass: LayerPass<Scalar>)

  /// From `pass.outputGradient` to `pass.inputGradient` (where wanted) and the lanes' parameter gradients (added to).
  func backward(_ pass: LayerPass<Scalar>)

  /// A layer inside this one, and its pass; nil for layers with none inside.
  func inner(_ index: Int, of pass: LayerPass<Scalar>) -> (layer: any Layer<Scalar>, pass: LayerPass<Scalar>)?

  /// Named figures of the last `forward` that tell how training goes, such as the share of attention that is on.
  func measurements(of pass: LayerPass<Scalar>) -> [String: Double]

  /// What the steps of the last `forward`, which took sequences whole, have calculated.
  func work(of pass: LayerPass<Scalar>) -> LayerWork

  /// Membrane potentials of the last `forward`, before any reset, or what stands for them, `[rows, outputWidth]`; nil for
  /// layers that have none.
  func membrane(of pass: LayerPass<Scalar>) -> Buffer<Scalar>?
}

extension Layer {
  public var role: LayerRole { .other }
  public var contextCount: Int { 0 }
  public func inner(_ index: Int, of pass: LayerPass<Scalar>) -> (layer: any Layer<Scalar>, pass: LayerPass<Scalar>)? {
    nil
  }
  public var timeStride: Int { 1 }
  public var takesSequences: Bool { false }
  public var readsActive: Bool { true }
  public func emitsCounts(from input: Bool) -> Bool { false }
  public var backwardReadsOutput: Bool { true }
  public var worksInPlace: Bool { false }
  public var workspaceCount: Int { 0 }
  public var carriedCount: Int { 0 }
  public func begin(_ carried: UnsafeMutablePointer<Scalar>, samples: Int) {}
  public var multiplyAccumulates: Int { 0 }
  public var denseAccumulates: Int { 0 }
  public func measurements(of pass: LayerPass<Scalar>) -> [String: Double] { [:] }
  public func membrane(of pass: LayerPass<Scalar>) -> Buffer<Scalar>? { nil }
  public var inputWidth: Int { inputShape.reduce(1, *) }
  public var outputWidth: Int { outputShape.reduce(1, *) }
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.count } }
}

/// What a layer is to those that look at a network as a whole: growth, slicing, conversion, regularisation.
public enum LayerRole: Sendable, Equatable {
  /// Synapses between all inputs and all units.
  case dense
  /// Synapses that are the same at every place.
  case convolution
  /// Units with a membrane, which spike or integrate.
  case neurons
  /// Units with gates and a cell.
  case cell
  case normalisation
  /// Currents by what a stream is told of its context.
  case context
  case rectifier
  /// Logits of labels from those of their parts.
  case union
  /// Hands values on, and learns nothing.
  case passage
  case other
}

/// Name, shape and beginning of a block of parameters.
public struct ParameterSpecification: Sendable, Equatable {
  public enum Role: Sendable, Equatable {
    /// Learned, and pulled towards zero by weight decay.
    case weight
    /// Learned, without weight decay.
    case gain
    /// Measured while training, not learned.
    case statistic
  }

  public enum Beginning: Sendable, Equatable {
    case constant(Double)
    case normal(deviation: Double)
    case uniform(bound: Double)
    case around(Double, bound: Double)
  }

  public let name: String
  public let shape: [Int]
  public let role: Role
  public let beginning: Beginning

  public init(name: String, shape: [Int], role: Role, beginning: Beginning) {
    self.name = name
    self.shape = shape
    self.role = role
    self.beginning = beginning
  }

  public var count: Int { shape.reduce(1, *) }
}

/// What passes between two layers in one step of one stream.
public struct Signal<Scalar: Real> {
  /// Every value, zeros included.
  public var values: UnsafeMutablePointer<Scalar>
  /// Indices of the non-zero values, ascending; room for all of them.
  public var active: UnsafeMutablePointer<UInt32>
  /// Whether the layer that takes this signal makes use of the list.
  public var isListWanted = true
  /// Whether this step has the signal at all: behind a layer with a stride not all have.
  public var isDue = true
  /// Number of active values, or nil where they are not listed.
  public var activeCount: Int?
  /// Working memory of a step, `workspaceCount` scalars of any layer; undefined before and after.
  public var workspace: UnsafeMutablePointer<Scalar>

  public init(
    values: UnsafeMutablePointer<Scalar>, active: UnsafeMutablePointer<UInt32>, activeCount: Int?,
    workspace: UnsafeMutablePointer<Scalar>
  ) {
    self.values = values
    self.active = active
    self.activeCount = activeCount
    self.workspace = workspace
  }
}
