/// A stream of single-channel samples: a file, a pipe or a microphone.
///
/// Reading blocks until samples are there. A source belongs to one task at a time.
public protocol SampleSource: AnyObject {
  /// What to call it in messages: a path, `standard input`, a device.
  var name: String { get }
  /// Samples a second, in Hz.
  var sampleRate: Int { get }
  /// The next samples, at most `count`; empty at the end of the stream. After a failure every sample before the fault
  /// has been delivered.
  func read(count: Int) throws(AudioError) -> [Float]
}
