import ClassifierStreams
import FoundationEssentials
import SocketProtocol

/// Gathers the steps of a stream and writes them as messages of about 40 ms. A value.
///
/// `{"type":"steps","source":…,"model":…,"steps":[{"t":start,"d":length,"p":peak,"in":picture,"h":[layers],"s":[scores]},…]}`:
/// times in microseconds of stream time; `in` is the frame as it goes into the network, one signed byte a place of the
/// picture, of which 127 stands for `p`, absent where nothing goes in; `h` the units of each spiking layer that spiked, one
/// byte a row, absent where the network was not run; `s` scores in ten thousandths. Pictures are in base 64.
package struct StepWriter: Sendable {
  /// Stream time of a message.
  static let spanMicroseconds: Int64 = 40_000
  private static let mostSteps = 64
  /// Rows of a layer's picture.
  static let layerRows = 32

  private let source: String
  private let model: String
  package let input: ChannelFold
  package let layers: [ChannelFold]
  private var steps: [JSONLine] = []
  private var begun: Int64 = 0
  private var reached: Int64 = 0

  /// - Parameters:
  ///   - shape: of a frame.
  ///   - layers: units of each layer that spikes.
  package init(source: String, model: String, shape: [Int], layers: [Int]) {
    self.source = source
    self.model = model
    input = ChannelFold(shape: shape)
    self.layers = layers.map { ChannelFold(shape: [$0], mostRows: Self.layerRows) }
  }

  /// Takes a step; the message that is complete with it or before it, if one is.
  package mutating func add(_ step: StreamStep) -> [UInt8]? {
    let frame = step.frame
    var message: [UInt8]?
    // What does not follow is told apart.
    if !steps.isEmpty && frame.startMicroseconds != reached { message = take() }
    if steps.isEmpty { begun = frame.startMicroseconds }
    reached = frame.endMicroseconds
    var line = JSONLine()
    line.add("t", frame.startMicroseconds)
    line.add("d", frame.endMicroseconds - frame.startMicroseconds)
    if !frame.isSilent {
      let picture = input.picture(frame.channels, frame.values)
      let peak = picture.reduce(0) { max($0, abs($1)) }
      line.add("p", decimal: Double(peak), places: 4)
      let scale = peak > 0 ? 127 / peak : 0
      line.add("in", Data(picture.map { UInt8(bitPattern: Int8(($0 * scale).rounded())) }).base64EncodedString())
    }
    if let seen = step.seen {
      line.add(
        "h", zip(layers, seen.activity.spikes).map { fold, units in Data(fold.counts(units)).base64EncodedString() })
    }
    if let scores = step.scores { line.add("s", scores.map { Int((min(1, max(0, $0)) * 10_000).rounded()) }) }
    steps.append(line)
    if message == nil, reached - begun >= Self.spanMicroseconds || steps.count >= Self.mostSteps { message = take() }
    return message
  }

  /// The message of what has gathered; nil where nothing has.
  package mutating func take() -> [UInt8]? {
    if steps.isEmpty { return nil }
    var line = JSONLine(type: "steps")
    line.add("source", source)
    line.add("model", model)
    line.add("steps", steps)
    steps.removeAll(keepingCapacity: true)
    return line.closed
  }
}
