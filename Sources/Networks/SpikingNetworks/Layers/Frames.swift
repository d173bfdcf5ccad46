import Numerics

/// The last steps of the input as one, every so many steps; see `FramesDescription`.
///
/// State: where the last input lies in the ring, and how many steps of the present stride have passed; then the ring, the
/// last `count` inputs.
public struct Frames<Scalar: Real>: Layer {
  public let kind = "frames"
  public let inputShape: [Int]
  public let outputShape: [Int]
  public let emitsSpikes: Bool
  public let backwardReadsOutput = false
  public let takesSequences = true
  public let readsActive = false
  public let parameters: [ParameterSpecification] = []
  public let timeStride: Int
  private let count: Int
  private let width: Int
  /// Entries of a frame that stay together, and how many such runs it has: what lies between them in the output are the same
  /// entries of the other frames.
  private let run: Int
  private let runs: Int

  public init(
    _ description: FramesDescription, inputShape: [Int], spikes: Bool, layer: Int
  ) throws(NetworkError) {
    guard description.steps > 0, description.stride > 0 else {
      throw .option(layer: layer, kind: kind, problem: "steps and stride must be positive")
    }
    guard !description.map || inputShape.count == 1 else {
      throw .shape(
        layer: layer, kind: kind,
        problem: "map: true takes an input without neighbours, as [40], the layer before gives \(inputShape)")
    }
    guard !description.channels || (inputShape.count == 3 && !description.map) else {
      throw .shape(
        layer: layer, kind: kind,
        problem: "channels: true takes a map [height, width, channels], the layer before gives \(inputShape)")
    }
    self.inputShape = inputShape
    if description.channels {
      outputShape = [inputShape[0], inputShape[1], description.steps * inputShape[2]]
      (run, runs) = (inputShape[2], inputShape[0] * inputShape[1])
    } else {
      outputShape = [description.steps] + inputShape + (description.map ? [1] : [])
      (run, runs) = (inputShape.reduce(1, *), 1)
    }
    emitsSpikes = spikes
    timeStride = description.stride
    count = description.steps
    width = inputShape.reduce(1, *)
  }

  public func emitsCounts(from input: Bool) -> Bool { input }
  public var stateCount: Int { 2 + count * width }

  /// The last inputs of a stream, `[count, width]`, where the newest lies among them, and the steps since the last output.
  private struct State {
    let newest: CyclicCounter
    let passed: CyclicCounter
    let ring: UnsafeMutablePointer<Scalar>

    init(_ scalars: UnsafeMutablePointer<Scalar>) {
      newest = CyclicCounter(scalars)
      passed = CyclicCounter(scalars + 1)
      ring = scalars + 2
    }
  }

  /// Inputs of the steps before a stride begins that its output still shows.
  private var past: History<Scalar> { History(reach: max(count - timeStride, 0), width: width) }
  public var carriedCount: Int { past.count }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func step(
    parameters: UnsafePointer<Scalar>, state: UnsafeMutablePointer<Scalar>, input: Signal<Scalar>,
    output: inout Signal<Scalar>
  ) {
    let own = State(state)
    let (place, ring) = (own.newest.advance(of: count), own.ring)
    (ring + place * width).update(from: input.values, count: width)
    guard own.passed.advance(of: timeStride) == 0 else {
      output.isDue = false
      return
    }
    // The oldest first: it lies behind the newest in the ring.
    put(ring + (place + 1) * width, frames: 0..<count - 1 - place, into: output.values)
    put(ring, frames: count - 1 - place..<count, into: output.values)
    output.activeCount =
      emitsSpikes && output.isListWanted
      ? Scalar.listActive(output.values, width: outputWidth, into: output.active) : nil
  }

  public func work(of pass: LayerPass<Scalar>) -> LayerWork { LayerWork() }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func forward(_ pass: LayerPass<Scalar>) {
    pass.forEachSample { _, sample, row, steps in
      let before = pass.carried.map { $0.before + sample * carriedCount }
      let output = pass.output.values.base + pass.outputLayout.firstRow(of: sample) * outputWidth
      let outputs = pass.outputLayout.steps(of: sample)
      guard !pass.input.sequences.isEmpty else {
        let rows = pass.input.values.base + row * width
        for index in 0..<outputs {
          let (target, first) = (output + index * outputWidth, first(of: index))
          let earlier = min(max(-first, 0), count)
          for frame in 0..<earlier {
            if let before {
              put(before + (past.reach + first + frame) * width, frames: frame..<frame + 1, into: target)
            } else {
              clear(frame, in: target)
            }
          }
          // Frames lie in the order of their steps.
          put(rows + (first + earlier) * width, frames: earlier..<count, into: target)
        }
        guard let carried = pass.carried, let before else { return }
        past.move(rows, steps: steps, since: before, into: carried.after + sample * carriedCount)
        return
      }
      let sequence = pass.input.sequences[sample]
      for index in 0..<outputs {
        for frame in 0..<count {
          let (target, step) = (output + index * outputWidth, first(of: index) + frame)
          if step >= 0 {
            clear(frame, in: target)
            for entry in sequence.range(ofStep: step) {
              target[place(of: Int(sequence.channels[entry]), frame)] = Scalar(sequence.values[entry])
            }
          } else if let before {
            put(before + (past.reach + step) * width, frames: frame..<frame + 1, into: target)
          } else {
            clear(frame, in: target)
          }
        }
      }
      guard let carried = pass.carried, let before else { return }
      let after = carried.after + sample * carriedCount
      for place in 0..<past.reach {
        let step = steps - past.reach + place
        let target = after + place * width
        if step < 0 { fill(target, from: before, step: step) } else { spread(sequence, step: step, into: target) }
      }
    }
  }

  /// Where an entry of a frame lies in the output.
  private func place(of entry: Int, _ frame: Int) -> Int {
    runs == 1 ? frame * width + entry : (entry / run * count + frame) * run + entry % run
  }

  /// Copies inputs, one after another, to where frames lie.
  private func put(
    _ source: UnsafePointer<Scalar>, frames: Range<Int>, into target: UnsafeMutablePointer<Scalar>
  ) {
    if runs == 1 {
      (target + frames.lowerBound * width).update(from: source, count: frames.count * width)
      return
    }
    for frame in frames {
      let (from, into) = (source + (frame - frames.lowerBound) * width, target + frame * run)
      for index in 0..<runs {
        (into + index * count * run).update(from: from + index * run, count: run)
      }
    }
  }

  private func clear(_ frame: Int, in target: UnsafeMutablePointer<Scalar>) {
    for index in 0..<runs { (target + (index * count + frame) * run).update(repeating: 0, count: run) }
  }

  /// The first step that an output of a sample shows; before the sample's own where it is negative.
  private func first(of output: Int) -> Int { (output + 1) * timeStride - count }

  /// An input from before the first step: of the window before, or zeros.
  private func fill(
    _ target: UnsafeMutablePointer<Scalar>, from before: UnsafePointer<Scalar>?, step: Int
  ) {
    if let before {
      target.update(from: before + (past.reach + step) * width, count: width)
    } else {
      target.update(repeating: 0, count: width)
    }
  }

  private func spread(_ sequence: SpikeSequence, step: Int, into target: UnsafeMutablePointer<Scalar>) {
    target.update(repeating: 0, count: width)
    for place in sequence.range(ofStep: step) {
      target[Int(sequence.channels[place])] = Scalar(sequence.values[place])
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func backward(_ pass: LayerPass<Scalar>) {
    guard let inputGradient = pass.inputGradient else { return }
    pass.forEachSample { _, sample, row, steps in
      let delta = pass.outputGradient.base + pass.outputLayout.firstRow(of: sample) * outputWidth
      let rows = inputGradient.base + row * width
      let carried = pass.carried.map { $0.gradient + sample * carriedCount }
      rows.update(repeating: 0, count: steps * width)
      if let carried { past.moveBack(carried, steps: steps, into: rows) }
      for index in 0..<pass.outputLayout.steps(of: sample) {
        let (source, first) = (delta + index * outputWidth, first(of: index))
        let earlier = min(max(-first, 0), count)
        if let carried { add(source, frames: 0..<earlier, to: carried + (past.reach + first) * width) }
        add(source, frames: earlier..<count, to: rows + (first + earlier) * width)
      }
    }
  }

  /// Adds what lies in frames to inputs, one after another.
  private func add(_ source: UnsafePointer<Scalar>, frames: Range<Int>, to target: UnsafeMutablePointer<Scalar>) {
    for frame in frames {
      let (from, into) = (source + frame * run, target + (frame - frames.lowerBound) * width)
      for index in 0..<runs {
        for entry in 0..<run { into[index * run + entry] += from[index * count * run + entry] }
      }
    }
  }
}
