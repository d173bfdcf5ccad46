/// Where a recording begins: cameras send single events, and files get single wrong times, long before what was
/// recorded; steps and windows that began there would lie elsewhere.
///
/// The recording begins at the first event that `enough` others follow within `within` microseconds, if it is one of the
/// first few and stands more than `within` apart from those before it: they are strays. Where no such event is found, or
/// the events before it are not apart, it begins at the first event, as sparse recordings do. What is decided depends on
/// the times of the first events alone, so it is the same live and from a file.
public enum RecordingStart {
  /// Microseconds in which others must follow, and by which strays stand apart.
  public static let within: Int64 = 10_000
  /// Events that must follow.
  public static let enough = 8
  /// Strays there can be.
  public static let maximumStrays = 3
  /// Events after which it is always decided.
  static let needed = maximumStrays + enough + 1

  /// How many of the first events are strays; nil while more must come to tell.
  ///
  /// - Parameters:
  ///   - times: of the first events, in stream order.
  ///   - isComplete: whether there are no others.
  public static func strays(in times: some RandomAccessCollection<Int64>, isComplete: Bool) -> Int? {
    let times = Array(times.prefix(needed))
    func areApart(_ first: Int, _ second: Int) -> Bool {
      let (gap, overflow) = times[second].subtractingReportingOverflow(times[first])
      return overflow || gap.magnitude > UInt64(within)
    }
    for first in 0...maximumStrays {
      var followers = 0
      while followers < enough {
        let next = first + followers + 1
        guard next < times.count else {
          if isComplete { break }
          return nil
        }
        if areApart(first, next) { break }
        followers += 1
      }
      if followers == enough { return first == 0 || !areApart(first - 1, first) ? 0 : first }
    }
    return 0
  }
}
