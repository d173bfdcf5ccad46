/// A stream of single-channel samples: a file, a pipe or a microphone.
///
/// Reading blocks until samples are there. A source belongs to one task at a time.
public protocol SampleSource: AnyObject {
  /// What to call it in messages: a path, `standard input`, a device.
  var name: String { get }
  /// Samples a second of the running stretch, in Hz.
  var sampleRate: Int { get }
  /// What the user should know about the sound so far, one line each.
  var notices: [String] { get }
  /// The next samples, at most `count`; empty at the end of the stretch. After a failure every sample before the fault
  /// has been delivered.
  func read(count: Int) throws(AudioError) -> [Float]
  /// Goes on to the next recording where several follow one another; false where there is none.
  func nextStretch() throws(AudioError) -> Bool
}

extension SampleSource {
  public var notices: [String] { [] }
  public func nextStretch() throws(AudioError) -> Bool { false }
}
